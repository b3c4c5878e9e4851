//! Well-formed, and not an array that begins with a known type and has the right count.

use super::{
    Vector,
    build::{array, bytes, negative, raw, text, uint},
    vector,
};

pub fn vectors() -> Vec<Vector> {
    vec![
        vector(
            "map",
            "a map instead of an array",
            "type",
            raw(&[0xa1, 0x05, 0x01]),
        ),
        vector(
            "number",
            "a number instead of an array",
            "type",
            raw(&[0x05]),
        ),
        vector(
            "frame-in-frame",
            "a byte string instead of an array",
            "type",
            bytes(&[0x82, 0x05, 0x01]),
        ),
        vector("no-type", "an array of nothing", "length", raw(&[0x80])),
        vector(
            "type-text",
            "a type that is a text",
            "type",
            array(&[text("accept"), uint(1)]),
        ),
        vector(
            "type-negative",
            "a type below zero",
            "type",
            array(&[negative(1), uint(1)]),
        ),
        vector(
            "type-9",
            "the next type",
            "unknown-type",
            array(&[uint(9), uint(1)]),
        ),
        vector(
            "type-huge",
            "a type far away",
            "unknown-type",
            array(&[uint(1 << 40)]),
        ),
        vector(
            "one-too-few",
            "accept without request",
            "length",
            array(&[uint(5)]),
        ),
        vector(
            "one-too-many",
            "accept with two requests",
            "length",
            array(&[uint(5), uint(1), uint(2)]),
        ),
    ]
}
