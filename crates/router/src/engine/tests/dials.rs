//! Dials, and what waits for them.

use super::*;

#[test]
fn dials_a_recipient_that_has_a_route_and_no_session() {
    let mut world = World::new();
    let recipient = world.open(2, 2);
    assert_eq!(
        world.listen(recipient, 1, record(2, 1, "tls://192.0.2.2:2")),
        None
    );
    world.engine.closed(recipient, "gone".into(), NOW);
    let sender = world.open(1, 1);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"a",
        },
    );
    world.say(
        sender,
        &Message::Send {
            request: 2,
            to: identity(2),
            body: b"b",
        },
    );
    assert_eq!(world.dialled.len(), 1, "one dial for both");
    let (dial, to, routes) = world.dialled[0].clone();
    assert_eq!(
        (to, routes),
        (identity(2), vec!["tls://192.0.2.2:2".parse().unwrap()])
    );
    let session = SessionId(7);
    let route = "tls://192.0.2.2:2".parse().unwrap();
    world
        .engine
        .opened(session, identity(2), Link::Dialled { dial, route }, NOW);
    world.say(
        session,
        &Message::Hello(Hello::new(Role::Service, "test").unwrap()),
    );
    let from = identity(1);
    assert_eq!(
        world.delivered(session),
        [(from, b"a".to_vec()), (from, b"b".to_vec())]
    );
    assert_eq!(
        (world.answer(sender, 1), world.answer(sender, 2)),
        (None, None)
    );
}

#[test]
fn a_failed_dial_rejects_what_waits_and_is_not_repeated_at_once() {
    let mut world = World::new();
    let recipient = world.open(2, 2);
    world.listen(recipient, 1, record(2, 1, "tls://192.0.2.2:2"));
    world.engine.closed(recipient, "gone".into(), NOW);
    let sender = world.open(1, 1);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"a",
        },
    );
    let dial = world.dialled[0].0;
    world.engine.dial_failed(dial, "refused", NOW);
    world.perform();
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Unreachable));
    world.say(
        sender,
        &Message::Send {
            request: 2,
            to: identity(2),
            body: b"a",
        },
    );
    assert_eq!(world.answer(sender, 2), Some(RejectCode::Unreachable));
    assert_eq!(world.dialled.len(), 1);
    world.engine.tick(NOW + Duration::from_secs(2));
    world.say(
        sender,
        &Message::Send {
            request: 3,
            to: identity(2),
            body: b"a",
        },
    );
    assert_eq!(world.dialled.len(), 2, "later it is");
}

#[test]
fn what_waits_for_a_dial_is_bounded() {
    let mut world = World::new();
    let recipient = world.open(2, 2);
    world.listen(recipient, 1, record(2, 1, "tls://192.0.2.2:2"));
    world.engine.closed(recipient, "gone".into(), NOW);
    let sender = world.open(1, 1);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: &[0; 9_000],
        },
    );
    world.say(
        sender,
        &Message::Send {
            request: 2,
            to: identity(2),
            body: &[0; 2_000],
        },
    );
    assert_eq!(world.answer(sender, 2), Some(RejectCode::Congested));
}

/// Registers a route of this identity, and closes its session.
fn register_and_leave(world: &mut World, seed: u8) {
    let recipient = world.open(seed.into(), seed);
    world.listen(recipient, 1, record(seed, 1, "tls://192.0.2.2:2"));
    world.engine.closed(recipient, "gone".into(), NOW);
}

#[test]
fn no_more_dials_run_than_allowed() {
    let mut world = World::new();
    for seed in 2..=5 {
        register_and_leave(&mut world, seed);
        let sender = world.open(u64::from(seed) + 10, seed + 10);
        world.say_bytes(sender, &send(1, seed, b"x"));
    }
    assert_eq!(world.dialled.len(), 2);
    world.engine.dial_failed(world.dialled[0].0, "refused", NOW);
    world.perform();
    assert_eq!(world.dialled.len(), 3);
}

#[test]
fn one_session_takes_no_more_than_its_share_of_the_dials() {
    let mut world = World::with(|rules| rules.max_dials = 8);
    for seed in 2..=4 {
        register_and_leave(&mut world, seed);
    }
    let sender = world.open(20, 20);
    for (request, seed) in (1..).zip([2, 3, 3, 4]) {
        world.say_bytes(sender, &send(request, seed, b"x"));
    }
    assert_eq!(world.dialled.len(), 2, "a quarter of eight");
    assert_eq!(world.answer(sender, 4), Some(RejectCode::Congested));
    world.engine.dial_failed(world.dialled[0].0, "refused", NOW);
    world.perform();
    world.say_bytes(sender, &send(5, 4, b"x"));
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
    world.say_bytes(sender, &send(1, 7, b"x"));
    assert_eq!(world.dialled.len(), 3);
    assert_eq!(
        world.dialled[2].1,
        identity(7),
        "it waits behind no greeting"
    );
    world.engine.dial_failed(world.dialled[0].0, "refused", NOW);
    world.perform();
    assert_eq!(world.dialled.len(), 4, "the next greeting");
}

#[test]
fn greets_the_route_of_a_new_registration_once() {
    let mut world = World::with(|rules| rules.greeting = Some("hi there".into()));
    let session = world.open(1, 1);
    world.listen(session, 1, record(1, 1, "tls://192.0.2.1:1"));
    assert_eq!(world.dialled.len(), 1);
    let dial = world.dialled[0].0;
    let route = "tls://192.0.2.1:1".parse().unwrap();
    world.engine.opened(
        SessionId(2),
        identity(1),
        Link::Dialled { dial, route },
        NOW,
    );
    world.say(
        SessionId(2),
        &Message::Hello(Hello::new(Role::Service, "test").unwrap()),
    );
    assert_eq!(
        world.delivered(SessionId(2)),
        [(identity(100), b"hi there".to_vec())]
    );
    world.listen(session, 2, record(1, 2, "tls://192.0.2.1:1"));
    assert_eq!(world.dialled.len(), 1, "a renewal is not greeted");
    world.listen(session, 3, record(1, 3, "tls://192.0.2.1:3"));
    assert_eq!(world.dialled.len(), 2, "another route is");
}

/// A world in which 2 is registered and not connected, and a session of 1.
fn with_absent_recipient(change: impl FnOnce(&mut Rules)) -> (World, SessionId) {
    let mut world = World::with(change);
    let recipient = world.open(2, 2);
    world.listen(recipient, 1, record(2, 1, "tls://192.0.2.2:2"));
    world.engine.closed(recipient, "gone".into(), NOW);
    let sender = world.open(1, 1);
    (world, sender)
}

fn send(request: u64, to: u8, body: &[u8]) -> Vec<u8> {
    let to = identity(to);
    Message::Send { request, to, body }.encode()
}

#[test]
fn a_recipient_that_connects_meanwhile_gets_what_waits_in_order() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    world.say_bytes(sender, &send(1, 2, b"a"));
    assert!(world.sent.is_empty());
    let recipient = SessionId(9);
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    let link = Link::Accepted { origin };
    world.engine.opened(recipient, identity(2), link, NOW);
    let hello = Hello::new(Role::Service, "test").unwrap();
    world.say(recipient, &Message::Hello(hello));
    world.say_bytes(sender, &send(2, 2, b"b"));
    let from = identity(1);
    let expected = [(from, b"a".to_vec()), (from, b"b".to_vec())];
    assert_eq!(world.delivered(recipient), expected);
    let dial = world.dialled[0].0;
    world.engine.dial_failed(dial, "refused", NOW);
    world.perform();
    assert_eq!(
        (world.answer(sender, 1), world.answer(sender, 2)),
        (None, None)
    );
}

#[test]
fn what_waits_is_bounded_for_each_sender() {
    let (mut world, flooder) = with_absent_recipient(|_| {});
    let other = world.open(3, 3);
    for request in 1..=3 {
        world.say_bytes(flooder, &send(request, 2, &[0; 4_000]));
    }
    assert_eq!(world.answer(flooder, 3), Some(RejectCode::Congested));
    world.say_bytes(other, &send(1, 2, &[0; 4_000]));
    assert!(world.sent.iter().all(|(to, _)| *to != other), "it waits");
    let dial = world.dialled[0].0;
    world.engine.dial_failed(dial, "refused", NOW);
    world.perform();
    assert_eq!(world.answer(other, 1), Some(RejectCode::Unreachable));
    world.engine.tick(NOW + Duration::from_secs(2));
    world.sent.clear();
    world.say_bytes(flooder, &send(4, 2, &[0; 4_000]));
    assert!(world.sent.is_empty(), "its budget is free again: it waits");
}

#[test]
fn nothing_of_a_sender_that_left_is_kept_or_answered() {
    let (mut world, sender) = with_absent_recipient(|rules| rules.max_dials = 0);
    world.say_bytes(sender, &send(1, 2, b"a"));
    world.engine.closed(sender, "gone".into(), NOW);
    assert!(world.engine.dials.is_empty());
    let (mut world, sender) = with_absent_recipient(|_| {});
    world.say_bytes(sender, &send(1, 2, b"a"));
    world.engine.closed(sender, "gone".into(), NOW);
    let dial = world.dialled[0].0;
    world.engine.dial_failed(dial, "refused", NOW);
    world.perform();
    assert!(world.sent.is_empty());
    assert!(world.engine.dials.is_empty());
}

#[test]
fn many_registrations_are_greeted_once_for_each_dial() {
    let mut world = World::with(|rules| rules.greeting = Some("hi".into()));
    let service = world.open(1, 1);
    for sequence in 1..=50 {
        let route = format!("tls://192.0.2.1:{sequence}");
        let record = record(1, sequence, &route);
        assert_eq!(world.listen(service, sequence, record), None);
    }
    let (dial, _, routes) = world.dialled[0].clone();
    let (session, route) = (SessionId(7), routes[0].clone());
    let link = Link::Dialled { dial, route };
    world.engine.opened(session, identity(1), link, NOW);
    let hello = Hello::new(Role::Service, "test").unwrap();
    world.say(session, &Message::Hello(hello));
    assert_eq!(world.delivered(session).len(), 1);
}

#[test]
fn a_dialled_peer_that_says_no_hello_fails_its_dial_at_once() {
    let (mut world, sender) = with_absent_recipient(|_| {});
    world.say_bytes(sender, &send(1, 2, b"a"));
    let (dial, _, routes) = world.dialled[0].clone();
    let (session, route) = (SessionId(7), routes[0].clone());
    let link = Link::Dialled { dial, route };
    world.engine.opened(session, identity(2), link, NOW);
    let code = RejectCode::Limit;
    world.engine.refuse_session(session, code, "no hello", NOW);
    world.perform();
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Unreachable));
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn a_router_behind_a_route_is_not_taken_for_a_service() {
    let mut world = World::new();
    let recipient = world.open(2, 2);
    world.listen(recipient, 1, record(2, 1, "tls://192.0.2.2:2"));
    world.engine.closed(recipient, "gone".into(), NOW);
    let sender = world.open(1, 1);
    let (request, to, body) = (1, identity(2), &b"a"[..]);
    world.say(sender, &Message::Send { request, to, body });
    let dial = world.dialled[0].0;
    let route = "tls://192.0.2.2:2".parse().unwrap();
    let (session, link) = (SessionId(7), Link::Dialled { dial, route });
    world.engine.opened(session, identity(2), link, NOW);
    let hello = Hello::new(Role::Router, "test").unwrap();
    world.say(session, &Message::Hello(hello));
    assert_eq!(world.delivered(session), []);
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Unreachable));
    let closed = world.closed.iter().find(|(closed, _)| *closed == session);
    let (_, reason) = closed.unwrap();
    assert!(reason.contains("found that of a router"), "{reason}");
    assert!(world.engine.dials.is_empty());
}
