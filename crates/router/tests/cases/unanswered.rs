//! How many messages wait for a recipient's acknowledgement or reply.

use tuyau_wire::{Class, Level, Message, Parameter, RejectCode};

use crate::{
    support::hello,
    world::{OTHER, RECIPIENT, SENDER, Strict, World, request},
};

/// How many a recipient of these tests lets wait.
const MOST: u64 = 3;

async fn world() -> (World, Strict, Strict) {
    let world = World::new().await;
    let few = hello().with_parameter(Parameter::Unacknowledged, MOST);
    let recipient = world.connect_with(RECIPIENT, few.unwrap()).await;
    let sender = world.connect(SENDER).await;
    (world, recipient, sender)
}

/// Sends one more than may wait, and gives the numbers of those that do.
async fn fill(sender: &mut Strict, handle: u64) -> Vec<u64> {
    let mut sent = Vec::new();
    for _ in 0..MOST {
        sent.push(sender.post(handle, b"x").await);
    }
    let refused = sender.post(handle, b"x").await;
    let text = sender.hears_reject(refused, RejectCode::Congested).await;
    assert!(text.contains("has not acknowledged or answered"), "{text}");
    sent
}

#[tokio::test(start_paused = true)]
async fn case_unicast_fast_unacknowledged() {
    let (world, mut recipient, mut sender) = world().await;
    sender.bind_fast(1, Level::Delivered).await;
    sender.bind_fast(2, Level::Accepted).await;
    let sent = fill(&mut sender, 1).await;
    // It is the recipient that has too many, whoever sends; what wants no acknowledgement is taken.
    let mut other = world.connect(OTHER).await;
    other.bind_fast(1, Level::Delivered).await;
    let refused = other.post(1, b"x").await;
    other.hears_reject(refused, RejectCode::Congested).await;
    let plain = sender.post(2, b"x").await;
    sender.hears_receipt(Level::Accepted, plain).await;
    let number = recipient.hears_announce(SENDER, Class::Fast, true, 0).await;
    for sequence in &sent {
        recipient.hears_deliver(number, *sequence, b"x").await;
    }
    recipient.acknowledge(number, sent[0], sent[1]).await;
    let (level, first, last) = (Level::Delivered, sent[0], sent[1]);
    sender.hears(&Message::Receipt { level, first, last }).await;
    let sent = other.post(1, b"y").await;
    other.hears_nothing().await;
    let again = sender.post(1, b"z").await;
    sender.hears_nothing().await;
    let refused = other.post(1, b"x").await;
    other.hears_reject(refused, RejectCode::Congested).await;
    recipient.acknowledge(number, 0, u64::MAX).await;
    let bytes = sender.heard().await;
    assert!(matches!(
        Message::decode(&bytes),
        Ok(Message::Receipt { level: Level::Delivered, last, .. }) if last < again
    ));
    sender.hears_receipt(Level::Delivered, again).await;
    other.hears_nothing().await;
    assert!(sent > 0);
}

#[tokio::test(start_paused = true)]
async fn case_unicast_request_unanswered() {
    let (_world, mut recipient, mut sender) = world().await;
    assert_eq!(sender.bind(1, request(5_000)).await, None);
    let sent = fill(&mut sender, 1).await;
    let number = recipient
        .hears_announce(SENDER, Class::Request, false, 5_000)
        .await;
    for sequence in &sent {
        recipient.hears_deliver(number, *sequence, b"x").await;
    }
    recipient.reply(number, sent[1], b"r").await;
    let (sequence, body) = (sent[1], &b"r"[..]);
    sender.hears(&Message::Replied { sequence, body }).await;
    let next = sender.post(1, b"x").await;
    sender.hears_nothing().await;
    // What is over because of its deadline does not wait any more either.
    for sequence in [sent[0], sent[2], next] {
        sender.hears_reject(sequence, RejectCode::TimedOut).await;
    }
    let again = fill(&mut sender, 1).await;
    recipient.hears_deliver(number, next, b"x").await;
    for sequence in again {
        recipient.hears_deliver(number, sequence, b"x").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_answers_only_what_it_got() {
    let world = World::new().await;
    let mut sender = world.connect(SENDER).await;
    let mut older = world.connect(RECIPIENT).await;
    sender.bind_fast(1, Level::Delivered).await;
    let first = sender.post(1, b"1").await;
    let number = older.hears_announce(SENDER, Class::Fast, true, 0).await;
    older.hears_deliver(number, first, b"1").await;
    let mut newer = world.connect(RECIPIENT).await;
    let second = sender.post(1, b"2").await;
    assert_eq!(
        newer.hears_announce(SENDER, Class::Fast, true, 0).await,
        number
    );
    newer.hears_deliver(number, second, b"2").await;
    newer.acknowledge(number, 0, u64::MAX).await;
    sender.hears_receipt(Level::Delivered, second).await;
    sender.hears_nothing().await;
    older.acknowledge(number, 0, u64::MAX).await;
    sender.hears_receipt(Level::Delivered, first).await;
}

#[tokio::test(start_paused = true)]
async fn a_recipient_owes_nothing_to_a_sender_that_has_gone() {
    let (mut world, mut recipient, mut sender) = world().await;
    sender.bind_fast(1, Level::Delivered).await;
    fill(&mut sender, 1).await;
    drop(sender);
    world.router.disconnected(SENDER).await;
    let mut other = world.connect(OTHER).await;
    other.bind_fast(1, Level::Delivered).await;
    let sent = other.post(1, b"y").await;
    let number = recipient.hears_announce(SENDER, Class::Fast, true, 0).await;
    for _ in 0..MOST {
        recipient.heard().await;
    }
    let of_other = recipient.hears_announce(OTHER, Class::Fast, true, 0).await;
    recipient.hears_deliver(of_other, sent, b"y").await;
    // Late, and in vain.
    recipient.acknowledge(number, 0, u64::MAX).await;
    recipient.acknowledge(of_other, sent, sent).await;
    other.hears_receipt(Level::Delivered, sent).await;
}
