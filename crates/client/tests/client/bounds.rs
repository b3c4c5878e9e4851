//! Times without an end.

use std::time::Duration;

use tuyau::mem::Hub;
use tuyau_client::{Session, Settings};

use crate::support::{ROUTER, Router, Running, address, router_key, service, service_key, stack};

#[tokio::test(start_paused = true)]
async fn the_longest_lifetime_expires_at_the_end_of_time() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let _running = Running::start(service(&hub).lifetime(Duration::MAX));
    let mut wire = router.welcome().await;
    assert_eq!(wire.register().await.expires, u64::MAX);
}

#[tokio::test(start_paused = true)]
async fn the_longest_deadlines_are_cut_to_what_a_clock_can_count() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let settings = Settings::new(service_key())
        .handshake_deadline(Duration::MAX)
        .request_deadline(Duration::MAX);
    let stack = stack(&service_key(), &hub);
    let (at, identity) = (address(ROUTER), router_key().identity());
    let connect = Session::connect(stack.context(), &at, identity, &settings);
    let (session, mut wire) = tokio::join!(connect, router.welcome());
    let session = session.unwrap();
    let registering = session.register(vec![address("tcp://10.0.0.1:1")], Duration::MAX);
    let (receipt, record) = tokio::join!(registering, wire.register());
    assert_eq!(receipt.unwrap().expires, record.expires);
}
