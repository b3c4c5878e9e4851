//! Sessions: how they begin, what ends them, and what is told of them.

use super::*;

#[test]
fn ends_sessions_that_break_the_protocol() {
    let hello = Message::Hello(Hello::new(Role::Service, "test").unwrap()).encode();
    let send = Message::Send {
        handle: 0,
        sequence: 9,
        body: b"",
    }
    .encode();
    let deliver = Message::Deliver {
        handle: 0,
        sequence: 1,
        body: b"",
    }
    .encode();
    let trailing = [&hello[..], &[0]].concat();
    for (number, bytes) in [&hello, &deliver, &trailing, &vec![0xff], &vec![]]
        .into_iter()
        .enumerate()
    {
        let mut world = World::new();
        let session = world.open(1, 1);
        let binding = fast(Target::Identity(identity(100)));
        assert_eq!(world.bind(session, 0, binding), None);
        world.say_bytes(session, bytes);
        assert_eq!(world.closed.len(), 1, "case {number}");
        world.say_bytes(session, &send);
        assert!(world.taken.is_empty(), "it is no longer heard");
    }
    let mut world = World::new();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Accepted { origin }, NOW);
    world.say_bytes(SessionId(1), &send);
    assert!(
        world.closed[0].1.contains("expected a hello"),
        "{:?}",
        world.closed
    );
}

#[test]
fn sequence_numbers_must_grow() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let binding = fast(Target::Identity(identity(100)));
    let bind = Message::Bind {
        sequence: 0,
        handle: 3,
        binding,
    };
    let send = |sequence| Message::Send {
        handle: 3,
        sequence,
        body: b"x",
    };
    world.say(session, &bind);
    world.say(session, &send(1));
    world.say(session, &send(5));
    assert!(world.closed.is_empty());
    world.say(session, &send(5));
    assert_eq!(world.closed.len(), 1);
    assert_eq!(world.engine.state().processed, 3);
}

#[test]
fn refuses_a_hello_of_another_version() {
    let mut world = World::new();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    world
        .engine
        .opened(SessionId(1), identity(1), Link::Accepted { origin }, NOW);
    let ours = Message::Hello(Hello::new(Role::Service, "test").unwrap()).encode();
    // The array of versions is [2].
    let at = ours
        .windows(2)
        .position(|window| window == [0x81, 0x02])
        .unwrap();
    let mut other = ours.clone();
    other[at + 1] = 0x01;
    world.say_bytes(SessionId(1), &other);
    assert!(
        world.closed[0].1.starts_with("version"),
        "{:?}",
        world.closed
    );
}

#[test]
fn tells_of_a_peer_that_did_not_get_as_far_as_a_session() {
    let mut world = World::new();
    let session = SessionId(1);
    let origin = Origin::Ip("192.0.2.7:5".parse().unwrap());
    let link = Link::Accepted { origin };
    world.engine.opened(session, identity(1), link, NOW);
    world.engine.closed(session, "no hello".into(), NOW);
    world.perform();
    let told = world.told.iter().map(ToString::to_string);
    assert_eq!(
        told.collect::<Vec<_>>(),
        ["handshake with 192.0.2.7:5 failed: no hello"]
    );
}

#[test]
fn idle_dialled_sessions_are_closed_and_registrations_expire() {
    let mut world = World::new();
    let session = world.open(1, 1);
    world.listen(session, record(1, 1, "tls://192.0.2.1:1"));
    let route = "tls://192.0.2.1:1".parse().unwrap();
    let dialled = world.open_link(
        2,
        1,
        Link::Dialled {
            dial: DialId(1),
            route,
        },
    );
    world.engine.tick(NOW + Duration::from_secs(59));
    world.perform();
    assert!(world.closed.is_empty());
    world.engine.tick(NOW + Duration::from_secs(60));
    world.perform();
    assert_eq!(world.closed, [(dialled, "idle".into())]);
    world.engine.tick(NOW + Duration::from_secs(600));
    assert!(world.engine.state().table.is_empty());
}
