//! Durable messages to one recipient that are not kept, or not for long.

use std::time::Duration;

use tokio::time::sleep;
use tuyau_router::Settings;
use tuyau_wire::{Binding, Level, RejectCode};

use crate::{
    durable::{HANDLE, LEVELS},
    world::{Disk, OTHER, RECIPIENT, SENDER, World, durable, durable_hello, id},
};

fn to_recipient(level: Level) -> Binding {
    durable(id(RECIPIENT), level)
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_timed_out() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for level in LEVELS {
        let binding = Binding {
            ttl: 5000,
            ..to_recipient(level)
        };
        let sent = sender.sends(binding, b"x").await;
        sleep(Duration::from_secs(4)).await;
        sender.hears_nothing().await;
        sleep(Duration::from_secs(3)).await;
        if level == Level::Delivered {
            sender.hears_reject(sent, RejectCode::TimedOut).await;
        }
        sender.hears_nothing().await;
    }
    let mut recipient = world.returns(RECIPIENT).await;
    recipient.hears_nothing().await;
    // The one behind is delivered.
    let sent = sender.sends(to_recipient(Level::Stored), b"y").await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"y").await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_full() {
    let limits: [fn(&mut Settings); 4] = [
        |settings| settings.limits.mailbox_messages = 2,
        |settings| settings.limits.mailbox_bytes = 7,
        |settings| settings.limits.store_messages = 2,
        |settings| settings.limits.store_bytes = 7,
    ];
    for (limit, of_all) in limits.into_iter().zip([false, false, true, true]) {
        let world = World::on(&Disk::new(), limit).await;
        let mut sender = world.connect_with(SENDER, durable_hello()).await;
        let first = sender.sends(to_recipient(Level::Stored), b"one").await;
        let second = sender.sends(to_recipient(Level::Stored), b"two").await;
        for level in LEVELS {
            assert_eq!(sender.bind(HANDLE, to_recipient(level)).await, None);
            let sent = sender.post(HANDLE, b"three").await;
            sender.hears_reject(sent, RejectCode::MailboxFull).await;
        }
        // What is kept for others has room, if it is not all that may be kept.
        let to_other = durable(id(OTHER), Level::Stored);
        assert_eq!(sender.bind(HANDLE, to_other).await, None);
        let sent = sender.post(HANDLE, b"four").await;
        match of_all {
            true => drop(sender.hears_reject(sent, RejectCode::MailboxFull).await),
            false => sender.hears_receipt(Level::Stored, sent).await,
        }
        let mut recipient = world.returns(RECIPIENT).await;
        let handle = recipient.hears_of(SENDER).await;
        recipient.hears_deliver(handle, first, b"one").await;
        recipient.hears_deliver(handle, second, b"two").await;
        recipient.hears_nothing().await;
        // There is room again when one is done with.
        recipient.acknowledge(handle, first, first).await;
        recipient.hears_nothing().await;
        let sent = sender.sends(to_recipient(Level::Stored), b"new").await;
        recipient.hears_deliver(handle, sent, b"new").await;
        recipient.hears_nothing().await;
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_twice() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sent = Vec::new();
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 4096;
    for level in LEVELS {
        sent.push(sender.sends(to_recipient(level), b"x").await);
    }
    // It did not hear of the last one, and does not know of the others.
    for acknowledged in [false, true] {
        drop(sender);
        sender = world.connect_with(SENDER, durable_hello()).await;
        for (level, number) in LEVELS.into_iter().zip(&sent) {
            // Behind the one before, as its bind was.
            sender.number = number - 2;
            let binding = to_recipient(level);
            sender.sends_again(binding, *number, b"x").await;
            match level {
                Level::None => {}
                Level::Delivered if !acknowledged => {}
                _ => sender.hears_receipt(level, *number).await,
            }
            sender.hears_nothing().await;
        }
        let mut recipient = world.returns(RECIPIENT).await;
        if !acknowledged {
            let handle = recipient.hears_of(SENDER).await;
            for number in &sent {
                recipient.hears_deliver(handle, *number, b"x").await;
            }
            recipient.hears_nothing().await;
            recipient.acknowledge(handle, sent[0], sent[3]).await;
            sender.hears_receipt(Level::Delivered, sent[3]).await;
        }
        recipient.hears_nothing().await;
        sender.hears_nothing().await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_comes_again_before_it_is_stored_is_answered_in_the_newer_session() {
    let mut world = World::on(&Disk::slow(Duration::from_secs(3)), |_| {}).await;
    for level in [Level::Accepted, Level::Stored, Level::Delivered] {
        let mut sender = world.connect_with(SENDER, durable_hello()).await;
        sender.number = 4096;
        assert_eq!(sender.bind(HANDLE, to_recipient(level)).await, None);
        let sent = sender.post(HANDLE, b"x").await;
        sender.hears_nothing().await;
        drop(sender);
        world.forgets(SENDER).await;
        let mut sender = world.connect_with(SENDER, durable_hello()).await;
        sender.number = 4096;
        sender.sends_again(to_recipient(level), sent, b"x").await;
        sender.hears_nothing().await;
        let mut recipient = world.returns(RECIPIENT).await;
        if level != Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        let handle = recipient.hears_of(SENDER).await;
        recipient.hears_deliver(handle, sent, b"x").await;
        recipient.acknowledge(handle, sent, sent).await;
        if level == Level::Delivered {
            sender.hears_receipt(level, sent).await;
        }
        sender.hears_nothing().await;
        recipient.hears_nothing().await;
        drop((sender, recipient));
        world = World::on(&Disk::slow(Duration::from_secs(3)), |_| {}).await;
    }
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_stale() {
    let world = World::on(&Disk::new(), |settings| {
        settings.limits.window_messages = 64;
        settings.limits.window = Duration::from_secs(60);
    })
    .await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 499;
    let binding = to_recipient(Level::Stored);
    assert_eq!(sender.sends(binding, b"newest").await, 501);
    for level in LEVELS {
        let mut sender = world.connect_with(SENDER, durable_hello()).await;
        sender.number = 10;
        sender.sends_again(to_recipient(level), 437, b"x").await;
        sender.hears_reject(437, RejectCode::StaleSequence).await;
        sender.hears_nothing().await;
    }
    // The oldest one inside the window.
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 10;
    let binding = to_recipient(Level::Stored);
    sender.sends_again(binding, 438, b"oldest").await;
    sender.hears_receipt(Level::Stored, 438).await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, 501, b"newest").await;
    recipient.hears_deliver(handle, 438, b"oldest").await;
    recipient.hears_nothing().await;
    // After the time of the window no number is known.
    sleep(Duration::from_secs(62)).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    sender.number = 10;
    let binding = to_recipient(Level::Stored);
    sender.sends_again(binding, 437, b"again").await;
    sender.hears_receipt(Level::Stored, 437).await;
}

#[tokio::test(start_paused = true)]
async fn case_unicast_durable_too_large() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let (small, large) = ([1; 10], [2; 5000]);
    let mut sent = Vec::new();
    for level in LEVELS {
        sent.push(sender.sends(to_recipient(level), &large).await);
        sent.push(sender.sends(to_recipient(Level::Stored), &small).await);
    }
    let short = durable_hello().with_max_frame(4096).unwrap();
    let mut recipient = world.returns_with(RECIPIENT, short).await;
    let handle = recipient.hears_of(SENDER).await;
    for number in sent.iter().skip(1).step_by(2) {
        recipient.hears_deliver(handle, *number, &small).await;
    }
    recipient.hears_nothing().await;
    let text = sender.hears_reject(sent[6], RejectCode::TooLarge).await;
    assert_eq!(text, "the recipient accepts messages of at most 4096 bytes");
    // One that comes while it is there.
    let binding = to_recipient(Level::Delivered);
    assert_eq!(sender.bind(HANDLE, binding).await, None);
    let large = sender.post(HANDLE, &large).await;
    let small = sender.post(HANDLE, &small).await;
    sender.hears_reject(large, RejectCode::TooLarge).await;
    recipient.hears_deliver(handle, small, &[1; 10]).await;
    recipient.acknowledge(handle, small, small).await;
    sender.hears_receipt(Level::Delivered, small).await;
    sender.hears_nothing().await;
    recipient.hears_nothing().await;
}
