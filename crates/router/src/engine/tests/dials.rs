//! Dials, and what waits for them.

use super::*;

/// Registers a route of this identity, and closes its session.
fn register_and_leave(world: &mut World, seed: u8) {
    let recipient = world.open(seed.into(), seed);
    let record = record(seed, 1, "tls://192.0.2.2:2");
    assert_eq!(world.listen(recipient, record), None);
    world.close(recipient);
}

/// A world in which 2 is registered and not connected, and a session of 1.
fn with_absent_recipient(change: impl FnOnce(&mut Rules)) -> (World, SessionId) {
    let mut world = World::with(change);
    register_and_leave(&mut world, 2);
    let sender = world.open(1, 1);
    (world, sender)
}

/// The oldest dial fails, and then nothing is under way for its identity.
fn fail_first(world: &mut World) {
    world.engine.dial_failed(world.dialled[0].0, "refused", NOW);
    world.perform();
}

#[test]
fn dials_a_recipient_that_has_a_route_and_no_session() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let first = world.send(sender, 2, b"a");
    let second = world.send(sender, 2, b"b");
    assert_eq!(world.dialled.len(), 1, "one dial for both");
    let (_, to, routes) = world.dialled[0].clone();
    assert_eq!(
        (to, routes),
        (identity(2), vec!["tls://192.0.2.2:2".parse().unwrap()])
    );
    let session = world.open_dialled(7, 2);
    let from = identity(1);
    assert_eq!(
        world.delivered(session),
        [(from, b"a".to_vec()), (from, b"b".to_vec())]
    );
    assert_eq!(world.outcome(sender, first), None);
    assert_eq!(world.outcome(sender, second), None);
    assert_eq!(world.reached[&identity(2)], Some(session));
}

#[test]
fn a_failed_dial_rejects_what_waits_and_is_not_repeated_at_once() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let unreachable = Some(RejectCode::Unreachable);
    let first = world.send(sender, 2, b"a");
    fail_first(&mut world);
    assert_eq!(world.outcome(sender, first), unreachable);
    let second = world.send(sender, 2, b"a");
    assert_eq!(world.outcome(sender, second), unreachable);
    assert_eq!(world.dialled.len(), 1);
    world.engine.tick(NOW + Duration::from_secs(2));
    world.send(sender, 2, b"a");
    assert_eq!(world.dialled.len(), 2, "later it is");
}

#[test]
fn what_waits_for_a_dial_is_bounded() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let first = world.send(sender, 2, &[0; 9_000]);
    let second = world.send(sender, 2, &[0; 2_000]);
    assert!(world.waits(sender, first));
    assert_eq!(world.outcome(sender, second), Some(RejectCode::Congested));
}

#[test]
fn no_more_dials_run_than_allowed() {
    let mut world = World::new();
    for seed in 2..=5 {
        register_and_leave(&mut world, seed);
        let sender = world.open(u64::from(seed) + 10, seed + 10);
        world.send(sender, seed, b"x");
    }
    assert_eq!(world.dialled.len(), 2);
    fail_first(&mut world);
    assert_eq!(world.dialled.len(), 3);
}

#[test]
fn one_session_takes_no_more_than_its_share_of_the_dials() {
    let mut world = World::with(|rules| rules.max_dials = 8);
    for seed in 2..=4 {
        register_and_leave(&mut world, seed);
    }
    let sender = world.open(20, 20);
    let sent = [2, 3, 3, 4].map(|seed| world.send(sender, seed, b"x"));
    assert_eq!(world.dialled.len(), 2, "a quarter of eight");
    assert_eq!(world.outcome(sender, sent[3]), Some(RejectCode::Congested));
    fail_first(&mut world);
    world.send(sender, 4, b"x");
    assert_eq!(world.dialled.len(), 3);
}

#[test]
fn greetings_leave_half_of_the_dials_to_messages() {
    let mut world = World::with(|rules| {
        rules.greeting = Some("hi there".into());
        rules.max_dials = 4;
    });
    for seed in 2..=7 {
        register_and_leave(&mut world, seed);
    }
    assert_eq!(world.dialled.len(), 2, "greetings");
    let sender = world.open(20, 20);
    world.send(sender, 7, b"x");
    assert_eq!(world.dialled.len(), 3);
    assert_eq!(
        world.dialled[2].1,
        identity(7),
        "it waits behind no greeting"
    );
    fail_first(&mut world);
    assert_eq!(world.dialled.len(), 4, "the next greeting");
}

#[test]
fn greets_the_route_of_a_new_registration_once() {
    let mut world = World::with(|rules| rules.greeting = Some("hi there".into()));
    let session = world.open(1, 1);
    world.listen(session, record(1, 1, "tls://192.0.2.1:1"));
    assert_eq!(world.dialled.len(), 1);
    let dialled = world.open_dialled(2, 1);
    assert_eq!(world.said, [(dialled, b"hi there".to_vec())]);
    world.listen(session, record(1, 2, "tls://192.0.2.1:1"));
    assert_eq!(world.dialled.len(), 1, "a renewal is not greeted");
    world.listen(session, record(1, 3, "tls://192.0.2.1:3"));
    assert_eq!(world.dialled.len(), 2, "another route is");
}

#[test]
fn a_recipient_that_connects_meanwhile_gets_what_waits_in_order() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let first = world.send(sender, 2, b"a");
    assert!(world.waits(sender, first));
    let recipient = world.open(9, 2);
    let second = world.send(sender, 2, b"b");
    let from = identity(1);
    let expected = [(from, b"a".to_vec()), (from, b"b".to_vec())];
    assert_eq!(world.delivered(recipient), expected);
    fail_first(&mut world);
    assert_eq!(world.outcome(sender, first), None);
    assert_eq!(world.outcome(sender, second), None);
    assert_eq!(world.refused, []);
}

#[test]
fn what_waits_is_bounded_for_each_sender() {
    let (mut world, flooder) = with_absent_recipient(|_| {});
    let other = world.open(3, 3);
    let flood = [(); 3].map(|()| world.send(flooder, 2, &[0; 4_000]));
    let congested = Some(RejectCode::Congested);
    assert_eq!(world.outcome(flooder, flood[2]), congested);
    let of_other = world.send(other, 2, &[0; 4_000]);
    assert!(world.waits(other, of_other));
    fail_first(&mut world);
    let unreachable = Some(RejectCode::Unreachable);
    assert_eq!(world.outcome(other, of_other), unreachable);
    world.engine.tick(NOW + Duration::from_secs(2));
    let next = world.send(flooder, 2, &[0; 4_000]);
    assert!(world.waits(flooder, next), "its budget is free again");
}

#[test]
fn nothing_of_a_sender_that_left_is_kept_or_answered() {
    let (mut world, sender) = with_absent_recipient(|rules| rules.max_dials = 0);
    world.send(sender, 2, b"a");
    world.close(sender);
    assert!(world.engine.dials.is_empty());
    let (mut world, sender) = with_absent_recipient(|_| {});
    world.send(sender, 2, b"a");
    world.close(sender);
    world.sent.clear();
    fail_first(&mut world);
    assert!(world.sent.is_empty() && world.refused.is_empty());
    assert!(world.engine.dials.is_empty());
}

#[test]
fn many_registrations_are_greeted_once_for_each_dial() {
    let mut world = World::with(|rules| rules.greeting = Some("hi".into()));
    let service = world.open(1, 1);
    for sequence in 1..=50 {
        let route = format!("tls://192.0.2.1:{sequence}");
        assert_eq!(world.listen(service, record(1, sequence, &route)), None);
    }
    assert_eq!(world.dialled.len(), 1);
    world.open_dialled(7, 1);
    assert_eq!(world.said.len(), 1);
}

#[test]
fn a_dialled_peer_that_says_no_hello_fails_its_dial_at_once() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let sent = world.send(sender, 2, b"a");
    let (dial, _, routes) = world.dialled[0].clone();
    let (session, route) = (SessionId(7), routes[0].clone());
    let link = Link::Dialled { dial, route };
    world.engine.opened(session, identity(2), link, NOW);
    let code = RejectCode::Limit;
    world.engine.refuse_session(session, code, "no hello", NOW);
    world.perform();
    let outcome = world.outcome(sender, sent);
    assert_eq!(outcome, Some(RejectCode::Unreachable));
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn a_router_behind_a_route_is_not_taken_for_a_service() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let sent = world.send(sender, 2, b"a");
    let (dial, _, routes) = world.dialled[0].clone();
    let route = routes[0].clone();
    let hello = Hello::new(Role::Router, "test").unwrap();
    let session = world.open_with(7, 2, Link::Dialled { dial, route }, hello);
    assert_eq!(world.delivered(session), []);
    let outcome = world.outcome(sender, sent);
    assert_eq!(outcome, Some(RejectCode::Unreachable));
    let closed = world.closed.iter().find(|(closed, _)| *closed == session);
    let (_, reason) = closed.unwrap();
    assert!(reason.contains("found that of a router"), "{reason}");
    assert!(world.engine.dials.is_empty());
}

#[test]
fn a_dialled_peer_that_does_not_receive_fails_its_dial() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let sent = world.send(sender, 2, b"a");
    let (dial, _, routes) = world.dialled[0].clone();
    let route = routes[0].clone();
    let hello = Hello::new(Role::Service, "test").unwrap();
    let hello = hello.with_parameter(Parameter::Receives, 0).unwrap();
    let session = world.open_with(7, 2, Link::Dialled { dial, route }, hello);
    assert_eq!(world.delivered(session), []);
    let outcome = world.outcome(sender, sent);
    assert_eq!(outcome, Some(RejectCode::Unreachable));
    assert_eq!(world.closed.len(), 1);
    assert!(world.engine.dials.is_empty());
}

#[test]
fn what_waits_longer_than_it_is_of_use_is_refused() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    let to = Target::Identity(identity(2));
    let short = Binding {
        ttl: 2_000,
        ..fast(to.clone())
    };
    assert_eq!(world.bind(sender, 0, short), None);
    assert_eq!(world.bind(sender, 1, fast(to)), None);
    let (first, second) = (
        world.send_on(sender, 0, &[0; 9_000]),
        world.send_on(sender, 1, b"b"),
    );
    let millis = Duration::from_millis;
    world.engine.tick(NOW + millis(1_999));
    world.perform();
    assert!(world.waits(sender, first));
    world.engine.tick(NOW + millis(2_000));
    world.perform();
    assert_eq!(world.outcome(sender, first), Some(RejectCode::TimedOut));
    assert!(world.waits(sender, second));
    let third = world.send_on(sender, 1, &[0; 9_000]);
    assert!(world.waits(sender, third), "its budget is free again");
    let recipient = world.open_dialled(7, 2);
    assert_eq!(world.delivered(recipient).len(), 2);
}

#[test]
fn a_dial_for_which_nothing_waits_any_more_does_not_begin() {
    let (mut world, sender) = with_absent_recipient(|rules| rules.max_dials = 1);
    register_and_leave(&mut world, 3);
    let other = world.open(20, 20);
    world.send(other, 3, b"x");
    let binding = Binding {
        ttl: 1,
        ..fast(Target::Identity(identity(2)))
    };
    assert_eq!(world.bind(sender, 0, binding), None);
    let sent = world.send_on(sender, 0, b"a");
    world.engine.tick(NOW + Duration::from_secs(1));
    world.perform();
    assert_eq!(world.outcome(sender, sent), Some(RejectCode::TimedOut));
    fail_first(&mut world);
    assert_eq!(world.dialled.len(), 1);
    assert!(world.engine.dials.is_empty());
}
