//! Durable messages to a group, by where its durable member is.

use std::time::Duration;

use tuyau_wire::Level;

use crate::{
    durable::{HANDLE, LEVELS, kept_from_group, publish_durably},
    world::{Disk, OTHER, RECIPIENT, SENDER, Strict, World, durable_hello, has_route},
};

/// What is published at each level comes to the member, who acknowledges it.
async fn reaches(sender: &mut Strict, member: &mut Strict, mut handle: Option<u64>) {
    for level in LEVELS {
        let sent = sender.sends(publish_durably(level), b"hello").await;
        let number = match handle {
            Some(number) => number,
            None => *handle.insert(member.hears_announced(kept_from_group(SENDER)).await),
        };
        member.hears_deliver(number, sent, b"hello").await;
        sender.hears_nothing().await;
        member.acknowledge(number, sent, sent).await;
        if level == Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        member.hears_nothing().await;
        sender.hears_nothing().await;
    }
}

/// Makes somebody a durable member who then goes away.
async fn was_there(world: &mut World, seed: u8) {
    let mut member = world.connect_with(seed, durable_hello()).await;
    member.join_durably(None).await;
    drop(member);
    world.forgets(seed).await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_connected() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    reaches(&mut sender, &mut member, None).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_delivered_to_a_group_is_delivered_when_the_last_durable_member_acknowledged() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut one = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut other = world.connect_with(OTHER, durable_hello()).await;
    one.join_durably(None).await;
    other.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let binding = publish_durably(Level::Delivered);
        sent.push(sender.sends(binding, b"x").await);
    }
    for member in [&mut one, &mut other] {
        sender.hears_nothing().await;
        let handle = member.hears_announced(kept_from_group(SENDER)).await;
        for number in &sent {
            member.hears_deliver(handle, *number, b"x").await;
        }
        // Once is as good as twice.
        member.acknowledge(handle, sent[0], sent[2]).await;
        member.acknowledge(handle, sent[0], sent[2]).await;
        member.hears_nothing().await;
    }
    sender.hears_delivered(&sent).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_dialled() {
    let mut world = World::on(&Disk::new(), has_route).await;
    was_there(&mut world, RECIPIENT).await;
    let mut route = world.route().await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(publish_durably(level), b"come").await);
    }
    let mut member = Strict::accept(&mut route).await;
    let handle = member.hears_announced(kept_from_group(SENDER)).await;
    for number in &sent {
        member.hears_deliver(handle, *number, b"come").await;
    }
    sender.hears_nothing().await;
    member.acknowledge(handle, sent[0], sent[3]).await;
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    reaches(&mut sender, &mut member, Some(handle)).await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_offline() {
    let disk = Disk::new();
    let mut world = World::on(&disk, |_| {}).await;
    was_there(&mut world, RECIPIENT).await;
    was_there(&mut world, OTHER).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(publish_durably(level), b"hello").await);
    }
    for seed in [RECIPIENT, OTHER] {
        sender.hears_nothing().await;
        let mut member = world.returns(seed).await;
        let handle = member.hears_announced(kept_from_group(SENDER)).await;
        for number in &sent {
            member.hears_deliver(handle, *number, b"hello").await;
        }
        member.acknowledge(handle, sent[0], sent[3]).await;
        member.hears_nothing().await;
    }
    sender.hears_receipt(Level::Delivered, sent[3]).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_durable_member_is_one_after_a_restart() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.join_durably(None).await;
    // Whoever has the receipt can count on it.
    let disk = disk.power_cut();
    drop((world, member));

    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let before = sender.sends(publish_durably(Level::Stored), b"1").await;
    let disk = disk.power_cut();
    drop((world, sender));

    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = before;
    let after = sender.sends(publish_durably(Level::Delivered), b"2").await;
    let mut member = world.returns(RECIPIENT).await;
    let handle = member.hears_announced(kept_from_group(SENDER)).await;
    member.hears_redeliver(handle, before, b"1").await;
    member.hears_deliver(handle, after, b"2").await;
    member.acknowledge(handle, before, after).await;
    sender.hears_receipt(Level::Delivered, after).await;
    // And so it is with having left.
    let left = member.leave().await;
    member.hears_receipt(Level::Accepted, left).await;
    let disk = disk.power_cut();
    drop((world, sender, member));

    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = after;
    let sent = sender.bind(HANDLE, publish_durably(Level::Delivered)).await;
    assert_eq!(sent, None);
    let sent = sender.post(HANDLE, b"3").await;
    sender.hears_receipt(Level::Delivered, sent).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn case_group_durable_unknown() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for level in LEVELS {
        assert_eq!(sender.bind(HANDLE, publish_durably(level)).await, None);
        let sent = sender.post(HANDLE, b"is anybody there?").await;
        if level != Level::None {
            sender.hears_receipt(level, sent).await;
        }
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_while_one_member_acknowledges_it_is_not_delivered_before_the_others_do() {
    let world = World::on(&Disk::slow(Duration::from_secs(3)), |_| {}).await;
    let mut one = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut other = world.connect_with(OTHER, durable_hello()).await;
    one.join_durably(None).await;
    other.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 4096;
    let binding = publish_durably(Level::Delivered);
    let sent = sender.sends(binding, b"x").await;
    let mut handles = Vec::new();
    for member in [&mut one, &mut other] {
        let handle = member.hears_announced(kept_from_group(SENDER)).await;
        member.hears_deliver(handle, sent, b"x").await;
        handles.push(handle);
    }
    for again in [true, false] {
        drop(sender);
        sender = world.connect_with(SENDER, durable_hello()).await;
        let binding = publish_durably(Level::Delivered);
        assert_eq!(sender.bind(HANDLE, binding).await, None);
        // The disk is asked for both at once, in either order.
        sender.number = sent - 1;
        if again {
            one.acknowledge(handles[0], sent, sent).await;
            one.hears_nothing().await;
            sender.post(HANDLE, b"x").await;
            sender.hears_nothing().await;
            tokio::time::sleep(Duration::from_secs(20)).await;
            sender.hears_nothing().await;
        } else {
            sender.post(HANDLE, b"x").await;
            sender.hears_nothing().await;
            other.acknowledge(handles[1], sent, sent).await;
            sender.hears_receipt(Level::Delivered, sent).await;
            sender.hears_nothing().await;
        }
    }
}
