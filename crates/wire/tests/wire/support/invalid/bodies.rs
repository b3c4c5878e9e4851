//! What a message with a body must not look like.

use super::{
    Vector, bob,
    build::{array, boolean, bytes, null, text, uint},
    vector, wrong_numbers,
};

/// Those that have a handle, with their numbers.
const WITH_HANDLE: [(&str, u64); 4] =
    [("send", 5), ("deliver", 7), ("redeliver", 8), ("reply", 13)];

pub fn vectors() -> Vec<Vector> {
    let mut vectors = Vec::new();
    for (message, number) in WITH_HANDLE {
        let fields = [
            ("handle", uint(1)),
            ("sequence", uint(1)),
            ("body", bytes(b"x")),
        ];
        vectors.extend(wrong_numbers(message, number, &fields));
        vectors.extend(wrong_bodies(message, &[uint(number), uint(1), uint(1)]));
    }
    let fields = [("sequence", uint(1)), ("body", bytes(b"x"))];
    vectors.extend(wrong_numbers("replied", 14, &fields));
    vectors.extend(wrong_bodies("replied", &[uint(14), uint(1)]));
    vectors.push(vector(
        "send-to-identity",
        "an identity in place of a handle, as in version 1",
        "type",
        array(&[uint(5), bob(), uint(1), bytes(b"x")]),
    ));
    vectors
}

fn wrong_bodies(message: &str, begin: &[Vec<u8>]) -> Vec<Vector> {
    [
        ("text", "a text string", text("hi there")),
        ("null", "null", null()),
        ("number", "a number", uint(1)),
        ("array", "an array", array(&[bytes(b"x")])),
        ("boolean", "a boolean", boolean(true)),
    ]
    .into_iter()
    .map(|(what, title, item)| {
        let (name, title) = (
            format!("{message}-body-{what}"),
            format!("a body that is {title}"),
        );
        vector(&name, &title, "type", array(&[begin, &[item]].concat()))
    })
    .collect()
}
