//! What a reject must not look like.

use super::{
    Vector,
    build::{Item, array, bytes, null, text, uint},
    reject, vector,
};

pub fn vectors() -> Vec<Vector> {
    let long = "x".repeat(513);
    let reject_of = |request: Item, code: Item| array(&[uint(6), request, code, text("")]);
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
            "reject-request-text",
            "a request that is a text",
            "type",
            reject_of(text("1"), uint(1)),
        ),
    ]
}
