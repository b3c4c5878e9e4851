//! What else happens to a durable unicast.

use std::time::Duration;

use tuyau_wire::{Binding, Level, Message, Parameter, RejectCode};

use crate::{
    durable::{HANDLE, LEVELS},
    world::{Disk, RECIPIENT, ROUTER, SENDER, Strict, World, durable, durable_hello, id},
};

fn to_recipient(level: Level) -> Binding {
    durable(id(RECIPIENT), level)
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_router() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for level in LEVELS {
        let binding = durable(id(ROUTER), level);
        sender.is_not_bound(binding, RejectCode::Unsupported).await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_stalled() {
    const MOST: u64 = 8;
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let few = durable_hello().with_parameter(Parameter::Unacknowledged, MOST);
    let mut recipient = world.connect_with(RECIPIENT, few.unwrap()).await;
    // It acknowledges nothing.
    let mut sent = Vec::new();
    for _ in 0..3 * MOST {
        sent.push(sender.sends(to_recipient(Level::Stored), b"x").await);
    }
    let handle = recipient.hears_of(SENDER).await;
    let (first, rest) = sent.split_at(MOST as usize);
    for number in first {
        recipient.hears_deliver(handle, *number, b"x").await;
    }
    recipient.hears_nothing().await;
    // For each one that it acknowledges it gets another one, and for many as many.
    for (done, next) in first.iter().zip(rest) {
        recipient.acknowledge(handle, *done, *done).await;
        recipient.hears_deliver(handle, *next, b"x").await;
        recipient.hears_nothing().await;
    }
    recipient.acknowledge(handle, sent[8], sent[15]).await;
    for number in &sent[16..] {
        recipient.hears_deliver(handle, *number, b"x").await;
    }
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_stored_for_somebody_who_does_not_read_comes_in_order_when_it_reads() {
    const COUNT: usize = 600;
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let binding = to_recipient(Level::Stored);
    assert_eq!(sender.bind(HANDLE, binding).await, None);
    // Many times what its queue takes, as fast as there is credit.
    let body = vec![7; 8192];
    let (mut sent, mut total) = (Vec::new(), 0);
    for _ in 0..COUNT {
        while total >= sender.limits.get(&HANDLE).copied().unwrap_or(65_536) {
            sender.hear().await.expect("credit comes");
        }
        let sequence = sender.post(HANDLE, &body).await;
        total += tuyau_wire::fast::length(HANDLE, sequence, body.len()) as u64;
        sent.push(sequence);
    }
    let last = *sent.last().unwrap();
    assert_eq!(sender.answer_to(last).await, None);
    let handle = recipient.hears_of(SENDER).await;
    for number in sent {
        recipient.hears_deliver(handle, number, &body).await;
    }
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_gone() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(to_recipient(level), b"old").await);
    }
    let handle = recipient.hears_of(SENDER).await;
    for number in &sent {
        recipient.hears_deliver(handle, *number, b"old").await;
    }
    // One of them it acknowledges.
    recipient.acknowledge(handle, sent[1], sent[1]).await;
    recipient.hears_nothing().await;
    drop(recipient);
    world.forgets(RECIPIENT).await;
    sender.hears_nothing().await;
    let new = sender.sends(to_recipient(Level::Delivered), b"new").await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    for number in [sent[0], sent[2], sent[3]] {
        recipient.hears_redeliver(handle, number, b"old").await;
    }
    recipient.hears_deliver(handle, new, b"new").await;
    recipient.hears_nothing().await;
    drop(recipient);
    world.forgets(RECIPIENT).await;
    sender.hears_nothing().await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    for number in [sent[0], sent[2], sent[3]] {
        recipient.hears_redeliver(handle, number, b"old").await;
    }
    recipient.hears_redeliver(handle, new, b"new").await;
    recipient.acknowledge(handle, sent[0], sent[3]).await;
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    recipient.acknowledge(handle, new, new).await;
    sender.hears_receipt(Level::Delivered, new).await;
    drop(recipient);
    world.forgets(RECIPIENT).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
}

/// The message comes again, perhaps, and is the first of a session of the recipient.
async fn gets_again(world: &World, sent: u64, body: &[u8]) -> (Strict, u64) {
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    let bytes = recipient.heard().await;
    match Message::decode(&bytes).unwrap() {
        Message::Deliver {
            sequence, body: it, ..
        }
        | Message::Redeliver {
            sequence, body: it, ..
        } => assert_eq!((sequence, it), (sent, body)),
        other => panic!("{other:?}"),
    }
    (recipient, handle)
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_restarted() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let first = sender.sends(to_recipient(Level::Stored), b"1").await;
    assert_eq!(
        sender.bind(HANDLE, to_recipient(Level::Delivered)).await,
        None
    );
    let second = sender.post(HANDLE, b"2").await;
    let binding = to_recipient(Level::Stored);
    let third = sender.sends(binding, b"3").await;
    // It is killed, and what it had not synced is lost or torn.
    let disk = disk.power_cut();
    drop((world, sender));

    let mut world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 0;
    let binding = to_recipient(Level::Delivered);
    sender.sends_again(binding, second, b"2").await;
    sender.hears_nothing().await;
    let (mut recipient, handle) = gets_again(&world, first, b"1").await;
    recipient.hears_redeliver(handle, second, b"2").await;
    recipient.hears_redeliver(handle, third, b"3").await;
    recipient.hears_nothing().await;
    recipient.acknowledge(handle, first, third).await;
    sender.hears_receipt(Level::Delivered, second).await;
    sender.hears_nothing().await;
    drop(recipient);
    world.forgets(RECIPIENT).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
    // An acknowledgement is on the disk a moment later.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let disk = disk.power_cut();
    drop((world, sender));

    let world = World::on(&disk, |_| {}).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 0;
    let binding = to_recipient(Level::Delivered);
    sender.sends_again(binding, second, b"2").await;
    sender.hears_receipt(Level::Delivered, second).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
}
