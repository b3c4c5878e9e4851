//! Deliveries, against a router that does what the test says: ids, acknowledgements, redelivery,
//! requests, notices.

use std::time::Duration;

use tokio::time::Instant;
use tuyau::mem::Hub;
use tuyau_client::{Notice, Session, Settings};
use tuyau_core::FlowExt as _;
use tuyau_wire::{Class, Message, Parameter};

use crate::support::*;

async fn acknowledged(wire: &mut Wire) -> (u64, u64, u64) {
    let bytes = wire.read().await;
    match Message::decode(&bytes).unwrap() {
        Message::Acknowledge {
            handle,
            first,
            last,
        } => (handle, first, last),
        other => panic!("found {other:?}"),
    }
}

async fn deliver(wire: &mut Wire, handle: u64, sequence: u64) {
    let body = &sequence.to_be_bytes()[..];
    wire.write(&Message::Deliver {
        handle,
        sequence,
        body,
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_says_whence_it_comes_and_how() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let group = router_key().identity();
    let mut announcement = announcement(stranger_key().identity(), Class::Durable);
    (announcement.epoch, announcement.group) = (99, Some(group));
    wire.announce(5, announcement).await;
    wire.write(&Message::Redeliver {
        handle: 5,
        sequence: 12,
        body: b"once more",
    })
    .await;
    let delivery = session.next().await.unwrap();
    assert_eq!(delivery.from, stranger_key().identity());
    assert_eq!((delivery.epoch, delivery.sequence), (99, 12));
    assert_eq!(
        (delivery.group, delivery.class),
        (Some(group), Class::Durable)
    );
    assert!(delivery.redelivered);
    assert_eq!(delivery.body, "once more");
    // The same number may stand for something else later.
    wire.announce(5, crate::support::announcement(group, Class::Fast))
        .await;
    deliver(&mut wire, 5, 1).await;
    assert_eq!(session.next().await.unwrap().from, group);
}

#[tokio::test(start_paused = true)]
async fn acknowledgements_are_told_as_ranges_and_what_is_dropped_is_not_among_them() {
    let (session, mut wire) = pair(&Hub::new()).await;
    wire.announce(1, announcement(stranger_key().identity(), Class::Durable))
        .await;
    for sequence in [3, 5, 6, 9, 20] {
        deliver(&mut wire, 1, sequence).await;
    }
    let mut batch = Vec::new();
    while batch.len() < 5 {
        session.next_batch(&mut batch).await;
    }
    for index in [0, 1, 2, 4] {
        batch[index].acknowledge();
    }
    drop(batch);
    assert_eq!(acknowledged(&mut wire).await, (1, 3, 6));
    assert_eq!(acknowledged(&mut wire).await, (1, 20, 20));
}

#[tokio::test(start_paused = true)]
async fn nobody_is_told_where_nobody_wants_to_know() {
    let (session, mut wire) = pair(&Hub::new()).await;
    wire.deliver(stranger_key().identity(), 1, b"fast").await;
    session.next().await.unwrap().acknowledge();
    close(&session, &mut wire).await;
}

/// Ends a session and sees that nothing more was said.
async fn close(session: &Session, wire: &mut Wire) {
    let (_, rest) = both(session.close(), async {
        let rest = wire.try_read().await;
        wire.flow.close_write().await.unwrap();
        rest
    })
    .await;
    assert_eq!(rest, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_does_not_come_again_in_a_later_session() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let stack = stack(&service_key(), &hub);
    let settings = Settings::new(service_key());
    let (at, identity) = (address(ROUTER), router_key().identity());
    let open = || Session::connect(stack.context(), &at, identity, &settings);
    let from = announcement(stranger_key().identity(), Class::Durable);

    let (session, mut wire) = both(open(), router.welcome()).await;
    let session = session.unwrap();
    wire.announce(1, from).await;
    for sequence in [1, 2] {
        deliver(&mut wire, 1, sequence).await;
    }
    let first = session.next().await.unwrap();
    let second = session.next().await.unwrap();
    assert_eq!([first.sequence, second.sequence], [1, 2]);
    drop(wire);
    session.ended().await;
    // The router does not learn of it, but the service knows that it is done with it.
    first.acknowledge();

    let (session, mut wire) = both(open(), router.welcome()).await;
    let session = session.unwrap();
    wire.announce(8, from).await;
    for sequence in [1, 2] {
        wire.write(&Message::Redeliver {
            handle: 8,
            sequence,
            body: b"again",
        })
        .await;
    }
    let again = session.next().await.unwrap();
    assert_eq!((again.sequence, again.redelivered), (2, true));
    assert_eq!(acknowledged(&mut wire).await, (8, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_replied_to_under_its_handle_and_number() {
    let (session, mut wire) = pair(&Hub::new()).await;
    wire.announce(4, announcement(stranger_key().identity(), Class::Request))
        .await;
    deliver(&mut wire, 4, 31).await;
    let request = session.next().await.unwrap();
    assert_eq!(request.class, Class::Request);
    request.reply("here").await.unwrap();
    let bytes = wire.read().await;
    let reply = Message::Reply {
        handle: 4,
        sequence: 31,
        body: b"here",
    };
    assert_eq!(Message::decode(&bytes).unwrap(), reply);
    drop(session);
    request.reply("late").await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn missed_messages_and_the_begin_of_the_end_are_notices() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let from = announcement(stranger_key().identity(), Class::Fast);
    wire.announce(2, from).await;
    wire.write(&Message::Missed {
        handle: 2,
        first: 5,
        last: 9,
    })
    .await;
    let missed = Notice::Missed {
        from: from.identity,
        epoch: from.epoch,
        group: None,
        first: 5,
        last: 9,
    };
    assert_eq!(session.notice().await, Some(missed));
    let routes = vec![address("tls://192.0.2.1:443")];
    wire.write(&Message::Drain {
        milliseconds: 5_000,
        routes: routes.clone(),
    })
    .await;
    let closes_in = Duration::from_secs(5);
    let draining = Notice::Draining { closes_in, routes };
    assert_eq!(session.notice().await, Some(draining));
    drop(wire);
    assert_eq!(session.notice().await, None);
}

#[tokio::test(start_paused = true)]
async fn an_answer_behind_deliveries_that_nobody_takes_gets_through() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let from = stranger_key().identity();
    let begin = Instant::now();
    let (sent, ()) = both(session.send(from, b"x"), async {
        let (sequence, ..) = wire.sent().await;
        for number in 1..=200 {
            wire.deliver(from, number, &[7; 10_000]).await;
        }
        wire.accept(sequence).await;
    })
    .await;
    sent.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(1));
    for number in 1..=200 {
        assert_eq!(session.next().await.unwrap().sequence, number);
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_states_its_epoch_and_what_it_takes() {
    let hub = Hub::new();
    let mut router = Router::start(&hub).await;
    let stack = stack(&service_key(), &hub);
    let settings = Settings::new(service_key())
        .receives(false)
        .unacknowledged(10)
        .agent("watcher/1")
        .unwrap();
    let (at, identity) = (address(ROUTER), router_key().identity());
    let mut last = 0;
    for _ in 0..3 {
        let welcome = async {
            let mut wire = router.accept().await;
            (wire.hello().await, wire)
        };
        let connect = Session::connect(stack.context(), &at, identity, &settings);
        let (session, (hello, _wire)) = both(connect, welcome).await;
        let session = session.unwrap();
        assert_eq!(hello.agent(), "watcher/1");
        assert_eq!(hello.parameter(Parameter::Receives), 0);
        assert_eq!(hello.parameter(Parameter::Unacknowledged), 10);
        assert_eq!(hello.parameter(Parameter::Epoch), session.epoch());
        assert!(session.epoch() > last);
        last = session.epoch();
    }
}
