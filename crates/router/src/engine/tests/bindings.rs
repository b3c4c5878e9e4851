//! Handles: what they can be bound to, and what follows from binding them anew.

use super::*;

/// A world in which 2 and 3 are registered and not connected, and a session of 1.
fn with_absent_recipients() -> (World, SessionId) {
    let mut world = World::with(|rules| rules.max_dials = 8);
    for seed in [2, 3] {
        let recipient = world.open(seed.into(), seed);
        let record = record(seed, 1, "tls://192.0.2.2:2");
        assert_eq!(world.listen(recipient, record), None);
        world.close(recipient);
    }
    let sender = world.open(1, 1);
    (world, sender)
}

#[test]
fn a_message_goes_where_its_handle_led_when_it_was_sent() {
    let (mut world, sender) = with_absent_recipients();
    let to = |seed| fast(Target::Identity(identity(seed)));
    assert_eq!(world.bind(sender, 0, to(2)), None);
    let first = world.send_on(sender, 0, b"for 2");
    assert_eq!(world.bind(sender, 0, to(3)), None);
    let second = world.send_on(sender, 0, b"for 3");
    let (recipient, other) = (world.open(12, 2), world.open(13, 3));
    let from = identity(1);
    assert_eq!(world.delivered(recipient), [(from, b"for 2".to_vec())]);
    assert_eq!(world.delivered(other), [(from, b"for 3".to_vec())]);
    let tickets: Vec<_> = world.delivered.iter().map(|(_, it, _)| *it).collect();
    assert_eq!(
        (tickets[0].sequence, tickets[1].sequence),
        (first, second),
        "each in its turn"
    );
    assert_ne!(tickets[0].binding, tickets[1].binding);
    assert!(tickets[0].waited && tickets[1].waited);
}

#[test]
fn binds_what_goes_together_and_nothing_else() {
    use Class::{Fast, Request};
    let group = Target::Group {
        group: identity(50),
        grant: None,
    };
    let cases = [
        (
            Target::Identity(identity(2)),
            Fast,
            "none accepted delivered",
        ),
        (Target::Identity(identity(2)), Request, "none"),
        (group.clone(), Fast, "none accepted"),
        (group, Request, ""),
        (Target::Identity(identity(100)), Fast, "none accepted"),
        (Target::Identity(identity(100)), Request, ""),
    ];
    for (target, class, levels) in cases {
        for &level in Level::ALL {
            let mut world = World::new();
            let sender = world.open(1, 1);
            let binding = Binding {
                target: target.clone(),
                class,
                level,
                ttl: 0,
            };
            let refused = world.bind(sender, 0, binding);
            let allowed = levels.split(' ').any(|name| name == level.name());
            let expected = (!allowed).then_some(RejectCode::Unsupported);
            assert_eq!(refused, expected, "{target:?} {class} {level}");
            assert_eq!(world.bound.is_empty(), !allowed);
        }
    }
}

#[test]
fn a_refused_bind_frees_the_handle() {
    let mut world = World::new();
    let (sender, _recipient) = (world.open(1, 1), world.open(2, 2));
    let to = |level| Binding {
        level,
        ..fast(Target::Identity(identity(2)))
    };
    assert_eq!(world.bind(sender, 0, to(Level::None)), None);
    let refused = world.bind(sender, 0, to(Level::Stored));
    assert_eq!(refused, Some(RejectCode::Unsupported));
    let sent = world.send_on(sender, 0, b"x");
    assert_eq!(world.answer(sender, sent), Some(RejectCode::Unbound));
    assert!(world.bound.is_empty());
    assert!(world.closed.is_empty());
}

#[test]
fn handles_are_below_the_limit() {
    let mut world = World::with(|rules| rules.max_handles = 4);
    let sender = world.open(1, 1);
    let to = || fast(Target::Identity(identity(2)));
    assert_eq!(world.bind(sender, 3, to()), None);
    for handle in [4, u64::MAX] {
        let refused = world.bind(sender, handle, to());
        assert_eq!(refused, Some(RejectCode::Limit));
        let sent = world.send_on(sender, handle, b"x");
        assert_eq!(world.answer(sender, sent), Some(RejectCode::Unbound));
    }
}

#[test]
fn a_binding_announces_its_sender_and_how_it_sends() {
    let mut world = World::new();
    let hello = Hello::new(Role::Service, "test").unwrap();
    let hello = hello.with_parameter(Parameter::Epoch, 77).unwrap();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    let sender = world.open_with(1, 1, Link::Accepted { origin }, hello);
    let day = 24 * 3600 * 1000;
    for (class, level, ttl, announced) in [
        (Class::Fast, Level::None, 0, 0),
        (Class::Fast, Level::Delivered, 5, 5),
        (Class::Request, Level::None, 0, 30_000),
        (Class::Request, Level::None, 5, 5),
        (Class::Request, Level::None, u64::MAX, day),
    ] {
        let binding = Binding {
            target: Target::Identity(identity(2)),
            class,
            level,
            ttl,
        };
        assert_eq!(world.bind(sender, 0, binding), None);
        let (bound, announcement) = &world.bound[&(sender, 0)];
        let expected = Announcement {
            identity: identity(1),
            epoch: 77,
            group: None,
            class,
            acknowledge: level == Level::Delivered,
            ttl: announced,
        };
        assert_eq!(announcement, &expected);
        assert_eq!((bound.level, bound.ttl), (level, announced));
    }
}
