//! What else happens to durable messages in a group.

use tuyau_wire::{Announcement, Level, Parameter};

use crate::{
    durable::{HANDLE, LEVELS, kept_from_group, publish_durably},
    world::{Disk, OTHER, RECIPIENT, SENDER, Strict, World, durable, durable_hello, id},
};

/// Publishes where nobody is waited for: the receipt comes at once at every level.
async fn publishes(sender: &mut Strict, level: Level, body: &[u8]) -> u64 {
    assert_eq!(sender.bind(HANDLE, publish_durably(level)).await, None);
    let sent = sender.post(HANDLE, body).await;
    if level != Level::None {
        sender.hears_receipt(level, sent).await;
    }
    sender.hears_nothing().await;
    sent
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_for_session() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.joins().await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let told = Announcement {
        acknowledge: false,
        ..kept_from_group(SENDER)
    };
    for level in LEVELS {
        let sent = publishes(&mut sender, level, b"x").await;
        let handle = member.hears_announced(told).await;
        member.hears_deliver(handle, sent, b"x").await;
        // It may say that it is done with it, and nobody asked.
        member.acknowledge(handle, sent, sent).await;
        member.hears_nothing().await;
        sender.hears_nothing().await;
    }
    drop(member);
    world.forgets(RECIPIENT).await;
    for level in LEVELS {
        publishes(&mut sender, level, b"it is away").await;
    }
    let mut member = world.returns(RECIPIENT).await;
    member.hears_nothing().await;
    // Not even when others are members for good.
    let mut other = world.connect_with(OTHER, durable_hello()).await;
    other.join_durably(None).await;
    member.joins().await;
    let sent = sender.sends(publish_durably(Level::Delivered), b"y").await;
    let handle = member.hears_announced(told).await;
    member.hears_deliver(handle, sent, b"y").await;
    sender.hears_nothing().await;
    let handle = other.hears_announced(kept_from_group(SENDER)).await;
    other.hears_deliver(handle, sent, b"y").await;
    other.acknowledge(handle, sent, sent).await;
    sender.hears_receipt(Level::Delivered, sent).await;
    member.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_publisher() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.join_durably(None).await;
    for level in LEVELS {
        publishes(&mut sender, level, b"to nobody else").await;
    }
    let mut same_key = world.connect_with(SENDER, durable_hello()).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    same_key.join_durably(None).await;
    member.join_durably(None).await;
    let sent = sender.sends(publish_durably(Level::Delivered), b"x").await;
    let handle = member.hears_announced(kept_from_group(SENDER)).await;
    member.hears_deliver(handle, sent, b"x").await;
    member.acknowledge(handle, sent, sent).await;
    sender.hears_receipt(Level::Delivered, sent).await;
    sender.hears_nothing().await;
    same_key.hears_nothing().await;
    // Nothing of it is kept, and of others all is.
    drop((sender, same_key));
    world.forgets(SENDER).await;
    world.forgets(SENDER).await;
    let sent = member.sends(publish_durably(Level::Stored), b"y").await;
    let mut sender = world.returns(SENDER).await;
    let handle = sender.hears_announced(kept_from_group(RECIPIENT)).await;
    sender.hears_deliver(handle, sent, b"y").await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_gone() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut gone = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut other = world.connect_with(OTHER, durable_hello()).await;
    gone.join_durably(None).await;
    other.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(publish_durably(level), b"x").await);
    }
    for member in [&mut gone, &mut other] {
        let handle = member.hears_announced(kept_from_group(SENDER)).await;
        for number in &sent {
            member.hears_deliver(handle, *number, b"x").await;
        }
        if member.identity() != id(RECIPIENT) {
            member.acknowledge(handle, sent[0], sent[3]).await;
        }
        member.hears_nothing().await;
    }
    drop(gone);
    world.forgets(RECIPIENT).await;
    sender.hears_nothing().await;
    let mut gone = world.returns(RECIPIENT).await;
    let handle = gone.hears_announced(kept_from_group(SENDER)).await;
    for number in &sent {
        gone.hears_redeliver(handle, *number, b"x").await;
    }
    sender.hears_nothing().await;
    gone.acknowledge(handle, sent[0], sent[3]).await;
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    gone.hears_nothing().await;
    other.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_late() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for level in LEVELS {
        publishes(&mut sender, level, b"too early").await;
    }
    // For one who is a member already it is kept, and it is not for one who comes later.
    let mut early = world.connect_with(OTHER, durable_hello()).await;
    early.join_durably(None).await;
    drop(early);
    world.forgets(OTHER).await;
    let first = sender.sends(publish_durably(Level::Delivered), b"1").await;
    let mut late = world.connect_with(RECIPIENT, durable_hello()).await;
    late.join_durably(None).await;
    late.hears_nothing().await;
    let mut early = world.returns(OTHER).await;
    let handle = early.hears_announced(kept_from_group(SENDER)).await;
    early.hears_deliver(handle, first, b"1").await;
    early.acknowledge(handle, first, first).await;
    sender.hears_receipt(Level::Delivered, first).await;
    let second = sender.sends(publish_durably(Level::Stored), b"2").await;
    early.hears_deliver(handle, second, b"2").await;
    let handle = late.hears_announced(kept_from_group(SENDER)).await;
    late.hears_deliver(handle, second, b"2").await;
    late.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_left() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let few = durable_hello().with_parameter(Parameter::Unacknowledged, 1);
    let mut leaver = world.connect_with(RECIPIENT, few.unwrap()).await;
    leaver.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let binding = publish_durably(Level::Delivered);
        sent.push(sender.sends(binding, b"x").await);
    }
    // One is on its way, and the others wait for its acknowledgement.
    let handle = leaver.hears_announced(kept_from_group(SENDER)).await;
    leaver.hears_deliver(handle, sent[0], b"x").await;
    let left = leaver.leave().await;
    leaver.hears_receipt(Level::Accepted, left).await;
    sender.hears_delivered(&sent).await;
    sender.hears_nothing().await;
    publishes(&mut sender, Level::Delivered, b"y").await;
    leaver.acknowledge(handle, sent[0], sent[0]).await;
    leaver.hears_nothing().await;
    leaver.join_durably(None).await;
    leaver.hears_nothing().await;
    let sent = sender.sends(publish_durably(Level::Stored), b"z").await;
    leaver.hears_deliver(handle, sent, b"z").await;
    leaver.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_durable_member_can_leave_over_a_session_that_receives_nothing() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut leaver = world.connect_with(RECIPIENT, durable_hello()).await;
    leaver.join_durably(None).await;
    drop(leaver);
    world.forgets(RECIPIENT).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let published = sender.sends(publish_durably(Level::Delivered), b"x").await;
    let own = durable(id(RECIPIENT), Level::Stored);
    let kept = sender.sends(own, b"for it alone").await;
    sender.sends(publish_durably(Level::Stored), b"y").await;
    let deaf = durable_hello().with_parameter(Parameter::Receives, 0);
    let mut deaf = world.connect_with(RECIPIENT, deaf.unwrap()).await;
    let left = deaf.leave().await;
    deaf.hears_receipt(Level::Accepted, left).await;
    sender.hears_receipt(Level::Delivered, published).await;
    // What was sent to itself is there still.
    let mut leaver = world.returns(RECIPIENT).await;
    let handle = leaver.hears_of(SENDER).await;
    leaver.hears_deliver(handle, kept, b"for it alone").await;
    leaver.hears_nothing().await;
    deaf.hears_nothing().await;
    // Leaving what one is not in is no error.
    let left = deaf.leave().await;
    deaf.hears_receipt(Level::Accepted, left).await;
}
