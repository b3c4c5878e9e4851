//! Which session of an identity receives, and that the end of another one changes nothing.

use super::*;

fn deaf() -> Hello {
    let hello = Hello::new(Role::Service, "test").unwrap();
    hello.with_parameter(Parameter::Receives, 0).unwrap()
}

fn accepted() -> Link {
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    Link::Accepted { origin }
}

fn dialled() -> Link {
    let (dial, route) = (DialId(1), "tls://192.0.2.1:1".parse().unwrap());
    Link::Dialled { dial, route }
}

#[test]
fn the_newest_session_that_the_service_opened_receives() {
    let mut world = World::new();
    let who = identity(1);
    let first = world.open(1, 1);
    assert_eq!(world.reached[&who], Some(first));
    let second = world.open(2, 1);
    assert_eq!(world.reached[&who], Some(second));
    let third = world.open_link(3, 1, dialled());
    assert_eq!(world.reached[&who], Some(second), "{third:?} was dialled");
    world.open_with(4, 1, accepted(), deaf());
    assert_eq!(world.reached[&who], Some(second));
    world.close(second);
    assert_eq!(world.reached[&who], Some(first));
    world.close(first);
    assert_eq!(world.reached[&who], Some(third));
    world.close(third);
    assert_eq!(world.reached[&who], None);
    assert!(!world.engine.is_connected(&who));
}

#[test]
fn the_late_end_of_an_older_session_leaves_the_newer_one_in_place() {
    let mut world = World::new();
    let who = identity(1);
    let old = world.open(1, 1);
    assert_eq!(world.listen(old, record(1, 1, "tls://192.0.2.1:1")), None);
    let sender = world.open(3, 3);
    world.send(sender, 1, b"to the old one");
    let new = world.open(2, 1);
    assert_eq!(world.listen(new, record(1, 2, "tls://192.0.2.1:2")), None);
    // The router refuses the older one, then hears of its end, and then again.
    world.engine.end(old, RejectCode::Internal, "a fault");
    world.perform();
    assert_eq!(world.reached[&who], Some(new));
    for _ in 0..2 {
        world.close(old);
        assert_eq!(world.reached[&who], Some(new));
    }
    let row = world.engine.state().table.get(&who).unwrap();
    assert_eq!(row.routes, &["tls://192.0.2.1:2".parse().unwrap()]);
    let sent = world.send(sender, 1, b"to the new one");
    assert_eq!(world.outcome(sender, sent), None);
    assert_eq!(world.delivered(new).len(), 1);
}

#[test]
fn a_session_that_is_being_closed_receives_nothing_more() {
    let mut world = World::new();
    let recipient = world.open(1, 1);
    let sender = world.open(3, 3);
    world.engine.end(recipient, RejectCode::Internal, "a fault");
    world.perform();
    assert_eq!(world.reached[&identity(1)], None);
    let sent = world.send(sender, 1, b"x");
    assert_eq!(world.outcome(sender, sent), Some(RejectCode::Unreachable));
}

#[test]
fn the_end_of_a_session_frees_only_its_own_handles() {
    let mut world = World::new();
    let (old, new) = (world.open(1, 1), world.open(2, 1));
    let to = || fast(Target::Identity(identity(9)));
    for session in [old, new] {
        for handle in 0..3 {
            assert_eq!(world.bind(session, handle, to()), None);
        }
    }
    world.close(old);
    let left: Vec<_> = world.bound.keys().copied().collect();
    assert_eq!(left, [(new, 0), (new, 1), (new, 2)]);
}
