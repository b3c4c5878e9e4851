//! Groups: how rights in them end.

use super::*;
use tuyau_wire::{Grant, Rights, Rules as GroupRules};

/// The key of the group.
const GROUP: u8 = 50;

fn grant(to: u8, rights: Rights, seconds: u64) -> Signed<Grant> {
    let grant = Grant {
        group: identity(GROUP),
        identity: identity(to),
        sequence: 1,
        rights,
        expires: NOW.seconds() + seconds,
    };
    Signed::sign(&key(GROUP), grant).unwrap()
}

/// Rules by which everything in the group wants a grant.
fn restricted() -> Signed<GroupRules> {
    let rules = GroupRules {
        group: identity(GROUP),
        sequence: 1,
        join_restricted: true,
        publish_restricted: true,
        grants_from: 0,
    };
    Signed::sign(&key(GROUP), rules).unwrap()
}

/// Restricts the group, at so many seconds.
fn restrict(world: &mut World, session: SessionId, seconds: u64) {
    let rules = restricted();
    let sequence = world.number(session);
    let declare = Message::Declare { sequence, rules }.encode();
    let then = NOW + Duration::from_secs(seconds);
    world.engine.received(session, &declare, then);
    world.perform();
    assert_eq!(world.answer(session, sequence), None);
}

fn join(world: &mut World, session: SessionId, grant: Option<Signed<Grant>>) -> u64 {
    let (sequence, group, durable) = (world.number(session), identity(GROUP), false);
    world.say(
        session,
        &Message::Join {
            sequence,
            group,
            durable,
            grant,
        },
    );
    sequence
}

fn publish(
    world: &mut World,
    session: SessionId,
    grant: Option<Signed<Grant>>,
) -> Option<RejectCode> {
    let grant = grant.map(Box::new);
    let group = identity(GROUP);
    world.bind(session, 0, fast(Target::Group { group, grant }))
}

fn tick(world: &mut World, seconds: u64) {
    world.engine.tick(NOW + Duration::from_secs(seconds));
    world.perform();
}

#[test]
fn rights_end_when_their_grants_expire() {
    let mut world = World::new();
    let [owner, publisher, member, other] = [1, 2, 3, 4].map(|n| world.open(n, n as u8));
    restrict(&mut world, owner, 0);
    let granted = grant(2, Rights::Publish, 20);
    assert_eq!(publish(&mut world, publisher, Some(granted)), None);
    let joined = join(&mut world, member, Some(grant(3, Rights::Join, 10)));
    assert_eq!(world.answer(member, joined), None);
    let later = join(&mut world, other, Some(grant(4, Rights::Join, 30)));
    assert_eq!(world.answer(other, later), None);
    world.sent.clear();

    tick(&mut world, 9);
    assert_eq!(world.members.len(), 2);
    tick(&mut world, 10);
    assert_eq!(world.answer(member, joined), Some(RejectCode::NoGrant));
    assert_eq!(world.members, [(identity(GROUP), other)]);
    assert_eq!(world.bound.len(), 1);
    tick(&mut world, 20);
    assert_eq!(world.bound.len(), 0);
    let sent = world.send_on(publisher, 0, b"x");
    assert_eq!(world.answer(publisher, sent), Some(RejectCode::NoGrant));
    tick(&mut world, 30);
    assert_eq!(world.answer(other, later), Some(RejectCode::NoGrant));
    assert_eq!(world.members, []);
}

#[test]
fn who_needs_no_grant_stays_when_it_expires() {
    let mut world = World::new();
    let [owner, member] = [1, 3].map(|n| world.open(n, n as u8));
    let joined = join(&mut world, member, Some(grant(3, Rights::Join, 10)));
    assert_eq!(world.answer(member, joined), None);
    let granted = grant(3, Rights::Publish, 10);
    assert_eq!(publish(&mut world, member, Some(granted)), None);
    tick(&mut world, 20);
    assert_eq!((world.members.len(), world.bound.len()), (1, 1));
    // It has no right any more when the group becomes restricted.
    restrict(&mut world, owner, 21);
    assert_eq!((world.members.len(), world.bound.len()), (0, 0));
    assert_eq!(world.answer(member, joined), Some(RejectCode::NoGrant));
}

#[test]
fn the_end_of_a_session_ends_what_it_bound_and_joined() {
    let mut world = World::new();
    let [one, two] = [1, 2].map(|n| world.open(n, 7));
    for session in [one, two] {
        join(&mut world, session, None);
        assert_eq!(publish(&mut world, session, None), None);
    }
    world.close(one);
    assert_eq!(world.members, [(identity(GROUP), two)]);
    assert_eq!(world.bound.len(), 1);
    assert!(world.bound.contains_key(&(two, 0)));
}

#[test]
fn a_handle_that_lost_its_right_can_be_freed() {
    let mut world = World::new();
    let [owner, publisher] = [1, 2].map(|n| world.open(n, n as u8));
    assert_eq!(publish(&mut world, publisher, None), None);
    restrict(&mut world, owner, 0);
    world.say(publisher, &Message::Unbind { handle: 0 });
    let sent = world.send_on(publisher, 0, b"x");
    assert_eq!(world.answer(publisher, sent), Some(RejectCode::Unbound));
}

#[test]
fn a_restored_state_ends_what_its_rules_do_not_allow() {
    let mut world = World::new();
    let [publisher, member, stranger] = [2, 3, 4].map(|n| world.open(n, n as u8));
    let granted = grant(2, Rights::Publish, 20);
    assert_eq!(publish(&mut world, publisher, Some(granted)), None);
    assert_eq!(publish(&mut world, stranger, None), None);
    let joined = join(&mut world, member, Some(grant(3, Rights::Join, 10)));
    assert_eq!(world.answer(member, joined), None);
    let open = join(&mut world, stranger, None);
    assert_eq!(world.answer(stranger, open), None);
    world.sent.clear();

    let state = State {
        groups: [(identity(GROUP), restricted())].into(),
        ..State::default()
    };
    world.engine.restore(state, NOW);
    world.perform();
    assert_eq!(world.answer(stranger, open), Some(RejectCode::NoGrant));
    assert_eq!(world.members, [(identity(GROUP), member)]);
    let bound: Vec<_> = world.bound.keys().copied().collect();
    assert_eq!(bound, [(publisher, 0)]);
    // Grants that were brought while the group was open still have their end.
    tick(&mut world, 10);
    assert_eq!(world.answer(member, joined), Some(RejectCode::NoGrant));
    assert_eq!(world.members, []);
}
