//! Dials of those for whom messages are kept.

use std::time::Duration;

use tuyau_router::journal::Event;
use tuyau_wire::{Binding, Level};

use crate::{
    durable::HANDLE,
    world::{Disk, RECIPIENT, SENDER, Strict, World, durable, durable_hello, has_route, id},
};

fn to_recipient(level: Level) -> Binding {
    durable(id(RECIPIENT), level)
}

#[tokio::test(start_paused = true)]
async fn who_has_messages_and_no_session_is_dialled_with_pauses_that_grow() {
    let world = World::on(&Disk::new(), has_route).await;
    let mut journal = world.router.router.watch();
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let first = sender.sends(to_recipient(Level::Stored), b"1").await;
    let mut tries = Vec::new();
    while tries.len() < 6 {
        let entry = journal.recv().await.unwrap();
        if let Event::Unreachable { identity, .. } = entry.event {
            assert_eq!(identity, id(RECIPIENT));
            tries.push(entry.time);
        }
        if tries.len() == 1 {
            let binding = to_recipient(Level::Stored);
            assert_eq!(sender.bind(HANDLE, binding).await, None);
        }
    }
    for (pair, pause) in tries.windows(2).zip([1, 2, 4, 8, 16]) {
        let (pause, tick) = (Duration::from_secs(pause), Duration::from_secs(2));
        let passed = pair[1].since(pair[0]);
        assert!(pause <= passed && passed <= pause + tick, "{passed:?}");
    }
    // It listens now, and all of it comes with the next try.
    let mut route = world.route().await;
    let second = sender.post(HANDLE, b"2").await;
    sender.hears_receipt(Level::Stored, second).await;
    let mut recipient = Strict::accept(&mut route).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, first, b"1").await;
    recipient.hears_deliver(handle, second, b"2").await;
    recipient.acknowledge(handle, first, first).await;
    recipient.hears_nothing().await;
    // It goes with one left, and is dialled again.
    drop(recipient);
    let mut recipient = Strict::accept(&mut route).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_redeliver(handle, second, b"2").await;
    recipient.acknowledge(handle, second, second).await;
    recipient.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn whoever_has_messages_is_dialled_when_the_router_starts() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let sent = sender.sends(to_recipient(Level::Stored), b"x").await;
    drop(sender);
    assert!(world.router.router.stop().await);

    let disk = disk.power_cut();
    let world = World::on(&disk, has_route).await;
    let mut route = world.route().await;
    let mut recipient = Strict::accept(&mut route).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_redeliver(handle, sent, b"x").await;
    assert_eq!(recipient.identity(), id(RECIPIENT));
    recipient.acknowledge(handle, sent, sent).await;
    recipient.hears_nothing().await;
}
