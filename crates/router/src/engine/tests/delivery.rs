//! Messages between sessions, and to the router itself.

use super::*;

#[test]
fn delivers_between_sessions_in_order() {
    let mut world = World::new();
    let (sender, recipient) = (world.open(1, 1), world.open(2, 2));
    for body in 1..=3 {
        let sequence = world.send(sender, 2, &[body]);
        assert_eq!(world.outcome(sender, sequence), None);
    }
    let from = identity(1);
    assert_eq!(
        world.delivered(recipient),
        [(from, vec![1]), (from, vec![2]), (from, vec![3])]
    );
}

#[test]
fn unknown_recipients_are_unreachable() {
    let mut world = World::new();
    let sender = world.open(1, 1);
    let sequence = world.send(sender, 2, b"x");
    let outcome = world.outcome(sender, sequence);
    assert_eq!(outcome, Some(RejectCode::Unreachable));
    assert!(world.dialled.is_empty());
}

#[test]
fn keeps_only_the_begin_of_a_long_message_for_the_router() {
    let mut world = World::new();
    let session = world.open(1, 1);
    for body in ["x".repeat(100_000), "\u{10348}".repeat(10_000)] {
        world.send(session, 100, body.as_bytes());
        let Some(event @ Event::Received { text, .. }) = world.told.last() else {
            panic!("nothing was received");
        };
        assert_eq!(text.chars().count(), 401);
        assert!(event.to_string().ends_with('…'), "{event}");
    }
    world.send(session, 100, &[0xff; 100_000]);
    let Some(Event::Received { text, .. }) = world.told.last() else {
        panic!("nothing was received");
    };
    assert!(text.len() <= 3 * 401, "{} bytes", text.len());
}
