//! Durable members of groups: for how much there is room, and until when they may be in one.

use std::time::Duration;

use tokio::time::sleep;
use tuyau_router::{Timestamp, journal::Event};
use tuyau_wire::{Grant, Level, RejectCode, Rights, Signed};

use crate::{
    durable::{HANDLE, kept_from_group, publish_durably},
    support::key,
    world::{
        Disk, GROUP, OTHER, RECIPIENT, SENDER, Strict, World, durable_hello, grant, id, restricted,
    },
};

#[tokio::test(start_paused = true)]
async fn a_member_whose_mailbox_is_full_misses_what_others_get() {
    let mut world = World::on(&Disk::new(), |settings| {
        settings.limits.mailbox_messages = 2;
    })
    .await;
    let mut away = world.connect_with(RECIPIENT, durable_hello()).await;
    away.join_durably(None).await;
    drop(away);
    world.forgets(RECIPIENT).await;
    let mut member = world.connect_with(OTHER, durable_hello()).await;
    member.join_durably(None).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut sent = Vec::new();
    let mut handle = None;
    for _ in 0..4 {
        let binding = publish_durably(Level::Delivered);
        sent.push(sender.sends(binding, b"x").await);
        let number = match handle {
            Some(number) => number,
            None => *handle.insert(member.hears_announced(kept_from_group(SENDER)).await),
        };
        let last = sent[sent.len() - 1];
        member.hears_deliver(number, last, b"x").await;
        member.acknowledge(number, last, last).await;
        member.hears_nothing().await;
        // It is waited for those alone that have it.
        if sent.len() > 2 {
            sender.hears_receipt(Level::Delivered, last).await;
        }
        sender.hears_nothing().await;
    }
    let dropped = world.router.event(|event| match event {
        Event::Dropped {
            identity, messages, ..
        } => Some((*identity, *messages)),
        _ => None,
    });
    assert_eq!(dropped.await, (id(RECIPIENT), 1));
    let mut away = world.returns(RECIPIENT).await;
    let handle = away.hears_announced(kept_from_group(SENDER)).await;
    away.hears_deliver(handle, sent[0], b"x").await;
    away.hears_deliver(handle, sent[1], b"x").await;
    away.hears_nothing().await;
    away.acknowledge(handle, sent[0], sent[1]).await;
    sender.hears_delivered(&sent[..2]).await;
    sender.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn what_no_durable_member_has_room_for_is_refused() {
    let world = World::on(&Disk::new(), |settings| {
        settings.limits.mailbox_messages = 1;
    })
    .await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut guest = world.connect_with(OTHER, durable_hello()).await;
    member.join_durably(None).await;
    guest.joins().await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let first = sender.sends(publish_durably(Level::Stored), b"1").await;
    let second = sender.post(HANDLE, b"2").await;
    sender.hears_reject(second, RejectCode::MailboxFull).await;
    for peer in [&mut member, &mut guest] {
        assert_eq!(peer.delivered().await.1, first);
        peer.hears_nothing().await;
    }
}

/// A restricted group with a durable member, which is away, and its owner, who publishes.
async fn with_member(world: &mut World, grant: Signed<Grant>) -> Strict {
    let mut owner = world.connect_with(GROUP, durable_hello()).await;
    owner.declare(restricted(1, 1)).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.join_durably(Some(grant)).await;
    drop(member);
    world.forgets(RECIPIENT).await;
    owner
}

/// What is published waits for nobody, and nobody gets it.
async fn is_for_nobody(world: &World, owner: &mut Strict) {
    let binding = publish_durably(Level::Delivered);
    assert_eq!(owner.bind(HANDLE, binding).await, None);
    let sent = owner.post(HANDLE, b"secret").await;
    owner.hears_receipt(Level::Delivered, sent).await;
    let mut member = world.returns(RECIPIENT).await;
    member.hears_nothing().await;
    let mut again = world.connect_with(RECIPIENT, durable_hello()).await;
    let sent = owner.post(HANDLE, b"secret").await;
    owner.hears_receipt(Level::Delivered, sent).await;
    again.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn a_durable_member_whose_grant_expires_while_it_is_away_gets_nothing_of_what_comes_then() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let claims = Grant {
        group: id(GROUP),
        identity: id(RECIPIENT),
        sequence: 1,
        rights: Rights::Join,
        expires: Timestamp::now().seconds() + 30,
    };
    let short = Signed::sign(&key(GROUP), claims).unwrap();
    let mut owner = with_member(&mut world, short).await;
    let sent = owner.sends(publish_durably(Level::Stored), b"x").await;
    let mut member = world.returns(RECIPIENT).await;
    let handle = member.hears_announced(kept_from_group(GROUP)).await;
    member.hears_deliver(handle, sent, b"x").await;
    member.acknowledge(handle, sent, sent).await;
    drop(member);
    world.forgets(RECIPIENT).await;
    sleep(Duration::from_secs(32)).await;
    is_for_nobody(&world, &mut owner).await;
}

#[tokio::test(start_paused = true)]
async fn a_durable_member_whose_grant_is_taken_back_while_it_is_away_gets_nothing_of_what_comes_then()
 {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let old = grant(RECIPIENT, 1, Rights::Join);
    let mut owner = with_member(&mut world, old).await;
    owner.declare(restricted(2, 2)).await;
    is_for_nobody(&world, &mut owner).await;
}

#[tokio::test(start_paused = true)]
async fn a_durable_member_of_a_group_that_becomes_restricted_while_it_is_away_is_none_any_more() {
    let mut world = World::on(&Disk::new(), |_| {}).await;
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    member.join_durably(None).await;
    drop(member);
    world.forgets(RECIPIENT).await;
    let mut owner = world.connect_with(GROUP, durable_hello()).await;
    owner.declare(restricted(1, 1)).await;
    is_for_nobody(&world, &mut owner).await;
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_has_expired_while_the_router_was_down_does_not_count_after_its_start() {
    let (disk, dir) = (Disk::new(), tempfile::tempdir().unwrap());
    let keeps_rules = |settings: &mut tuyau_router::Settings| {
        settings.state_dir = Some(dir.path().to_owned());
    };
    let mut world = World::on(&disk, keeps_rules).await;
    let claims = Grant {
        group: id(GROUP),
        identity: id(RECIPIENT),
        sequence: 1,
        rights: Rights::Join,
        expires: Timestamp::now().seconds() + 30,
    };
    let short = Signed::sign(&key(GROUP), claims).unwrap();
    let owner = with_member(&mut world, short).await;
    drop(owner);
    assert!(world.router.router.stop().await);
    sleep(Duration::from_secs(32)).await;

    let world = World::on(&disk.power_cut(), keeps_rules).await;
    let mut owner = world.connect_with(GROUP, durable_hello()).await;
    is_for_nobody(&world, &mut owner).await;
}
