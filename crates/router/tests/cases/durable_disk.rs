//! Disks that fail, and what they lose.

use std::{sync::Arc, time::Duration};

use tokio::{sync::broadcast::Receiver, time::sleep};
use tuyau_router::{
    journal::{Entry, Event},
    store::Fault,
};
use tuyau_wire::{Level, Message, RejectCode};

use crate::{
    durable::{HANDLE, LEVELS, publish_durably},
    support::peer::fast,
    world::{Disk, GROUP, RECIPIENT, SENDER, World, durable, durable_hello, id},
};

/// The names of what was told since the last call that matters here.
fn told(journal: &mut Receiver<Arc<Entry>>) -> Vec<&'static str> {
    let mut names = Vec::new();
    while let Ok(entry) = journal.try_recv() {
        if matches!(
            entry.event,
            Event::StoreFailed { .. } | Event::Damaged { .. }
        ) {
            names.push(entry.event.name());
        }
    }
    names
}

#[tokio::test(start_paused = true)]
async fn durable_messages_are_refused_when_the_disk_fails_and_fast_ones_go_on() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut journal = world.router.router.watch();
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let to_recipient = |level| durable(id(RECIPIENT), level);
    let sent = sender.sends(to_recipient(Level::Stored), b"x").await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"x").await;

    disk.mailboxes.fail_after(0, Fault::Broken);
    for _ in 0..3 {
        for level in LEVELS {
            assert_eq!(sender.bind(HANDLE, to_recipient(level)).await, None);
            let sent = sender.post(HANDLE, b"y").await;
            let text = sender.hears_reject(sent, RejectCode::Internal).await;
            assert!(text.contains("the router's store has failed"), "{text}");
        }
        sleep(Duration::from_secs(5)).await;
    }
    // Nobody gets what is not stored.
    recipient.hears_nothing().await;
    recipient.acknowledge(handle, sent, sent).await;
    recipient.hears_nothing().await;
    sender.hears_nothing().await;
    assert_eq!(told(&mut journal), ["store-failed"]);
    // A member for good there can be none, and one for the session there can.
    let (sequence, group, durable) = (recipient.next(), id(GROUP), true);
    let join = Message::Join {
        sequence,
        group,
        durable,
        grant: None,
    };
    recipient.say(&join).await;
    recipient.hears_reject(sequence, RejectCode::Internal).await;
    recipient.joins().await;
    assert_eq!(sender.bind_group(1, Level::Accepted, None).await, None);
    let published = sender.post(1, b"news").await;
    sender.hears_receipt(Level::Accepted, published).await;
    assert_eq!(recipient.delivery().await.1, b"news");
    let binding = fast(id(RECIPIENT), Level::Delivered);
    assert_eq!(sender.bind(2, binding).await, None);
    let sent = sender.post(2, b"fast").await;
    let (from, number, body) = recipient.delivered().await;
    assert_eq!(
        (from.identity, number, &body[..]),
        (id(SENDER), sent, &b"fast"[..])
    );
    // It comes back, and nobody tells of the disk again.
    let mut recipient = world.returns(RECIPIENT).await;
    recipient.hears_nothing().await;
    sleep(Duration::from_secs(5)).await;
    assert_eq!(told(&mut journal), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_before_the_disk_failed_is_there_after_the_next_start() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.join_durably(None).await;
    drop(member);
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let sent = sender.sends(publish_durably(Level::Stored), b"x").await;
    disk.mailboxes.fail_after(0, Fault::NoSpace);
    let refused = sender.post(HANDLE, b"y").await;
    sender.hears_reject(refused, RejectCode::Internal).await;
    let disk = disk.power_cut();
    drop((world, sender));
    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = sent - 1;
    // The one that was refused can be sent again.
    sender
        .sends_again(publish_durably(Level::Stored), refused, b"y")
        .await;
    sender.hears_receipt(Level::Stored, refused).await;
    let mut member = world.returns(RECIPIENT).await;
    let told = crate::durable::kept_from_group(SENDER);
    let handle = member.hears_announced(told).await;
    member.hears_redeliver(handle, sent, b"x").await;
    member.hears_deliver(handle, refused, b"y").await;
    member.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_damage_took_away_is_told_and_the_rest_is_delivered() {
    for restart in [true, false] {
        let disk = Disk::without_cache();
        let mut world = World::on(&disk, |_| {}).await;
        let mut sender = world.connect_with(SENDER, durable_hello()).await;
        let mut sent = Vec::new();
        for body in [[1; 100], [2; 100], [3; 100]] {
            let binding = durable(id(RECIPIENT), Level::Stored);
            sent.push(sender.sends(binding, &body).await);
        }
        disk.damage(&[2; 100]);
        if restart {
            drop(sender);
            assert!(world.router.router.stop().await);
            world = World::on(&disk.power_cut(), |_| {}).await;
        }
        let mut recipient = world.returns(RECIPIENT).await;
        let handle = recipient.hears_of(SENDER).await;
        for number in [sent[0], sent[2]] {
            assert_eq!(recipient.heard_number().await, (handle, number));
        }
        recipient.hears_nothing().await;
        // Beside what is only made anew after the power cut.
        let text = world.router.event(|event| match event {
            Event::Damaged { text } if text.contains("lost message") => Some(text.clone()),
            _ => None,
        });
        let text = text.await;
        assert!(text.contains(&id(RECIPIENT).to_string()), "{text}");
    }
}
