//! How a router lets its peers go.

use std::time::Duration;

use tokio::time::Instant;
use tuyau::mem;
use tuyau_core::Address;
use tuyau_router::Drain;
use tuyau_wire::{Message, RejectCode};

use crate::support::{key, stack_in, start};

#[tokio::test(start_paused = true)]
async fn goes_on_serving_while_it_drains() {
    let time = Duration::from_secs(10);
    let route: Address = "tls://192.0.2.7:6000".parse().unwrap();
    let (hub, listen) = (mem::Hub::new(), "tls+mem://router".parse());
    let router = start(|settings| {
        settings.hub = hub.clone();
        settings.listen = vec![listen.unwrap()];
        settings.drain = Drain {
            time,
            routes: vec![route.clone()],
        };
    })
    .await;
    let mut peer = router.greet(1, &stack_in(1, &hub)).await;
    let begin = Instant::now();
    let (_, ended) = tokio::join!(router.router.stop(), async move {
        let bytes = peer.hear().await.unwrap();
        let (milliseconds, routes) = (10_000, vec![route]);
        let drain = Message::Drain {
            milliseconds,
            routes,
        };
        assert_eq!(Message::decode(&bytes).unwrap(), drain);
        assert_eq!(peer.send(key(100).identity(), b"x").await, None);
        peer.ended().await
    });
    assert_eq!(ended.unwrap().0, RejectCode::ShuttingDown);
    assert!(begin.elapsed() >= time);
}

#[tokio::test(start_paused = true)]
async fn ends_before_its_time_when_nobody_is_left() {
    let time = Duration::from_secs(10);
    let hub = mem::Hub::new();
    let router = start(|settings| {
        settings.hub = hub.clone();
        settings.listen = vec!["tls+mem://router".parse().unwrap()];
        settings.drain.time = time;
    })
    .await;
    let mut peer = router.greet(1, &stack_in(1, &hub)).await;
    let begin = Instant::now();
    tokio::join!(router.router.stop(), async move {
        let bytes = peer.hear().await.unwrap();
        assert!(matches!(Message::decode(&bytes), Ok(Message::Drain { .. })));
        drop(peer);
    });
    assert!(begin.elapsed() < time);
}
