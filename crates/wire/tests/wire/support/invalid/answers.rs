//! What a reject or a credit must not look like.

use super::{
    Vector,
    build::{Item, array, boolean, bytes, negative, null, text, uint},
    reject, vector, wrong_numbers,
};

pub fn vectors() -> Vec<Vector> {
    [
        rejects(),
        wrong_numbers("credit", 12, &[("handle", uint(1)), ("limit", uint(2))]),
    ]
    .concat()
}

fn rejects() -> Vec<Vector> {
    let long = "x".repeat(513);
    let reject_of = |sequence: Item, code: Item| array(&[uint(11), sequence, code, text("")]);
    vec![
        vector(
            "reject-text-long",
            "a text of 513 bytes",
            "length",
            reject(text(&long)),
        ),
        vector(
            "reject-text-control",
            "a line break in the text",
            "value",
            reject(text("a\nb")),
        ),
        vector(
            "reject-text-control-c1",
            "a control character of two bytes in the text",
            "value",
            reject(text("a\u{85}b")),
        ),
        vector(
            "reject-text-bytes",
            "a text as a byte string",
            "type",
            reject(bytes(b"x")),
        ),
        vector(
            "reject-code-null",
            "no code",
            "type",
            reject_of(uint(1), null()),
        ),
        vector(
            "reject-code-negative",
            "a code below zero",
            "type",
            reject_of(uint(1), negative(1)),
        ),
        vector(
            "reject-sequence-text",
            "a sequence number that is a text",
            "type",
            reject_of(text("1"), uint(1)),
        ),
        vector(
            "reject-sequence-boolean",
            "a sequence number that is a boolean",
            "type",
            reject_of(boolean(false), uint(1)),
        ),
    ]
}
