//! For how long durable messages are kept.

use std::time::Duration;

use tokio::time::sleep;
use tuyau_router::Settings;
use tuyau_wire::{Binding, Class, Level, RejectCode};

use crate::world::{Disk, RECIPIENT, SENDER, World, durable, durable_hello, id};

fn to_recipient(level: Level) -> Binding {
    durable(id(RECIPIENT), level)
}

#[tokio::test(start_paused = true)]
async fn what_has_timed_out_does_not_come_also_when_nobody_looked_since() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let short = Binding {
        ttl: 2,
        ..to_recipient(Level::Delivered)
    };
    // The router looks once a second.
    sleep(Duration::from_millis(100)).await;
    let timed_out = sender.sends(short, b"short").await;
    let sent = sender.sends(to_recipient(Level::Stored), b"long").await;
    sleep(Duration::from_millis(3)).await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"long").await;
    recipient.hears_nothing().await;
    sender.hears_reject(timed_out, RejectCode::TimedOut).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_is_kept_no_longer_than_the_router_keeps_any() {
    let short = |settings: &mut Settings| settings.limits.ttl_max = Duration::from_secs(10);
    let world = World::on(&Disk::new(), short).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for ttl in [0, 60_000, u64::MAX] {
        let binding = Binding {
            ttl,
            ..to_recipient(Level::Delivered)
        };
        let sent = sender.sends(binding, b"x").await;
        sleep(Duration::from_secs(9)).await;
        sender.hears_nothing().await;
        sleep(Duration::from_secs(3)).await;
        sender.hears_reject(sent, RejectCode::TimedOut).await;
    }
    world.returns(RECIPIENT).await.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_recipient_is_told_for_how_long_a_message_is_of_use() {
    let disk = Disk::new();
    let mut world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let minute = Binding {
        ttl: 60_000,
        ..to_recipient(Level::Stored)
    };
    let first = sender.sends(minute, b"1").await;
    let second = sender.sends(to_recipient(Level::Stored), b"2").await;
    for restart in [true, false] {
        let mut recipient = world.returns(RECIPIENT).await;
        for (number, ttl) in [(first, 60_000), (second, 0)] {
            let handle = recipient
                .hears_announce(SENDER, Class::Durable, true, ttl)
                .await;
            assert_eq!(recipient.heard_number().await, (handle, number));
        }
        if restart {
            drop(recipient);
            world = World::on(&disk.power_cut(), |_| {}).await;
        }
    }
}
