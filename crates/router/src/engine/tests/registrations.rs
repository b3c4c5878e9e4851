//! Registrations: what is taken, refused, withdrawn and forgotten.

use super::*;

#[test]
fn registers_what_the_session_proved() {
    let mut world = World::new();
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, record(1, 1, "tls://192.0.2.1:1")),
        None
    );
    assert_eq!(world.engine.state().table.len(), 1);
    assert_eq!(world.engine.state().processed, 1);
    assert_eq!(world.changed, [Some(Kept::Claim(identity(1)))]);
}

#[test]
fn refuses_bad_records_and_changes_nothing() {
    let mut world = World::new();
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, record(1, 5, "tls://192.0.2.1:1")),
        None
    );
    let before = world.engine.state().clone();
    let forged = Signed::from_parts(record(1, 9, "tls://192.0.2.1:1").bytes(), [7; 64]).unwrap();
    let expiring = |expires| {
        let routes = vec!["tls://192.0.2.1:1".parse().unwrap()];
        let record = Record {
            identity: identity(1),
            sequence: 9,
            routes,
            expires,
        };
        Signed::sign(&key(1), record).unwrap()
    };
    let now = NOW.seconds();
    let cases = [
        (record(2, 9, "tls://192.0.2.1:1"), RejectCode::WrongIdentity),
        (forged, RejectCode::BadSignature),
        (record(1, 4, "tls://192.0.2.1:1"), RejectCode::StaleSequence),
        (record(1, 5, "tls://192.0.2.1:2"), RejectCode::StaleSequence),
        (expiring(now), RejectCode::Expired),
        (expiring(0), RejectCode::Expired),
        (expiring(now + 3601), RejectCode::Expired),
        (
            record(1, 9, "tcp://192.0.2.1:1"),
            RejectCode::RouteNotAllowed,
        ),
        (record(1, 9, "unix:///run/x"), RejectCode::RouteNotAllowed),
        (record(1, 9, "tls://192.0.2.1"), RejectCode::RouteNotAllowed),
        (
            record(1, 9, "tls://192.0.2.1:0"),
            RejectCode::RouteNotAllowed,
        ),
        (record(1, 9, "tls://0.0.0.0:1"), RejectCode::RouteNotAllowed),
    ];
    for (number, (record, code)) in cases.into_iter().enumerate() {
        let answer = world.listen(session, record);
        assert_eq!(answer, Some(code), "case {number}");
    }
    assert_eq!(world.engine.state(), &before);
    assert!(world.closed.is_empty());
}

#[test]
fn refuses_loopback_routes_of_peers_from_elsewhere() {
    let mut world = World::new();
    let origin = Origin::Ip("192.0.2.9:1".parse().unwrap());
    let session = world.open_link(1, 1, Link::Accepted { origin });
    let routes = [
        "tls://127.0.0.1:1",
        "tls://[::1]:1",
        "tls://[::ffff:127.0.0.1]:1",
        "tls://localhost:1",
    ];
    for (sequence, route) in (1..).zip(routes) {
        let answer = world.listen(session, record(1, sequence, route));
        assert_eq!(answer, Some(RejectCode::RouteNotAllowed), "{route}");
    }
    assert_eq!(
        world.listen(session, record(1, 9, "tls://192.0.2.9:1")),
        None
    );
}

#[test]
fn refuses_a_route_that_does_not_parse_and_keeps_the_session() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let good = Message::Listen {
        sequence: 3,
        record: record(1, 1, "tls://192.0.2.1:1"),
    }
    .encode();
    let at = good
        .windows(6)
        .position(|window| window == b"tls://")
        .unwrap();
    let mut bad = good.clone();
    bad[at + 3] = b'_';
    world.say_bytes(session, &bad);
    assert_eq!(world.answer(session, 3), Some(RejectCode::BadRoute));
    assert!(world.closed.is_empty());
    assert_eq!(world.engine.state(), &State::default());
}

#[test]
fn simulated_registrations_are_never_dialled() {
    let mut world = World::with(|rules| rules.greeting = Some("hi there".into()));
    let now = NOW;
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Simulated, now);
    assert_eq!(
        world.listen(SessionId(1), record(1, 1, "tls://203.0.113.1:1")),
        None
    );
    assert!(world.dialled.is_empty());
    assert_eq!(
        world.engine.state().table.rows().next().unwrap().source,
        crate::Source::Simulated
    );
}

#[test]
fn the_end_of_an_old_session_leaves_a_newer_registration() {
    let mut world = World::new();
    let old = world.open(1, 1);
    world.listen(old, record(1, 1, "tls://192.0.2.1:1"));
    let new = world.open(2, 1);
    world.listen(new, record(1, 2, "tls://192.0.2.1:2"));
    world.close(old);
    let row = world.engine.state().table.get(&identity(1)).unwrap();
    assert_eq!(row.routes, &["tls://192.0.2.1:2".parse().unwrap()]);
    assert!(world.engine.is_connected(&identity(1)));
    let sender = world.open(3, 3);
    world.send(sender, 1, b"x");
    assert_eq!(world.delivered(new).len(), 1);
}

#[test]
fn unlisten_takes_the_registration_back() {
    let mut world = World::new();
    let session = world.open(1, 1);
    world.listen(session, record(1, 1, "tls://192.0.2.1:1"));
    let withdrawal = Withdrawal {
        identity: identity(1),
        sequence: 2,
    };
    let withdrawal = Signed::sign(&key(1), withdrawal).unwrap();
    let forged = Signed::from_parts(withdrawal.bytes(), [1; 64]).unwrap();
    world.say(
        session,
        &Message::Unlisten {
            sequence: 2,
            withdrawal: forged,
        },
    );
    assert_eq!(world.answer(session, 2), Some(RejectCode::BadSignature));
    assert_eq!(world.engine.state().table.len(), 1);
    world.say(
        session,
        &Message::Unlisten {
            sequence: 3,
            withdrawal,
        },
    );
    assert_eq!(world.answer(session, 3), None);
    assert!(world.engine.state().table.is_empty());
}

#[test]
fn a_count_at_its_end_stays_there() {
    let mut world = World::new();
    let processed = u64::MAX;
    let state = State {
        processed,
        ..State::default()
    };
    world.engine.restore(state, NOW);
    let session = world.open(1, 1);
    assert_eq!(
        world.listen(session, record(1, 1, "tls://192.0.2.1:1")),
        None
    );
    assert_eq!(world.engine.state().processed, u64::MAX);
}
