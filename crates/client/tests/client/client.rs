//! A client of one or several routers that do what the test says: reconnecting, sending again, groups,
//! one stream.

use std::time::Duration;

use tokio::sync::mpsc;
use tuyau::mem::Hub;
use tuyau_client::{
    Client, ClientBuilder, ClientEvent, ClientSender, JoinOptions, LinkError, RequestError,
    SendOptions, Settings,
};
use tuyau_core::FlowExt as _;
use tuyau_wire::{Class, Identity, Level, Message, Parameter, RejectCode};

use crate::support::*;

const OTHER: &str = "tls+mem://other";

fn builder(hub: &Hub) -> ClientBuilder {
    let stack = stack(&service_key(), hub);
    Client::new(stack, Settings::new(service_key())).pauses(pauses())
}

fn client(hub: &Hub) -> Client {
    builder(hub)
        .router(address(ROUTER), router_key().identity())
        .start()
}

fn durable(client: &Client) -> ClientSender {
    client.sender(to(), SendOptions::DURABLE)
}

fn to() -> Identity {
    stranger_key().identity()
}

#[tokio::test(start_paused = true)]
async fn what_has_no_receipt_is_sent_again_with_its_id_and_before_anything_newer() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let client = client(&hub);
    let sender = durable(&client);
    let other = client.sender(router_key().identity(), SendOptions::DURABLE);
    let mut wire = router.accept().await;
    let epoch = wire.hello().await.parameter(Parameter::Epoch);
    let mut posted = Vec::new();
    for (sender, body) in [(&sender, "one"), (&other, "two"), (&sender, "three")] {
        posted.push(sender.post(body).await.unwrap());
    }
    let mut first = Vec::new();
    for _ in 0..3 {
        first.push(wire.sent().await);
    }
    let (second, ..) = first[1];
    wire.receipt(Level::Stored, second, second).await;
    drop(wire);
    // While there is no session messages are taken, too.
    posted.push(sender.post("four").await.unwrap());

    let mut wire = router.accept().await;
    let hello = wire.hello().await;
    assert_eq!(hello.parameter(Parameter::Epoch), epoch);
    assert_eq!(client.epoch(), epoch);
    // The second receipt may not have been read before the connection was lost.
    let mut again = Vec::new();
    while again.last() != first.last() {
        again.push(wire.sent().await);
    }
    again.retain(|(number, ..)| *number != second);
    assert_eq!(again, [first[0].clone(), first[2].clone()]);
    let (newest, _, body) = wire.sent().await;
    assert!(newest > first[2].0);
    assert_eq!(body, b"four");
    wire.receipt(Level::Stored, first[0].0, newest).await;
    for posted in posted {
        posted.await.unwrap();
    }
    assert_eq!(client.unsettled(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_by_another_router_when_its_router_is_lost() {
    let hub = Hub::new();
    let mut first = Router::start(&hub).await;
    let mut second = Router::at(&hub, OTHER, &stranger_key()).await;
    let client = builder(&hub)
        .router(address(ROUTER), router_key().identity())
        .router(address(OTHER), stranger_key().identity())
        .start();
    let mut wire = first.welcome().await;
    let sent = tokio::spawn({
        let sender = durable(&client);
        async move { sender.send("kept").await }
    });
    let lost = wire.sent().await;
    let mut other = second.welcome().await;
    drop((first, wire));
    let again = other.sent().await;
    assert_eq!(again, lost);
    other.receipt(Level::Stored, again.0, again.0).await;
    sent.await.unwrap().unwrap();
    // What comes later has a greater number than all before.
    let (result, ()) = both(client.send(to(), "later"), async {
        let (number, ..) = other.sent().await;
        assert!(number > again.0);
        other.accept(number).await;
    })
    .await;
    result.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_not_durable_fails_with_its_session_and_the_next_goes_by_the_next() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let client = client(&hub);
    let sender = client.sender(to(), SendOptions::FAST);
    let (sent, ()) = both(sender.send("lost"), async {
        let mut wire = router.welcome().await;
        wire.sent().await;
    })
    .await;
    assert!(matches!(sent, Err(RequestError::Lost(_))), "{sent:?}");
    let (sent, _wire) = both(sender.send("found"), async {
        let mut wire = router.welcome().await;
        let (number, _, body) = wire.sent().await;
        assert_eq!(body, b"found");
        wire.accept(number).await;
        wire
    })
    .await;
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_a_durable_message_is_told_and_it_is_not_sent_again() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let client = client(&hub);
    let sender = durable(&client);
    let (sent, mut wire) = both(sender.send("too much"), async {
        let mut wire = router.welcome().await;
        let (number, ..) = wire.sent().await;
        wire.reject(number, RejectCode::MailboxFull, "").await;
        wire
    })
    .await;
    assert_eq!(sent.unwrap_err().code(), Some(RejectCode::MailboxFull));
    let (closed, ()) = both(client.close(), async {
        assert_eq!(wire.try_read().await, None);
        wire.flow.close_write().await.unwrap();
    })
    .await;
    closed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn groups_are_joined_again_in_each_session_before_messages_are_sent_again() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let client = client(&hub);
    let group = router_key().identity();
    client.join(group, JoinOptions::default());
    let posted = durable(&client).post("kept").await.unwrap();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        let mut wire = router.welcome().await;
        let bytes = wire.read().await;
        let Message::Join {
            sequence,
            group: found,
            ..
        } = Message::decode(&bytes).unwrap()
        else {
            panic!()
        };
        assert_eq!(found, group);
        wire.accept(sequence).await;
        let (number, ..) = wire.sent().await;
        assert!(sequence < number);
        numbers.push(number);
    }
    assert_eq!(numbers[0], numbers[1]);
    drop(posted);
    client.leave(&group);
    let mut wire = router.welcome().await;
    wire.sent().await;
}

#[tokio::test(start_paused = true)]
async fn a_refusal_to_join_is_told() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let (sender, mut events) = mpsc::unbounded_channel();
    let client = builder(&hub)
        .router(address(ROUTER), router_key().identity())
        .events(move |event| drop(sender.send(event)))
        .start();
    client.join(to(), JoinOptions::default());
    let mut wire = router.welcome().await;
    let bytes = wire.read().await;
    let Message::Join { sequence, .. } = Message::decode(&bytes).unwrap() else {
        panic!()
    };
    wire.reject(sequence, RejectCode::NoGrant, "members only")
        .await;
    assert!(matches!(
        events.recv().await,
        Some(ClientEvent::Connected { .. })
    ));
    let Some(ClientEvent::GroupRefused { group, rejection }) = events.recv().await else {
        panic!()
    };
    assert_eq!((group, rejection.code), (to(), RejectCode::NoGrant));
    drop((router, wire));
    let Some(ClientEvent::Lost { reason, .. }) = events.recv().await else {
        panic!()
    };
    assert!(matches!(reason, LinkError::Session(_)), "{reason:?}");
}

#[tokio::test(start_paused = true)]
async fn what_comes_from_all_routers_is_one_stream_and_nothing_comes_twice() {
    let hub = Hub::new();
    let mut first = Router::start(&hub).await;
    let mut second = Router::at(&hub, OTHER, &stranger_key()).await;
    let client = builder(&hub)
        .router(address(ROUTER), router_key().identity())
        .router(address(OTHER), stranger_key().identity())
        .start();
    let (mut one, mut two) = both(first.welcome(), second.welcome()).await;
    let from = announcement(to(), Class::Durable);
    one.announce(1, from).await;
    two.announce(9, from).await;
    let send = |handle, sequence| Message::Deliver {
        handle,
        sequence,
        body: b"x",
    };
    one.write(&send(1, 5)).await;
    let delivery = client.next().await.unwrap();
    assert_eq!(delivery.sequence, 5);
    delivery.acknowledge();
    // Its sender had sent it by the other router, too, because its own was lost.
    for sequence in [5, 6] {
        two.write(&send(9, sequence)).await;
    }
    assert_eq!(client.next().await.unwrap().sequence, 6);
    let bytes = two.read().await;
    let known = Message::Acknowledge {
        handle: 9,
        first: 5,
        last: 5,
    };
    assert_eq!(Message::decode(&bytes).unwrap(), known);
}

#[tokio::test(start_paused = true)]
async fn close_waits_for_receipts_and_says_what_has_none() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let client = client(&hub);
    let sender = durable(&client);
    let posted = sender.post("last").await.unwrap();
    let (closed, ()) = both(client.close(), async {
        let mut wire = router.welcome().await;
        let (number, ..) = wire.sent().await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        wire.receipt(Level::Stored, number, number).await;
        assert_eq!(wire.try_read().await, None);
        wire.flow.close_write().await.unwrap();
    })
    .await;
    closed.unwrap();
    posted.await.unwrap();
    assert!(client.next().await.is_none());
    let error = sender.send("late").await.unwrap_err();
    assert!(matches!(error, RequestError::Lost(_)), "{error}");
    let error = client.send(to(), "late").await.unwrap_err();
    assert!(matches!(error, RequestError::Lost(_)), "{error}");

    // There is no router any more.
    drop(router);
    let client = self::client(&hub);
    drop(durable(&client).post("nowhere").await.unwrap());
    let error = client.close().await.unwrap_err();
    assert_eq!(error.messages, 1);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_drains_is_left() {
    let hub = Hub::new();
    let mut first = Router::start(&hub).await;
    let mut second = Router::at(&hub, OTHER, &stranger_key()).await;
    let client = builder(&hub)
        .router(address(ROUTER), router_key().identity())
        .router(address(OTHER), stranger_key().identity())
        .start();
    let mut wire = first.welcome().await;
    // Messages go by this one.
    let (sent, ()) = both(client.send(to(), "here"), async {
        let (number, ..) = wire.sent().await;
        wire.accept(number).await;
    })
    .await;
    sent.unwrap();
    let mut other = second.welcome().await;
    wire.write(&Message::Drain {
        milliseconds: 10_000,
        routes: Vec::new(),
    })
    .await;
    assert_eq!(wire.try_read().await, None);
    wire.flow.close_write().await.unwrap();
    drop(first);
    let (sent, ()) = both(durable(&client).send("there"), async {
        let (number, ..) = other.sent().await;
        other.receipt(Level::Stored, number, number).await;
    })
    .await;
    sent.unwrap();
}
