//! Durable messages and the sessions of their recipient: one takes over, allows few, or has much to
//! take.

use std::time::Duration;

use tuyau_wire::{Binding, Class, Level, Parameter, RejectCode};

use crate::{
    durable::HANDLE,
    support::peer::fast,
    world::{Disk, RECIPIENT, SENDER, World, durable, durable_hello, id},
};

fn to_recipient(level: Level) -> Binding {
    durable(id(RECIPIENT), level)
}

#[tokio::test(start_paused = true)]
async fn a_newer_session_gets_again_what_an_older_one_has_not_acknowledged() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut older = world.connect_with(RECIPIENT, durable_hello()).await;
    let first = sender.sends(to_recipient(Level::Delivered), b"1").await;
    let second = sender.sends(to_recipient(Level::Delivered), b"2").await;
    let handle = older.hears_of(SENDER).await;
    older.hears_deliver(handle, first, b"1").await;
    older.hears_deliver(handle, second, b"2").await;
    older.acknowledge(handle, first, first).await;
    sender.hears_receipt(Level::Delivered, first).await;

    let mut newer = world.returns(RECIPIENT).await;
    let number = newer.hears_of(SENDER).await;
    newer.hears_redeliver(number, second, b"2").await;
    newer.hears_nothing().await;
    // What the older one has to say about it by now does no harm.
    older.acknowledge(handle, first, second).await;
    older.hears_nothing().await;
    sender.hears_nothing().await;
    let third = sender.sends(to_recipient(Level::Delivered), b"3").await;
    newer.hears_deliver(number, third, b"3").await;
    older.hears_nothing().await;
    newer.acknowledge(number, second, second).await;
    sender.hears_receipt(Level::Delivered, second).await;

    // When the newer one ends the older one takes over again, in the same way.
    drop(newer);
    world.forgets(RECIPIENT).await;
    older.hears_redeliver(handle, third, b"3").await;
    older.acknowledge(handle, third, third).await;
    sender.hears_receipt(Level::Delivered, third).await;
    older.hears_nothing().await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_receives_nothing_takes_over_nothing() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let deaf = durable_hello().with_parameter(Parameter::Receives, 0);
    let mut deaf = world.connect_with(RECIPIENT, deaf.unwrap()).await;
    let sent = sender.sends(to_recipient(Level::Delivered), b"x").await;
    deaf.hears_nothing().await;
    sender.hears_nothing().await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"x").await;
    let same_key = durable_hello().with_parameter(Parameter::Receives, 0);
    world
        .connect_with(RECIPIENT, same_key.unwrap())
        .await
        .hears_nothing()
        .await;
    recipient.acknowledge(handle, sent, sent).await;
    sender.hears_receipt(Level::Delivered, sent).await;
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn fast_and_durable_messages_share_what_may_be_unacknowledged() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let two = durable_hello().with_parameter(Parameter::Unacknowledged, 2);
    let mut recipient = world.connect_with(RECIPIENT, two.unwrap()).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let to_recipient = to_recipient(Level::Stored);
    assert_eq!(
        sender.bind(1, fast(id(RECIPIENT), Level::Delivered)).await,
        None
    );
    assert_eq!(sender.bind(2, to_recipient).await, None);
    assert_eq!(
        sender.bind(3, fast(id(RECIPIENT), Level::Accepted)).await,
        None
    );

    let fast_1 = sender.post(1, b"fast 1").await;
    let quick = recipient.hears_announce(SENDER, Class::Fast, true, 0).await;
    recipient.hears_deliver(quick, fast_1, b"fast 1").await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let sent = sender.post(2, b"kept").await;
        sender.hears_receipt(Level::Stored, sent).await;
        kept.push(sent);
    }
    let slow = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(slow, kept[0], b"kept").await;
    recipient.hears_nothing().await;
    // A fast one that would be acknowledged is refused, one that would not comes.
    let refused = sender.post(1, b"refused").await;
    sender.hears_reject(refused, RejectCode::Congested).await;
    let free = sender.post(3, b"free").await;
    sender.hears_receipt(Level::Accepted, free).await;
    let other = recipient
        .hears_announce(SENDER, Class::Fast, false, 0)
        .await;
    recipient.hears_deliver(other, free, b"free").await;
    // The place of a fast one is taken by one that was kept.
    recipient.acknowledge(quick, fast_1, fast_1).await;
    sender.hears_receipt(Level::Delivered, fast_1).await;
    recipient.hears_deliver(slow, kept[1], b"kept").await;
    recipient.hears_nothing().await;
    let refused = sender.post(1, b"refused").await;
    sender.hears_reject(refused, RejectCode::Congested).await;
    recipient.acknowledge(slow, kept[0], kept[1]).await;
    recipient.hears_deliver(slow, kept[2], b"kept").await;
    recipient.hears_nothing().await;
    let fast_2 = sender.post(1, b"fast 2").await;
    recipient.hears_deliver(quick, fast_2, b"fast 2").await;
    recipient.acknowledge(quick, fast_2, fast_2).await;
    sender.hears_receipt(Level::Delivered, fast_2).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_mailbox_of_any_length_is_drained_in_order() {
    const COUNT: u32 = 3000;
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let binding = to_recipient(Level::Delivered);
    assert_eq!(sender.bind(HANDLE, binding).await, None);
    let (mut sent, mut total) = (Vec::new(), 0);
    for count in 0..COUNT {
        while total >= sender.limits.get(&HANDLE).copied().unwrap_or(65_536) {
            sender.hear().await.expect("credit comes");
        }
        let body = body(count);
        let sequence = sender.post(HANDLE, &body).await;
        total += tuyau_wire::fast::length(HANDLE, sequence, body.len()) as u64;
        sent.push(sequence);
    }
    assert!(total > 256 * 1024);
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    for (count, number) in (0..).zip(&sent) {
        recipient.hears_deliver(handle, *number, &body(count)).await;
        if count % 7 == 6 || count == COUNT - 1 {
            recipient.acknowledge(handle, 0, *number).await;
        }
    }
    recipient.hears_nothing().await;
    sender.hears_delivered(&sent).await;
    sender.hears_nothing().await;
}

/// Bodies that are all different.
fn body(count: u32) -> Vec<u8> {
    [&count.to_be_bytes()[..], &[7; 250]].concat()
}

#[tokio::test(start_paused = true)]
async fn what_was_read_for_a_session_before_another_took_over_does_not_come_first() {
    let mut world = World::on(&Disk::slow(Duration::from_secs(5)), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let few = durable_hello().with_parameter(Parameter::Unacknowledged, 3);
    let mut recipient = world.connect_with(RECIPIENT, few.unwrap()).await;
    let mut sent = Vec::new();
    for _ in 0..5 {
        sent.push(sender.sends(to_recipient(Level::Stored), b"x").await);
    }
    let handle = recipient.hears_of(SENDER).await;
    for number in &sent[..3] {
        recipient.hears_deliver(handle, *number, b"x").await;
    }
    // The next one is read, and the disk takes its time; meanwhile another session comes and goes.
    recipient.acknowledge(handle, sent[2], sent[2]).await;
    recipient.hears_nothing().await;
    drop(world.connect_with(RECIPIENT, durable_hello()).await);
    world.forgets(RECIPIENT).await;
    recipient.hears_redeliver(handle, sent[0], b"x").await;
    recipient.hears_redeliver(handle, sent[1], b"x").await;
    recipient.hears_deliver(handle, sent[3], b"x").await;
    recipient.hears_nothing().await;
    recipient.acknowledge(handle, sent[0], sent[3]).await;
    recipient.hears_deliver(handle, sent[4], b"x").await;
    recipient.hears_nothing().await;
}
