//! Durable messages to one recipient.

use std::time::Duration;

use tokio::time::Instant;
use tuyau_wire::Level;

use crate::{
    durable::LEVELS,
    world::{Disk, RECIPIENT, SENDER, Strict, World, durable, durable_hello, has_route, id},
};

/// What is sent at each level comes to the recipient, who acknowledges it.
async fn reaches(sender: &mut Strict, recipient: &mut Strict, mut handle: Option<u64>) {
    for level in LEVELS {
        let sent = sender.sends(durable(id(RECIPIENT), level), b"hello").await;
        let number = match handle {
            Some(number) => number,
            None => *handle.insert(recipient.hears_of(SENDER).await),
        };
        recipient.hears_deliver(number, sent, b"hello").await;
        sender.hears_nothing().await;
        recipient.acknowledge(number, sent, sent).await;
        if level == Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        recipient.hears_nothing().await;
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_connected() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    reaches(&mut sender, &mut recipient, None).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_is_delivered_and_its_receipt_comes_after_the_sync() {
    const SYNC: Duration = Duration::from_secs(7);
    let world = World::on(&Disk::slow(SYNC), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let binding = durable(id(RECIPIENT), Level::Stored);
    assert_eq!(sender.bind(1, binding).await, None);
    let begin = Instant::now();
    let sent = sender.post(1, b"x").await;
    sender.hears_nothing().await;
    recipient.hears_nothing().await;
    sender.hears_receipt(Level::Stored, sent).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"x").await;
    assert!(begin.elapsed() >= SYNC);
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_dialled() {
    let world = World::on(&Disk::new(), has_route).await;
    let mut route = world.route().await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    // What is stored while it is dialled.
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(durable(id(RECIPIENT), level), b"come").await);
    }
    let mut recipient = Strict::accept(&mut route).await;
    let handle = recipient.hears_of(SENDER).await;
    for number in &sent {
        recipient.hears_deliver(handle, *number, b"come").await;
    }
    recipient.hears_nothing().await;
    sender.hears_nothing().await;
    recipient.acknowledge(handle, sent[0], sent[3]).await;
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    sender.hears_nothing().await;
    // What follows finds that session open.
    reaches(&mut sender, &mut recipient, Some(handle)).await;
}

/// What is sent at each level to somebody who is not there comes when it comes.
async fn waits(world: &World) {
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(durable(id(RECIPIENT), level), b"hello").await);
    }
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    for number in &sent {
        recipient.hears_deliver(handle, *number, b"hello").await;
    }
    sender.hears_nothing().await;
    for number in &sent {
        recipient.acknowledge(handle, *number, *number).await;
    }
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    sender.hears_nothing().await;
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_offline() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    drop(world.connect_with(RECIPIENT, durable_hello()).await);
    world.forgets(RECIPIENT).await;
    waits(&world).await;
    // With a route that does not answer it is the same.
    let world = World::on(&Disk::new(), has_route).await;
    waits(&world).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_unknown() {
    let world = World::on(&Disk::new(), |_| {}).await;
    waits(&world).await;
}
