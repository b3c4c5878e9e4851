//! What else happens to a fast unicast.

use tuyau_core::FlowExt;
use tuyau_wire::{Class, Level, Message, Parameter, RejectCode};

use crate::{
    support::{hello, peer::fast},
    world::{OTHER, RECIPIENT, ROUTER, SENDER, Strict, World, id},
};

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_itself() {
    let world = World::new().await;
    let mut peer = world.connect(SENDER).await;
    let binding = fast(id(SENDER), Level::Accepted);
    assert_eq!(peer.bind(1, binding).await, None);
    let sent = peer.post(1, b"note to self").await;
    let number = peer.hears_announce(SENDER, Class::Fast, false, 0).await;
    peer.hears_deliver(number, sent, b"note to self").await;
    peer.hears_receipt(Level::Accepted, sent).await;
    peer.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_router() {
    let mut world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    for level in [Level::None, Level::Accepted] {
        assert_eq!(sender.bind(1, fast(id(ROUTER), level)).await, None);
        let sent = sender.post(1, b"hello, operator").await;
        if level == Level::Accepted {
            sender.hears_receipt(level, sent).await;
        }
        sender.hears_nothing().await;
        let text = world.router.event(|event| match event {
            tuyau_router::journal::Event::Received { from, text } if *from == id(SENDER) => {
                Some(text.clone())
            }
            _ => None,
        });
        assert_eq!(text.await, "hello, operator");
    }
    let binding = fast(id(ROUTER), Level::Delivered);
    sender.is_not_bound(binding, RejectCode::Unsupported).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_two_sessions() {
    let mut world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let mut older = world.connect(RECIPIENT).await;
    let first = sender.post(1, b"1").await;
    sender.hears_receipt(Level::Accepted, first).await;
    let mut newer = world.connect(RECIPIENT).await;
    let second = sender.post(1, b"2").await;
    sender.hears_receipt(Level::Accepted, second).await;
    let number = older.hears_announce(SENDER, Class::Fast, false, 0).await;
    older.hears_deliver(number, first, b"1").await;
    older.hears_nothing().await;
    // The handle of the router is the same in both sessions.
    let same = newer.hears_announce(SENDER, Class::Fast, false, 0).await;
    assert_eq!(same, number);
    newer.hears_deliver(number, second, b"2").await;
    newer.hears_nothing().await;
    // When the newer one ends the older one receives again; the end of an older one changes nothing.
    drop(newer);
    world.forgets(RECIPIENT).await;
    let third = sender.post(1, b"3").await;
    sender.hears_receipt(Level::Accepted, third).await;
    older.hears_deliver(number, third, b"3").await;
    let mut newest = world.connect(RECIPIENT).await;
    drop(older);
    world.forgets(RECIPIENT).await;
    let fourth = sender.post(1, b"4").await;
    sender.hears_receipt(Level::Accepted, fourth).await;
    let number = newest.hears_announce(SENDER, Class::Fast, false, 0).await;
    newest.hears_deliver(number, fourth, b"4").await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_receives_not() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let deaf = hello().with_parameter(Parameter::Receives, 0).unwrap();
    let mut recipient = world.connect_with(RECIPIENT, deaf).await;
    let sent = sender.post(1, b"x").await;
    sender.hears_reject(sent, RejectCode::Unreachable).await;
    recipient.hears_nothing().await;
    // An older session that receives is not taken over by a newer one that does not.
    let mut receiving = world.connect(RECIPIENT).await;
    let deaf = hello().with_parameter(Parameter::Receives, 0).unwrap();
    let mut newest = world.connect_with(RECIPIENT, deaf).await;
    let sent = sender.post(1, b"y").await;
    sender.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(receiving.delivery().await.1, b"y");
    newest.hears_nothing().await;
    // It can send and join all the same.
    newest.joins().await;
    let binding = fast(id(SENDER), Level::Accepted);
    assert_eq!(newest.bind(1, binding).await, None);
    newest.post(1, b"z").await;
    assert_eq!(sender.delivery().await.1, b"z");
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_stalled() {
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut other = world.connect(OTHER).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::None).await;
    let binding = fast(id(OTHER), Level::Accepted);
    assert_eq!(sender.bind(2, binding).await, None);
    // It sends without looking at its credit, until it is refused.
    let body = vec![7; 4096];
    let (mut taken, refused) = (Vec::new(), loop_until_refused(&mut sender, &body).await);
    taken.extend(refused.0);
    let last = refused.1;
    // Nobody else is concerned.
    let sent = sender.post(2, b"x").await;
    assert_eq!(sender.answer_to(sent).await, None);
    assert_eq!(other.delivery().await.1, b"x");
    // It reads again: what it had got and the rest, in order, and nothing of what was refused.
    let number = recipient
        .hears_announce(SENDER, Class::Fast, false, 0)
        .await;
    for sequence in taken {
        recipient.hears_deliver(number, sequence, &body).await;
    }
    recipient.hears_nothing().await;
    // There is credit again.
    let limit = loop {
        let bytes = sender.hear().await.unwrap();
        if let Message::Credit { handle: 1, limit } = Message::decode(&bytes).unwrap()
            && limit > last
        {
            break limit;
        }
    };
    assert!(limit > last);
    let sent = sender.post(1, b"again").await;
    recipient.hears_deliver(number, sent, b"again").await;
}

/// Sends until a message is refused: gives the numbers that were taken, and their cost.
async fn loop_until_refused(sender: &mut Strict, body: &[u8]) -> (Vec<u64>, u64) {
    let (mut taken, mut cost) = (Vec::new(), 0);
    loop {
        let sequence = sender.post(1, body).await;
        let token = sequence;
        sender.say(&Message::Ping { token }).await;
        loop {
            let bytes = sender.hear().await.unwrap();
            match Message::decode(&bytes).unwrap() {
                Message::Pong { .. } => break,
                Message::Credit { .. } => {}
                Message::Reject { code, .. } => {
                    assert_eq!(code, RejectCode::Congested);
                    return (taken, cost);
                }
                other => panic!("{other:?}"),
            }
        }
        taken.push(sequence);
        cost += tuyau_wire::fast::length(1, sequence, body.len()) as u64;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_gone() {
    for level in [Level::None, Level::Accepted, Level::Delivered] {
        let mut world = World::new().await;
        let mut sender = world.connect(SENDER).await;
        sender.bind_fast(1, level).await;
        let mut recipient = world.connect(RECIPIENT).await;
        let acknowledge = level == Level::Delivered;
        let sent = sender.post(1, b"x").await;
        if level == Level::Accepted {
            sender.hears_receipt(level, sent).await;
        }
        let number = recipient
            .hears_announce(SENDER, Class::Fast, acknowledge, 0)
            .await;
        recipient.hears_deliver(number, sent, b"x").await;
        drop(recipient);
        if level == Level::Delivered {
            sender.hears_reject(sent, RejectCode::Unreachable).await;
        }
        world.forgets(RECIPIENT).await;
        sender.hears_nothing().await;
        let mut recipient = world.connect(RECIPIENT).await;
        recipient.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_too_large() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let small = hello().with_max_frame(4096).unwrap();
    let mut recipient = world.connect_with(RECIPIENT, small).await;
    let sent = sender.post(1, &[7; 5000]).await;
    let text = sender.hears_reject(sent, RejectCode::TooLarge).await;
    assert_eq!(text, "the recipient accepts messages of at most 4096 bytes");
    let sent = sender.post(1, &[7; 4000]).await;
    sender.hears_receipt(Level::Accepted, sent).await;
    assert_eq!(recipient.delivery().await.1, [7; 4000]);
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_rebound() {
    // Connected both.
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut other = world.connect(OTHER).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let first = sender.post(1, b"1").await;
    sender.hears_receipt(Level::Accepted, first).await;
    let to_other = fast(id(OTHER), Level::Accepted);
    assert_eq!(sender.bind(1, to_other.clone()).await, None);
    let second = sender.post(1, b"2").await;
    sender.hears_receipt(Level::Accepted, second).await;
    let number = recipient
        .hears_announce(SENDER, Class::Fast, false, 0)
        .await;
    recipient.hears_deliver(number, first, b"1").await;
    recipient.hears_nothing().await;
    let another = other.hears_announce(SENDER, Class::Fast, false, 0).await;
    assert_ne!(number, another);
    other.hears_deliver(another, second, b"2").await;
    other.hears_nothing().await;

    // The first one while it is dialled.
    let world = World::with_route(|_| {}).await;
    let mut route = world.route().await;
    let mut other = world.connect(OTHER).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let first = sender.post(1, b"1").await;
    assert_eq!(sender.bind(1, to_other).await, None);
    let second = sender.post(1, b"2").await;
    sender.hears_receipt(Level::Accepted, second).await;
    assert_eq!(other.delivered().await.2, b"2");
    let handle = 1;
    sender.say(&Message::Unbind { handle }).await;
    let mut recipient = Strict::accept(&mut route).await;
    let number = recipient
        .hears_announce(SENDER, Class::Fast, false, 0)
        .await;
    recipient.hears_deliver(number, first, b"1").await;
    sender.hears_receipt(Level::Accepted, first).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_waits_for_a_dial_when_its_handle_is_freed_is_refused_if_that_fails() {
    let world = World::with_route(|settings| {
        settings.limits.handshake = std::time::Duration::from_secs(5);
    })
    .await;
    // Somebody listens and never answers.
    let _route = world.route().await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::None).await;
    let sent = sender.post(1, b"1").await;
    let handle = 1;
    sender.say(&Message::Unbind { handle }).await;
    sender.hears_nothing().await;
    sender.hears_reject(sent, RejectCode::Unreachable).await;
    let sent = sender.post(1, b"2").await;
    sender.hears_reject(sent, RejectCode::Unbound).await;
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_end_of_the_stream_is_answered() {
    const COUNT: u64 = 2000;
    let world = World::new().await;
    let mut recipient = world.connect(RECIPIENT).await;
    let mut sender = world.connect(SENDER).await;
    sender.bind_fast(1, Level::Accepted).await;
    let binding = fast(id(OTHER), Level::None);
    assert_eq!(sender.bind(2, binding).await, None);
    // More answers than there is room for on the way, and a stream that ends right behind.
    for _ in 0..COUNT {
        sender.post(2, b"nobody is there").await;
    }
    let sent = sender.post(1, b"x").await;
    sender.flow.close_write().await.unwrap();
    assert_eq!(recipient.delivered().await.1, sent);
    let (mut refused, mut accepted) = (0, 0);
    while let Some(bytes) = sender.try_hear().await.unwrap() {
        match Message::decode(&bytes).unwrap() {
            Message::Reject { sequence, code, .. } => {
                assert_eq!(code, RejectCode::Unreachable);
                assert!(sequence.is_some());
                refused += 1;
            }
            Message::Receipt { .. } => accepted += 1,
            Message::Credit { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((refused, accepted), (COUNT, 1));
}
