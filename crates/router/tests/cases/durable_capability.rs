//! Who can send durable messages, and as whom.

use tuyau_router::{
    Settings,
    policy::{Action, Effect, Party, Policy, Rule},
};
use tuyau_wire::{Announcement, Class, Hello, Level, Message, Parameter, RejectCode};

use crate::{
    durable::{HANDLE, LEVELS, publish_durably},
    support::hello,
    world::{Disk, GROUP, RECIPIENT, SENDER, Strict, World, durable, durable_hello, id},
};

/// A durable binding or join is refused for this reason, and fast messages are not.
async fn knows_nothing_durable(world: &World, said: Hello) {
    let mut peer = world.connect_with(SENDER, said).await;
    for level in LEVELS {
        for binding in [durable(id(RECIPIENT), level), publish_durably(level)] {
            peer.is_not_bound(binding, RejectCode::Unsupported).await;
        }
    }
    let joined = join(&mut peer, GROUP).await;
    peer.hears_reject(joined, RejectCode::Unsupported).await;
    peer.joins().await;
}

/// Asks to join the group of a key for good.
async fn join(peer: &mut Strict, seed: u8) -> u64 {
    let (sequence, group, durable) = (peer.next(), id(seed), true);
    let grant = None;
    peer.say(&Message::Join {
        sequence,
        group,
        durable,
        grant,
    })
    .await;
    sequence
}

#[tokio::test(start_paused = true)]
async fn a_session_that_does_not_name_the_capability_gets_durable_messages_and_sends_none() {
    let world = World::on(&Disk::new(), |_| {}).await;
    knows_nothing_durable(&world, hello()).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, hello()).await;
    let binding = durable(id(RECIPIENT), Level::Delivered);
    let sent = sender.sends(binding, b"x").await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_deliver(handle, sent, b"x").await;
    recipient.acknowledge(handle, sent, sent).await;
    sender.hears_receipt(Level::Delivered, sent).await;
}

#[tokio::test(start_paused = true)]
async fn a_router_without_a_store_takes_no_durable_messages() {
    let world = World::new().await;
    knows_nothing_durable(&world, durable_hello()).await;
}

#[tokio::test(start_paused = true)]
async fn durable_messages_are_for_whom_the_policy_allows() {
    let denies = |settings: &mut Settings| {
        let who = [Party::Identity(id(SENDER))];
        let may_not = [Action::Send, Action::Publish, Action::Join];
        let rule = Rule::new(Effect::Deny, may_not, who);
        settings.policy = Policy::new(Effect::Allow, vec![rule]);
    };
    let world = World::on(&Disk::new(), denies).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    for level in LEVELS {
        for binding in [durable(id(RECIPIENT), level), publish_durably(level)] {
            sender.is_not_bound(binding, RejectCode::NotAllowed).await;
        }
    }
    let joined = join(&mut sender, GROUP).await;
    sender.hears_reject(joined, RejectCode::NotAllowed).await;
    world.returns(RECIPIENT).await.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn an_identity_is_a_durable_member_of_no_more_groups_than_allowed() {
    let mut world = World::on(&Disk::new(), |settings| settings.limits.groups = 2).await;
    for seed in [60, 61] {
        let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
        let joined = join(&mut member, seed).await;
        member.hears_receipt(Level::Accepted, joined).await;
        drop(member);
        world.forgets(RECIPIENT).await;
    }
    // Of whichever session.
    let mut member = world.connect_with(RECIPIENT, durable_hello()).await;
    let joined = join(&mut member, 62).await;
    member.hears_reject(joined, RejectCode::Limit).await;
    let joined = join(&mut member, 61).await;
    member.hears_receipt(Level::Accepted, joined).await;
    let (sequence, group) = (member.next(), id(60));
    member.say(&Message::Leave { sequence, group }).await;
    member.hears_receipt(Level::Accepted, sequence).await;
    let joined = join(&mut member, 62).await;
    member.hears_receipt(Level::Accepted, joined).await;
}

#[tokio::test(start_paused = true)]
async fn one_can_send_durable_messages_to_oneself() {
    let world = World::on(&Disk::new(), |_| {}).await;
    let mut peer = world.connect_with(SENDER, durable_hello()).await;
    let binding = durable(id(SENDER), Level::Stored);
    assert_eq!(peer.bind(HANDLE, binding).await, None);
    let sent = peer.post(HANDLE, b"note to self").await;
    peer.hears_receipt(Level::Stored, sent).await;
    let handle = peer.hears_of(SENDER).await;
    peer.hears_deliver(handle, sent, b"note to self").await;
    drop(peer);
    let mut peer = world.returns(SENDER).await;
    let handle = peer.hears_of(SENDER).await;
    peer.hears_redeliver(handle, sent, b"note to self").await;
    peer.acknowledge(handle, sent, sent).await;
    peer.hears_nothing().await;
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_one_epoch_are_not_those_of_another() {
    let disk = Disk::new();
    let mut world = World::on(&disk, |_| {}).await;
    let mut sent = Vec::new();
    for epoch in [3, 9, 3] {
        let said = durable_hello().with_parameter(Parameter::Epoch, epoch);
        let mut sender = world.connect_with(SENDER, said.unwrap()).await;
        sender.number = 4096;
        let binding = durable(id(RECIPIENT), Level::Stored);
        sent.push(sender.sends(binding, b"x").await);
    }
    assert_eq!(sent, [4098; 3]);
    for restart in [true, false] {
        let mut recipient = world.returns(RECIPIENT).await;
        for epoch in [3, 9] {
            let told = Announcement {
                identity: id(SENDER),
                epoch,
                group: None,
                class: Class::Durable,
                acknowledge: true,
                ttl: 0,
            };
            let handle = recipient.hears_announced(told).await;
            assert_eq!(recipient.heard_number().await, (handle, 4098));
        }
        recipient.hears_nothing().await;
        if restart {
            drop(recipient);
            world = World::on(&disk.power_cut(), |_| {}).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_acknowledged_before_a_router_stopped_never_comes_again() {
    let disk = Disk::new();
    let world = World::on(&disk, |_| {}).await;
    let mut sender = world.connect_with(SENDER, durable_hello()).await;
    let mut recipient = world.connect_with(RECIPIENT, durable_hello()).await;
    let mut sent = Vec::new();
    for _ in 0..3 {
        let binding = durable(id(RECIPIENT), Level::Stored);
        sent.push(sender.sends(binding, b"x").await);
    }
    let handle = recipient.hears_of(SENDER).await;
    for number in &sent {
        recipient.hears_deliver(handle, *number, b"x").await;
    }
    recipient.acknowledge(handle, sent[0], sent[1]).await;
    recipient.hears_nothing().await;
    drop((sender, recipient));
    assert!(world.router.router.stop().await);
    let world = World::on(&disk.power_cut(), |_| {}).await;
    let mut recipient = world.returns(RECIPIENT).await;
    let handle = recipient.hears_of(SENDER).await;
    recipient.hears_redeliver(handle, sent[2], b"x").await;
    recipient.hears_nothing().await;
}
