//! Who may ask for whose record, and what is answered.

use super::*;

pub(super) fn asker(world: &mut World, session: u64, seed: u8) -> SessionId {
    let session = SessionId(session);
    let origin = Origin::Ip("127.0.0.1:1".parse().unwrap());
    let link = Link::Accepted { origin };
    world.engine.opened(session, identity(seed), link, NOW);
    let hello = Hello::new(Role::Service, "test").unwrap();
    let hello = hello.with_capability(capability::LOOKUP).unwrap();
    world.say(session, &Message::Hello(hello));
    world.sent.clear();
    session
}

fn world() -> World {
    World::with(|rules| {
        let hello = rules.hello.clone();
        rules.hello = hello.with_capability(capability::LOOKUP).unwrap();
    })
}

/// What is answered: the record, or the code and text of the refusal.
pub(super) fn ask(
    world: &mut World,
    session: SessionId,
    sequence: u64,
    seed: u8,
) -> Result<Signed<Record>, (RejectCode, String)> {
    world.sent.clear();
    let identity = identity(seed);
    world.say(session, &Message::Lookup { sequence, identity });
    let (to, frame) = world.sent.last().expect("an answer");
    assert_eq!(*to, session);
    let frame = frame::split(frame, usize::MAX).unwrap().unwrap();
    match Message::decode(frame.message).unwrap() {
        Message::Found {
            sequence: of,
            record,
        } if of == sequence => Ok(record),
        Message::Reject { code, text, .. } => Err((code, text.to_owned())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_lookup_gives_the_record_as_it_was_signed() {
    let mut world = world();
    let (alice, bob) = (world.open(1, 1), asker(&mut world, 2, 2));
    let signed = record(1, 1, "tls://127.0.0.1:6001");
    assert_eq!(world.listen(alice, signed.clone()), None);
    let found = ask(&mut world, bob, 1, 1).unwrap();
    assert_eq!(found, signed);
    assert!(found.verify().is_ok());
    let newer = record(1, 2, "tls://127.0.0.1:6002");
    assert_eq!(world.listen(alice, newer.clone()), None);
    assert_eq!(ask(&mut world, bob, 2, 1).unwrap(), newer);
}

#[test]
fn who_has_signed_nothing_that_holds_is_unreachable() {
    let mut world = world();
    let (alice, bob) = (world.open(1, 1), asker(&mut world, 2, 2));
    let (code, text) = ask(&mut world, bob, 1, 1).unwrap_err();
    assert_eq!(code, RejectCode::Unreachable);
    assert!(text.contains("is not registered here"), "{text}");

    assert_eq!(
        world.listen(alice, record(1, 1, "tls://127.0.0.1:6001")),
        None
    );
    assert!(ask(&mut world, bob, 2, 1).is_ok());
    let withdrawal = Withdrawal {
        identity: identity(1),
        sequence: 2,
    };
    let withdrawal = Signed::sign(&key(1), withdrawal).unwrap();
    world.say(
        alice,
        &Message::Unlisten {
            sequence: 2,
            withdrawal,
        },
    );
    assert_eq!(
        ask(&mut world, bob, 3, 1).unwrap_err().0,
        RejectCode::Unreachable
    );
}

#[test]
fn an_expired_record_is_not_given_even_before_it_leaves_the_table() {
    let mut world = world();
    let (alice, bob) = (world.open(1, 1), asker(&mut world, 2, 2));
    let signed = record(1, 1, "tls://127.0.0.1:6001");
    let expires = signed.claims().expires;
    assert_eq!(world.listen(alice, signed), None);
    let lookup = Message::Lookup {
        sequence: 1,
        identity: identity(1),
    };
    let then = Timestamp::from_millis(expires * 1_000);
    world.engine.received(bob, &lookup.encode(), then);
    world.perform();
    assert_eq!(world.answer(bob, 1), Some(RejectCode::Unreachable));
}

#[test]
fn routes_of_the_configuration_are_not_given_out_as_if_they_were_signed() {
    let mut world = world();
    let routes = vec![(identity(1), vec!["tls://127.0.0.1:6001".parse().unwrap()])];
    world.engine.state.table.set_static(&routes, NOW);
    let bob = asker(&mut world, 2, 2);
    let (code, text) = ask(&mut world, bob, 1, 1).unwrap_err();
    assert_eq!(code, RejectCode::Unreachable);
    assert!(
        text.contains("in the configuration of the router only"),
        "{text}"
    );
}

#[test]
fn a_lookup_without_the_capability_ends_the_session() {
    let mut world = world();
    let bob = world.open(2, 2);
    let (code, text) = ask(&mut world, bob, 1, 1).unwrap_err();
    assert_eq!(code, RejectCode::Unexpected);
    assert!(text.contains("name it in the hello"), "{text}");
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn a_lookup_is_numbered_like_every_request() {
    let mut world = world();
    let bob = asker(&mut world, 2, 2);
    assert_eq!(
        ask(&mut world, bob, 5, 1).unwrap_err().0,
        RejectCode::Unreachable
    );
    assert_eq!(
        ask(&mut world, bob, 5, 1).unwrap_err().0,
        RejectCode::Malformed
    );
    assert_eq!(world.closed.len(), 1);
}

#[test]
fn a_service_must_not_answer_lookups() {
    let mut world = world();
    let bob = asker(&mut world, 2, 2);
    let record = record(2, 1, "tls://127.0.0.1:6001");
    world.say(
        bob,
        &Message::Found {
            sequence: 1,
            record,
        },
    );
    assert_eq!(world.closed.len(), 1);
}
