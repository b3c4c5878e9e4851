//! Messages between sessions, and to the router itself.

use super::*;

#[test]
fn delivers_between_sessions_in_order() {
    let mut world = World::new();
    let (sender, recipient) = (world.open(1, 1), world.open(2, 2));
    for request in 1..=3 {
        world.say(
            sender,
            &Message::Send {
                request,
                to: identity(2),
                body: &[request as u8],
            },
        );
        assert_eq!(world.answer(sender, request), None);
    }
    let from = identity(1);
    assert_eq!(
        world.delivered(recipient),
        [(from, vec![1]), (from, vec![2]), (from, vec![3])]
    );
}

#[test]
fn tells_the_sender_when_the_recipient_is_full() {
    let mut world = World::new();
    let sender = world.open(1, 1);
    world.open(2, 2);
    world.full = true;
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"x",
        },
    );
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Congested));
    assert_eq!(world.engine.state().processed, 0);
}

#[test]
fn unknown_recipients_are_unreachable() {
    let mut world = World::new();
    let sender = world.open(1, 1);
    world.say(
        sender,
        &Message::Send {
            request: 1,
            to: identity(2),
            body: b"x",
        },
    );
    assert_eq!(world.answer(sender, 1), Some(RejectCode::Unreachable));
    assert!(world.dialled.is_empty());
}

#[test]
fn keeps_only_the_begin_of_a_long_message_for_the_router() {
    let mut world = World::new();
    let session = world.open(1, 1);
    let to = identity(100);
    for (request, body) in [(1, "x".repeat(100_000)), (2, "\u{10348}".repeat(10_000))] {
        let body = body.as_bytes();
        world.say(session, &Message::Send { request, to, body });
        let Some(event @ Event::Received { text, .. }) = world.told.last() else {
            panic!("nothing was received");
        };
        assert_eq!(text.chars().count(), 401);
        assert!(event.to_string().ends_with('…'), "{event}");
    }
    world.say_bytes(
        session,
        &Message::Send {
            request: 3,
            to,
            body: &[0xff; 100_000],
        }
        .encode(),
    );
    let Some(Event::Received { text, .. }) = world.told.last() else {
        panic!("nothing was received");
    };
    assert!(text.len() <= 3 * 401, "{} bytes", text.len());
}
