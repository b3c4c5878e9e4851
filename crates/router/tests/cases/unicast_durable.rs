//! Durable messages to one recipient.

use tuyau_wire::{Class, Level};

use crate::world::{Disk, RECIPIENT, SENDER, World, durable, durable_hello, id};

/// What recipients are told when the sender did not say for how long a message is of use.
const TTL: u64 = 0;

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_connected() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut handles = Vec::new();
    for level in [
        Level::None,
        Level::Accepted,
        Level::Stored,
        Level::Delivered,
    ] {
        assert_eq!(sender.bind(1, durable(id(RECIPIENT), level)).await, None);
        let sent = sender.post(1, b"hello").await;
        if handles.is_empty() {
            let handle = recipient
                .hears_announce(SENDER, Class::Durable, true, TTL)
                .await;
            handles.push(handle);
        }
        recipient.hears_deliver(handles[0], sent, b"hello").await;
        match level {
            Level::Accepted | Level::Stored => sender.hears_receipt(level, sent).await,
            _ => sender.hears_nothing().await,
        }
        recipient.acknowledge(handles[0], sent, sent).await;
        if level == Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        sender.hears_nothing().await;
        recipient.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_offline() {
    let disk = Disk::new();
    let mut world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    // It is known, and not there.
    drop(world.connect_with(RECIPIENT, durable_hello()).await);
    world.forgets(RECIPIENT).await;
    let mut sent = Vec::new();
    for level in [
        Level::None,
        Level::Accepted,
        Level::Stored,
        Level::Delivered,
    ] {
        assert_eq!(sender.bind(1, durable(id(RECIPIENT), level)).await, None);
        sent.push(sender.post(1, b"hello").await);
        match level {
            Level::Accepted | Level::Stored => {
                sender.hears_receipt(level, sent[sent.len() - 1]).await
            }
            _ => sender.hears_nothing().await,
        }
    }
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient
        .hears_announce(SENDER, Class::Durable, true, TTL)
        .await;
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
