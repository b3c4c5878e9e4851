//! Sending along handles, against a router that does what the test says: credit, receipts, refusals,
//! requests, flush and close.

use std::time::Duration;

use tokio::time::Instant;
use tuyau::mem::Hub;
use tuyau_client::{
    Destination, GroupKey, JoinOptions, Notice, Posted, RequestError, SendOptions, Sender, Session,
    SessionErrorKind, TryPostError,
};
use tuyau_core::FlowExt as _;
use tuyau_wire::{
    Class, Identity, Level, Message, Parameter, RejectCode, Rights, SecretKey, Target,
};

use crate::support::*;

fn to(number: u8) -> Identity {
    SecretKey::from_seed([number; 32]).identity()
}

/// The next message of the service, decoded.
macro_rules! expect {
    ($wire:expr, $pattern:pat => $value:expr) => {{
        let bytes = $wire.try_read_any().await.expect("a message");
        match Message::decode(&bytes).unwrap() {
            $pattern => $value,
            other => panic!("found {other:?}"),
        }
    }};
}

async fn post(sender: &Sender, body: &[u8]) -> Posted {
    sender.post(body).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_handle_is_bound_once_for_each_way_of_sending() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let plain = session.sender(to(1), SendOptions::FAST.level(Level::None));
    let durable = SendOptions::DURABLE.ttl(Duration::from_millis(1_500));
    let durable = session.sender(to(1), durable);
    for sender in [&plain, &durable, &plain, &durable.clone()] {
        drop(post(sender, b"x").await);
    }
    let mut handles = Vec::new();
    for (class, level, ttl) in [
        (Class::Fast, Level::None, 0),
        (Class::Durable, Level::Stored, 1_500),
    ] {
        let (handle, binding) =
            expect!(wire, Message::Bind { handle, binding, .. } => (handle, binding));
        assert_eq!(binding.target, Target::Identity(to(1)));
        assert_eq!(
            (binding.class, binding.level, binding.ttl),
            (class, level, ttl)
        );
        handles.push(handle);
        let sent = expect!(wire, Message::Send { handle, .. } => handle);
        assert_eq!(sent, handle);
    }
    for expected in handles {
        let handle = expect!(wire, Message::Send { handle, .. } => handle);
        assert_eq!(handle, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn the_handle_that_was_not_used_for_longest_is_given_up_and_no_other() {
    let hello = stating(&[(Parameter::Handles, 2)]);
    let (session, mut wire) = pair_with(&Hub::new(), hello).await;
    let quiet = SendOptions::FAST.level(Level::None);
    let senders: Vec<_> = (1..=3)
        .map(|number| session.sender(to(number), quiet))
        .collect();
    for index in [0, 1, 0, 2, 0] {
        drop(post(&senders[index], b"x").await);
    }
    for expected in [0, 1] {
        let handle = expect!(wire, Message::Bind { handle, .. } => handle);
        assert_eq!(handle, expected);
        expect!(wire, Message::Send { .. } => ());
    }
    expect!(wire, Message::Send { handle: 0, .. } => ());
    expect!(wire, Message::Unbind { handle: 1 } => ());
    let target = expect!(wire, Message::Bind { handle: 1, binding, .. } => binding.target);
    assert_eq!(target, Target::Identity(to(3)));
    expect!(wire, Message::Send { handle: 1, .. } => ());
    expect!(wire, Message::Send { handle: 0, .. } => ());
}

#[tokio::test(start_paused = true)]
async fn a_handle_with_messages_without_a_receipt_is_not_given_up() {
    let hello = stating(&[(Parameter::Handles, 1)]);
    let (session, mut wire) = pair_with(&Hub::new(), hello).await;
    let (first, second) = (
        session.sender(to(1), SendOptions::FAST),
        session.sender(to(2), SendOptions::FAST),
    );
    let posted = post(&first, b"x").await;
    let error = second.try_post(b"y").unwrap_err();
    assert!(matches!(error, TryPostError::Full), "{error}");
    let (sent, ()) = both(second.send(b"y"), async {
        let (sequence, ..) = wire.sent().await;
        wire.accept(sequence).await;
        let (sequence, target, _) = wire.sent().await;
        assert_eq!(target, to(2));
        wire.accept(sequence).await;
    })
    .await;
    sent.unwrap();
    posted.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_beyond_the_credit_and_more_credit_lets_it_go_on() {
    let hello = stating(&[(Parameter::Credit, 1_000)]);
    let (session, mut wire) = pair_with(&Hub::new(), hello).await;
    let sender = session.sender(to(1), SendOptions::FAST.level(Level::None));
    let mut sent = 0;
    let posted = loop {
        match sender.try_post([7; 100]) {
            Ok(_) => sent += 1,
            Err(TryPostError::Full) => break sent,
            Err(error) => panic!("{error}"),
        }
    };
    // The last one may begin within the credit and end beyond.
    let cost = 106;
    assert_eq!(posted, 1_000_u64.div_ceil(cost));
    let other = session.sender(to(2), SendOptions::FAST);
    drop(other.try_post(b"this one has credit").unwrap());

    let waiting = tokio::spawn(async move { sender.post([8; 100]).await.map(drop) });
    for _ in 0..posted {
        let (_, _, body) = wire.sent().await;
        assert_eq!(body, [7; 100]);
    }
    wire.sent().await;
    assert!(!waiting.is_finished());
    let limit = posted * cost + 1;
    wire.write(&Message::Credit { handle: 0, limit }).await;
    waiting.await.unwrap().unwrap();
    assert_eq!(wire.sent().await.2, [8; 100]);
}

#[tokio::test(start_paused = true)]
async fn credit_that_comes_before_a_handle_is_bound_is_about_what_it_was_before() {
    let hello = stating(&[(Parameter::Credit, 1)]);
    let (session, mut wire) = pair_with(&Hub::new(), hello).await;
    let sender = session.sender(to(1), SendOptions::FAST.level(Level::None));
    drop(sender.try_post(b"the one that is allowed").unwrap());
    let bind = expect!(wire, Message::Bind { sequence, .. } => sequence);
    let credit = Message::Credit {
        handle: 0,
        limit: 1_000,
    };
    wire.write(&credit).await;
    flush(&session, &mut wire).await;
    assert!(matches!(sender.try_post(b"x"), Err(TryPostError::Full)));
    wire.accept(bind).await;
    wire.write(&credit).await;
    flush(&session, &mut wire).await;
    drop(sender.try_post(b"x").unwrap());
}

/// Sees to it that the session has read what the router said.
async fn flush(session: &Session, wire: &mut Wire) {
    let (flushed, ()) = both(session.flush(), async {
        loop {
            let bytes = wire.try_read_any().await.unwrap();
            if let Message::Ping { token } = Message::decode(&bytes).unwrap() {
                return wire.write(&Message::Pong { token }).await;
            }
        }
    })
    .await;
    flushed.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_receipt_of_a_range_is_for_all_that_ask_for_its_level() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let accepted = session.sender(to(1), SendOptions::FAST);
    let stored = session.sender(to(1), SendOptions::DURABLE);
    let delivered = session.sender(to(1), SendOptions::DURABLE.level(Level::Delivered));
    let mut posted = Vec::new();
    for sender in [&accepted, &stored, &delivered] {
        posted.push(post(sender, b"x").await);
    }
    let last = posted[2].sequence();
    for _ in 0..3 {
        wire.sent().await;
    }
    let [mut first, second, third] = <[Posted; 3]>::try_from(posted).unwrap();
    wire.receipt(Level::Stored, first.sequence() + 1, last)
        .await;
    second.await.unwrap();
    let early = tokio::time::timeout(Duration::from_secs(1), &mut first).await;
    assert!(early.is_err(), "its number is not in the range");
    wire.receipt(Level::Accepted, 1, last).await;
    first.await.unwrap();
    wire.receipt(Level::Delivered, last, last).await;
    third.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_goes_on_a_handle_that_was_refused_fails_with_the_reason_of_the_refusal() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let group = to(9);
    let sender = session.sender(Destination::group(group, None), SendOptions::FAST);
    let (one, two) = (post(&sender, b"1").await, post(&sender, b"2").await);
    let (bind, binding) =
        expect!(wire, Message::Bind { sequence, binding, .. } => (sequence, binding));
    assert_eq!(binding.target.identity(), group);
    wire.reject(bind, RejectCode::NoGrant, "ask the owner")
        .await;
    for posted in [&one, &two] {
        wire.reject(posted.sequence(), RejectCode::Unbound, "")
            .await;
    }
    for posted in [one, two] {
        let error = posted.await.unwrap_err();
        let rejection = error.rejection().unwrap();
        assert_eq!(
            (rejection.code, &*rejection.text),
            (RejectCode::NoGrant, "ask the owner")
        );
    }
    // Who sends again asks again.
    for _ in 0..2 {
        expect!(wire, Message::Send { .. } => ());
    }
    let (sent, ()) = both(sender.send(b"3"), async {
        let (sequence, target, _) = wire.sent().await;
        assert_eq!(target, group);
        wire.accept(sequence).await;
    })
    .await;
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_handle_that_a_policy_freed_is_bound_anew_by_who_sends_again() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let sender = session.sender(to(1), SendOptions::FAST);
    let first = post(&sender, b"1").await;
    let bound = expect!(wire, Message::Bind { sequence, .. } => sequence);
    wire.accept(bound).await;
    let sequence = expect!(wire, Message::Send { sequence, .. } => sequence);
    wire.reject(sequence, RejectCode::NotAllowed, "not any more")
        .await;
    let error = first.await.unwrap_err();
    assert_eq!(error.code(), Some(RejectCode::NotAllowed));
    let (sent, ()) = both(sender.send(b"2"), async {
        expect!(wire, Message::Bind { .. } => ());
        let sequence = expect!(wire, Message::Send { sequence, .. } => sequence);
        wire.accept(sequence).await;
    })
    .await;
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_registration_that_was_taken_back_is_a_notice() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let routes = vec![address(SERVICE)];
    let registering = session.register(routes, Duration::from_secs(60));
    let (registered, sequence) = both(registering, async {
        let sequence = expect!(wire, Message::Listen { sequence, .. } => sequence);
        wire.accept(sequence).await;
        sequence
    })
    .await;
    registered.unwrap();
    wire.reject(sequence, RejectCode::NotAllowed, "the policy changed")
        .await;
    let Some(Notice::Unregistered { rejection }) = session.notice().await else {
        panic!()
    };
    assert_eq!(rejection.code, RejectCode::NotAllowed);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_nobody_waits_for_is_a_notice() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let sender = session.sender(to(1), SendOptions::FAST.level(Level::None));
    let posted = post(&sender, b"x").await;
    let sequence = posted.sequence();
    posted.await.unwrap();
    wire.reject(sequence, RejectCode::Unreachable, "away").await;
    let Some(Notice::Refused {
        sequence: found,
        rejection,
    }) = session.notice().await
    else {
        panic!()
    };
    assert_eq!((found, rejection.code), (sequence, RejectCode::Unreachable));
}

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_with_its_reply_or_with_the_routers_reason() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let deadline = Duration::from_millis(700);
    let requester = session.requester(to(1), deadline);
    let asking = async { tokio::join!(requester.request(b"one"), requester.request(b"two")) };
    let ((one, two), ()) = both(asking, async {
        let (first, _, body) = wire.sent().await;
        assert_eq!(body, b"one");
        let binding = wire.bound.values().next().unwrap();
        assert_eq!((binding.class, binding.ttl), (Class::Request, 700));
        let (second, ..) = wire.sent().await;
        wire.reject(second, RejectCode::TimedOut, "").await;
        wire.write(&Message::Replied {
            sequence: first,
            body: b"reply",
        })
        .await;
    })
    .await;
    assert_eq!(one.unwrap(), "reply");
    assert_eq!(two.unwrap_err().code(), Some(RejectCode::TimedOut));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_answers_is_given_up_a_second_after_its_deadline() {
    let (session, _wire) = pair(&Hub::new()).await;
    let begin = Instant::now();
    let deadline = Duration::from_secs(3);
    let error = session.request(to(1), b"x", deadline).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut(time) if time == deadline));
    assert_eq!(begin.elapsed(), Duration::from_secs(4));
}

#[tokio::test(start_paused = true)]
async fn flush_waits_for_the_pong_and_for_every_receipt_before_it() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let stored = session.sender(to(1), SendOptions::DURABLE);
    let quiet = session.sender(to(1), SendOptions::FAST.level(Level::None));
    let (one, two) = (post(&stored, b"1").await, post(&quiet, b"2").await);
    let flushing = {
        let session = session.clone();
        tokio::spawn(async move { session.flush().await })
    };
    wire.sent().await;
    wire.sent().await;
    let token = expect!(wire, Message::Ping { token } => token);
    wire.write(&Message::Pong { token }).await;
    // What comes later is not waited for.
    let later = post(&stored, b"3").await;
    wire.sent().await;
    assert!(!flushing.is_finished());
    wire.receipt(Level::Stored, one.sequence(), one.sequence())
        .await;
    flushing.await.unwrap().unwrap();
    drop((one, two, later));
}

#[tokio::test(start_paused = true)]
async fn flush_fails_when_the_session_ends() {
    let (session, wire) = pair(&Hub::new()).await;
    let (flushed, ()) = both(session.flush(), async { drop(wire) }).await;
    assert!(matches!(flushed, Err(RequestError::Lost(_))));
    let error = session.flush().await.unwrap_err();
    assert!(matches!(error, RequestError::Lost(_)));
}

#[tokio::test(start_paused = true)]
async fn close_loses_nothing_that_was_posted_even_if_the_router_reads_slowly() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let sender = session.sender(to(1), SendOptions::FAST);
    let mut posted = Vec::new();
    for _ in 0..40 {
        posted.push(sender.try_post([7; 5_000]).unwrap());
    }
    let router = tokio::spawn(async move {
        for _ in 0..40 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let (sequence, ..) = wire.sent().await;
            wire.accept(sequence).await;
        }
        assert!(wire.try_read().await.is_none());
        wire.flow.close_write().await.unwrap();
    });
    session.close().await;
    for posted in posted {
        posted.await.unwrap();
    }
    router.await.unwrap();
    assert_eq!(session.ended().await.kind(), SessionErrorKind::Closed);
    let error = sender.try_post(b"late").unwrap_err();
    assert!(matches!(error, TryPostError::Failed(RequestError::Lost(_))));
}

#[tokio::test(start_paused = true)]
async fn close_takes_receipts_that_come_behind_deliveries_that_nobody_takes() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let posted = post(&session.sender(to(1), SendOptions::FAST), b"x").await;
    let router = tokio::spawn(async move {
        let (sequence, ..) = wire.sent().await;
        for number in 1..=1_000 {
            wire.deliver(to(1), number, &[7; 10_000]).await;
        }
        wire.accept(sequence).await;
        wire.flow.close_write().await.unwrap();
    });
    session.close().await;
    posted.await.unwrap();
    router.await.unwrap();
    // Those for which there was room are still there.
    assert_eq!(session.next().await.unwrap().sequence, 1);
}

#[tokio::test(start_paused = true)]
async fn a_router_that_falls_silent_is_asked_and_then_given_up() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let begin = Instant::now();
    let token = expect!(wire, Message::Ping { token } => token);
    assert_eq!(begin.elapsed(), tuyau_client::IDLE);
    wire.write(&Message::Pong { token }).await;
    expect!(wire, Message::Ping { .. } => ());
    assert_eq!(session.ended().await.kind(), SessionErrorKind::Silent);
    assert!(begin.elapsed() <= 4 * tuyau_client::IDLE);
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_behind_what_was_said_before() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let sender = session.sender(to(1), SendOptions::FAST);
    drop(post(&sender, b"x").await);
    wire.write(&Message::Ping { token: 77 }).await;
    wire.sent().await;
    expect!(wire, Message::Pong { token: 77 } => ());
}

#[tokio::test(start_paused = true)]
async fn groups_are_joined_left_and_ruled() {
    let (session, mut wire) = pair(&Hub::new()).await;
    let group = GroupKey::new(SecretKey::from_seed([8; 32]));
    let me = service_key().identity();
    let grant = group.grant(me, Rights::Join, Duration::from_secs(60));
    let joining = session.join(group.identity(), JoinOptions::DURABLE.grant(grant.clone()));
    let (joined, sequence) = both(joining, async {
        let (sequence, found) = expect!(wire, Message::Join { sequence, group, durable: true, grant } => {
            (sequence, (group, grant.unwrap()))
        });
        assert_eq!(found, (group.identity(), grant));
        wire.accept(sequence).await;
        sequence
    })
    .await;
    joined.unwrap();
    // The router can take it back.
    wire.reject(sequence, RejectCode::NoGrant, "expired").await;
    let Some(Notice::Removed {
        group: found,
        rejection,
    }) = session.notice().await
    else {
        panic!()
    };
    assert_eq!(
        (found, rejection.code),
        (group.identity(), RejectCode::NoGrant)
    );

    let rules = group.rules(true, false);
    let (declared, ()) = both(session.declare(rules.clone()), async {
        let (sequence, found) =
            expect!(wire, Message::Declare { sequence, rules } => (sequence, rules));
        assert_eq!(found, rules);
        found.verify().unwrap();
        wire.accept(sequence).await;
    })
    .await;
    declared.unwrap();
    let (left, ()) = both(session.leave(group.identity()), async {
        let sequence = expect!(wire, Message::Leave { sequence, .. } => sequence);
        wire.accept(sequence).await;
    })
    .await;
    left.unwrap();
}
