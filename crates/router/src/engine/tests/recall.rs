//! Dials for those who have messages that are kept.

use super::*;

/// The recipient: it has a route, and messages.
const AWAY: u8 = 2;

/// A world in which it has registered, left, and is dialled for its messages.
fn with_messages() -> World {
    let mut world = World::new();
    let recipient = world.open(2, AWAY);
    let route = Record {
        identity: identity(AWAY),
        sequence: 1,
        routes: vec!["tls://192.0.2.2:2".parse().unwrap()],
        expires: NOW.seconds() + 3600,
    };
    let route = Signed::sign(&key(AWAY), route).unwrap();
    assert_eq!(world.listen(recipient, route), None);
    world.close(recipient);
    world
}

/// Lets time pass, second by second, and gives after how many seconds it is dialled. Whenever it is
/// asked for them, there are messages.
fn dialled_after(world: &mut World, now: &mut Timestamp) -> u64 {
    let dials = world.dialled.len();
    for second in 0..1000 {
        world.engine.tick(*now);
        world.perform();
        for identity in std::mem::take(&mut world.recalled) {
            world.engine.want(identity, *now);
            world.perform();
        }
        if world.dialled.len() > dials {
            return second;
        }
        *now = *now + Duration::from_secs(1);
    }
    panic!("it is not dialled");
}

fn fails(world: &mut World, now: Timestamp) {
    let (dial, ..) = world.dialled.last().expect("it was dialled").clone();
    world.engine.dial_failed(dial, "refused", now);
    world.perform();
}

#[test]
fn the_pauses_between_dials_grow() {
    let (mut world, mut now) = (with_messages(), NOW);
    dialled_after(&mut world, &mut now);
    let mut pauses = Vec::new();
    for _ in 0..11 {
        fails(&mut world, now);
        pauses.push(dialled_after(&mut world, &mut now));
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    // What arrives meanwhile does not hasten it.
    fails(&mut world, now);
    let dials = world.dialled.len();
    world.engine.want(identity(AWAY), now);
    world.perform();
    assert_eq!(world.dialled.len(), dials);
}

#[test]
fn a_new_registration_is_dialled_at_once() {
    let (mut world, mut now) = (with_messages(), NOW);
    dialled_after(&mut world, &mut now);
    for _ in 0..6 {
        fails(&mut world, now);
        dialled_after(&mut world, &mut now);
    }
    fails(&mut world, now);
    let hello = Hello::new(Role::Service, "test").unwrap();
    let deaf = hello.with_parameter(Parameter::Receives, 0).unwrap();
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    let session = world.open_with(9, AWAY, Link::Accepted { origin }, deaf);
    let route = record(AWAY, 2, "tls://192.0.2.2:9");
    assert_eq!(world.listen(session, route), None);
    assert_eq!(world.recalled, [identity(AWAY)]);
    world.engine.want(identity(AWAY), now);
    world.perform();
    let (_, to, routes) = world.dialled.last().unwrap().clone();
    let route = "tls://192.0.2.2:9".parse().unwrap();
    assert_eq!((to, routes), (identity(AWAY), vec![route]));
}

#[test]
fn who_goes_away_with_messages_left_is_dialled_again_and_more_and_more_seldom() {
    let (mut world, mut now) = (with_messages(), NOW);
    let mut pauses = Vec::new();
    for session in 10..15 {
        pauses.push(dialled_after(&mut world, &mut now));
        let session = world.open_dialled(session, AWAY);
        world.engine.closed(session, "gone".into(), now);
        world.perform();
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16]);
    // Who stayed for long is as good as one who was never away.
    dialled_after(&mut world, &mut now);
    let session = world.open_dialled(20, AWAY);
    for _ in 0..400 {
        world.engine.heard(session, now);
        world.engine.tick(now);
        now = now + Duration::from_secs(1);
    }
    world.engine.closed(session, "gone".into(), now);
    assert_eq!(dialled_after(&mut world, &mut now), 1);
}

#[test]
fn who_has_no_messages_is_asked_for_once() {
    let mut world = with_messages();
    let mut now = NOW;
    let mut asked = 0;
    for _ in 0..20 {
        world.engine.tick(now);
        world.perform();
        asked += std::mem::take(&mut world.recalled).len();
        now = now + Duration::from_secs(1);
    }
    assert_eq!(asked, 1);
    // What comes then is for a dial at once.
    world.engine.want(identity(AWAY), now);
    world.perform();
    assert_eq!(world.dialled.len(), 1);
}
