//! What a send or a deliver must not look like.

use super::{
    Vector, bob,
    build::{Item, array, bytes, negative, null, text, uint},
    vector,
};
use crate::support::keys;

pub fn vectors() -> Vec<Vector> {
    let send = |to: Item| array(&[uint(3), uint(1), to, bytes(b"hi there")]);
    let second = [&[0xf0][..], &[0xff; 30], &[0x7f]].concat();
    let first = |byte: u8| [&[byte][..], &[0; 31]].concat();
    vec![
        vector(
            "send-to-31",
            "an identity of 31 bytes",
            "length",
            send(bytes(&[1; 31])),
        ),
        vector(
            "send-to-33",
            "an identity of 33 bytes",
            "length",
            send(bytes(&[1; 33])),
        ),
        vector(
            "send-to-text",
            "an identity as text",
            "type",
            send(text(&keys::bob().identity().to_string())),
        ),
        vector(
            "send-to-no-point",
            "an identity that is no point",
            "identity",
            send(bytes(&first(2))),
        ),
        vector(
            "send-to-weak",
            "an identity of low order",
            "identity",
            send(bytes(&first(1))),
        ),
        vector(
            "send-to-second",
            "the second encoding of a point",
            "identity",
            send(bytes(&second)),
        ),
        vector(
            "send-request-negative",
            "a request below zero",
            "type",
            array(&[uint(3), negative(1), bob(), bytes(&[])]),
        ),
        vector(
            "send-request-null",
            "a request that is null",
            "type",
            array(&[uint(3), null(), bob(), bytes(&[])]),
        ),
        vector(
            "send-body-text",
            "a body that is a text string",
            "type",
            array(&[uint(3), uint(1), bob(), text("hi there")]),
        ),
        vector(
            "deliver-order",
            "request and sender exchanged",
            "type",
            array(&[uint(4), uint(1), bob(), bytes(&[])]),
        ),
    ]
}
