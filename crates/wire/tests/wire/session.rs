//! The example in `spec/README.md` is a session as the protocol has it.

use std::fs;

use tuyau_wire::{Level, Message, Role, frame};

use crate::support::{
    self,
    session::{in_readme, steps, vectors},
};

#[test]
fn the_example_stands_in_the_prose() {
    let readme = fs::read_to_string(support::readme()).unwrap();
    assert_eq!(
        in_readme(&readme),
        readme,
        "run `cargo run -p tuyau-wire --example vectors`"
    );
}

#[test]
fn the_streams_are_the_messages_of_the_example() {
    for (vector, role) in vectors().iter().zip([Role::Service, Role::Router]) {
        let mut rest = &vector.bytes[..];
        for step in steps().iter().filter(|step| step.from == role) {
            let frame = frame::split(rest, 4_096).unwrap().unwrap();
            assert_eq!(Message::decode(frame.message).unwrap(), step.message);
            rest = &rest[frame.length..];
        }
        assert!(rest.is_empty(), "{}", vector.path());
    }
}

/// The rules of numbers and answers, on the example.
#[test]
fn the_example_keeps_the_rules() {
    let mut waiting = Vec::new();
    let mut last = 0;
    for step in steps() {
        assert!(step.message.is_from(step.from), "{}", step.about);
        match step.message {
            Message::Listen { sequence, .. } | Message::Bind { sequence, .. } => {
                waiting.push((sequence, Level::Accepted));
                assert!(sequence > last, "{}", step.about);
                last = sequence;
            }
            Message::Send {
                sequence, handle, ..
            } => {
                let level = [Level::Accepted, Level::Stored, Level::None];
                waiting.push((sequence, level[handle as usize]));
                assert!(sequence > last, "{}", step.about);
                last = sequence;
            }
            Message::Receipt { level, first, last } => {
                let answered = |&(number, wants): &(u64, Level)| {
                    wants == level && (first..=last).contains(&number)
                };
                assert!(waiting.iter().any(answered), "{}", step.about);
                waiting.retain(|entry| !answered(entry));
            }
            Message::Reject { sequence, .. } => {
                let before = waiting.len();
                waiting.retain(|(number, _)| Some(*number) != sequence);
                assert_eq!(waiting.len() + 1, before, "{}", step.about);
            }
            _ => {}
        }
    }
    assert_eq!(waiting, [], "everything is answered");
}

/// What the prose says of the cost of a message.
#[test]
fn the_example_tells_the_cost_of_a_message() {
    let text = format!(
        "The message has {} bytes",
        tuyau_wire::fast::length(0, 4_098, b"hi there".len())
    );
    assert!(
        steps().iter().any(|step| step.about.contains(&text)),
        "{text}"
    );
}
