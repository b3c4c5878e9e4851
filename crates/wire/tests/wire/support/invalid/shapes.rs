//! Well-formed, and not an array that begins with a known type and has the right count.

use tuyau_wire::{DecodeErrorKind, Message};

use super::{
    Vector,
    build::{array, bytes, negative, raw, text, uint},
    vector,
};

pub fn vectors() -> Vec<Vector> {
    let mut vectors = vec![
        vector(
            "map",
            "a map instead of an array",
            "type",
            raw(&[0xa1, 0x14, 0x01]),
        ),
        vector(
            "number",
            "a number instead of an array",
            "type",
            raw(&[0x14]),
        ),
        vector(
            "frame-in-frame",
            "a byte string instead of an array",
            "type",
            bytes(&[0x82, 0x14, 0x01]),
        ),
        vector("no-type", "an array of nothing", "length", raw(&[0x80])),
        vector(
            "type-text",
            "a type that is a text",
            "type",
            array(&[text("ping"), uint(1)]),
        ),
        vector(
            "type-negative",
            "a type below zero",
            "type",
            array(&[negative(1), uint(1)]),
        ),
        vector(
            "type-24",
            "the next type",
            "unknown-type",
            array(&[uint(24), uint(1)]),
        ),
        vector(
            "type-huge",
            "a type far away",
            "unknown-type",
            array(&[uint(1 << 40)]),
        ),
        vector(
            "type-alone",
            "a message of an unknown type alone",
            "unknown-type",
            array(&[uint(24)]),
        ),
    ];
    for (number, name) in Message::names().enumerate() {
        vectors.extend(wrong_counts(number as u64, name));
    }
    vectors
}

/// Every message with an element too few and one too many.
fn wrong_counts(number: u64, name: &str) -> [Vector; 2] {
    let is_right = |count: &usize| {
        let message = array(&vec![uint(number); *count]);
        !matches!(Message::decode(&message), Err(error) if error.kind() == DecodeErrorKind::Length)
    };
    let count = (2..10).find(is_right).expect("a message has a length");
    let of = |count: usize| array(&[vec![uint(number)], vec![uint(1); count - 1]].concat());
    [
        vector(
            &format!("{name}-one-too-few"),
            &format!("{name} without its last element"),
            "length",
            of(count - 1),
        ),
        vector(
            &format!("{name}-one-too-many"),
            &format!("{name} with an element more"),
            "length",
            of(count + 1),
        ),
    ]
}
