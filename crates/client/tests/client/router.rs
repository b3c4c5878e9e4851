//! Sessions with a router as it is, in memory.

use std::time::Duration;

use tuyau::mem::Hub;
use tuyau_client::{Destination, GroupKey, JoinOptions, SendOptions, Session, Settings};
use tuyau_router::Router;
use tuyau_wire::{Class, Level, RejectCode, Rights, SecretKey};

use crate::support::{ROUTER, address, router_key, stack};

async fn router(hub: &Hub) -> Router {
    let mut settings = tuyau_router::Settings::new(router_key());
    settings.listen = vec![address(ROUTER)];
    settings.hub = hub.clone();
    Router::start(settings).await.unwrap().0
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

async fn connect(hub: &Hub, seed: u8) -> Session {
    let stack = stack(&key(seed), hub);
    let (at, settings) = (address(ROUTER), Settings::new(key(seed)));
    let identity = router_key().identity();
    let session = Session::connect(stack.context(), &at, identity, &settings);
    let session = session.await.unwrap();
    // The answer tells that the router knows where this service is.
    session.flush().await.unwrap();
    session
}

#[tokio::test]
async fn many_messages_arrive_all_and_in_order_however_little_credit_there_is() {
    let hub = Hub::new();
    let _router = router(&hub).await;
    let (from, to) = (connect(&hub, 10).await, connect(&hub, 11).await);
    let sender = from.sender(key(11).identity(), SendOptions::FAST);
    let sending = tokio::spawn(async move {
        let mut posted = Vec::new();
        for number in 0..20_000_u64 {
            posted.push(sender.post(number.to_be_bytes()).await.unwrap());
        }
        from.flush().await.unwrap();
        for posted in posted {
            posted.await.unwrap();
        }
        from.close().await;
    });
    let mut last = 0;
    for number in 0..20_000_u64 {
        let delivery = to.next().await.unwrap();
        assert_eq!(delivery.body[..], number.to_be_bytes());
        assert_eq!(delivery.from, key(10).identity());
        assert!(delivery.sequence > last);
        last = delivery.sequence;
    }
    sending.await.unwrap();
}

#[tokio::test]
async fn a_fast_message_with_a_receipt_of_its_delivery_waits_for_the_acknowledgement() {
    let hub = Hub::new();
    let _router = router(&hub).await;
    let (from, to) = (connect(&hub, 10).await, connect(&hub, 11).await);
    let sender = from.sender(
        key(11).identity(),
        SendOptions::FAST.level(Level::Delivered),
    );
    let (sent, ()) = tokio::join!(sender.send("done?"), async {
        to.next().await.unwrap().acknowledge();
    });
    sent.unwrap();
}

#[tokio::test]
async fn a_request_gets_its_reply_and_one_to_nobody_the_reason_at_once() {
    let hub = Hub::new();
    let _router = router(&hub).await;
    let (from, to) = (connect(&hub, 10).await, connect(&hub, 11).await);
    let deadline = Duration::from_secs(20);
    let serving = tokio::spawn(async move {
        let request = to.next().await.unwrap();
        assert_eq!(request.class, Class::Request);
        request
            .reply([&request.body[..], b"!"].concat())
            .await
            .unwrap();
        // The second one is left without a reply.
        to.next().await.unwrap();
    });
    let asked = key(11).identity();
    let reply = from.request(asked, "hello", deadline).await.unwrap();
    assert_eq!(reply, "hello!");
    let error = from.request(asked, "gone", deadline).await.unwrap_err();
    assert_eq!(error.code(), Some(RejectCode::Unreachable));
    serving.await.unwrap();
    let nobody = key(99).identity();
    let error = from.request(nobody, "x", deadline).await.unwrap_err();
    assert_eq!(error.code(), Some(RejectCode::Unreachable));
}

#[tokio::test]
async fn members_of_a_group_get_what_is_published_and_a_restricted_group_wants_grants() {
    let hub = Hub::new();
    let _router = router(&hub).await;
    let (one, two) = (connect(&hub, 10).await, connect(&hub, 11).await);
    let group = GroupKey::new(key(50));
    for member in [&one, &two] {
        member
            .join(group.identity(), JoinOptions::default())
            .await
            .unwrap();
    }
    one.publish(group.identity(), "to all").await.unwrap();
    let delivery = two.next().await.unwrap();
    assert_eq!(delivery.group, Some(group.identity()));
    assert_eq!(delivery.body, "to all");

    one.declare(group.rules(false, true)).await.unwrap();
    let error = two.publish(group.identity(), "no").await.unwrap_err();
    assert_eq!(error.code(), Some(RejectCode::NoGrant));
    let hour = Duration::from_secs(3_600);
    let grant = group.grant(key(11).identity(), Rights::Publish, hour);
    let allowed = Destination::group(group.identity(), Some(grant));
    two.sender(allowed, SendOptions::FAST)
        .send("yes")
        .await
        .unwrap();
    assert_eq!(one.next().await.unwrap().body, "yes");
    two.leave(group.identity()).await.unwrap();
}
