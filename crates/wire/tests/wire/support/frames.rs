//! Streams, and what the first frame in them is, with a limit of [`LIMIT`] bytes.

use super::{Expect, Vector};

/// The longest message that the receiver of these vectors accepts, in bytes.
pub const LIMIT: usize = 300;

pub fn vectors() -> Vec<Vector> {
    let mut vectors = whole();
    vectors.extend(begun());
    vectors.extend(refused());
    vectors
}

fn vector(name: &str, title: &str, expect: Expect, bytes: &[u8]) -> Vector {
    let title = format!("{title}, with a limit of {LIMIT} bytes");
    Vector {
        folder: "frame",
        name: name.into(),
        title,
        expect,
        bytes: bytes.into(),
    }
}

fn filled(head: &[u8], length: usize) -> Vec<u8> {
    [head, &vec![0x80; length]].concat()
}

fn whole() -> Vec<Vector> {
    let frame = |name: &str, title: &str, message, bytes: &[u8]| {
        vector(name, title, Expect::Frame { message }, bytes)
    };
    vec![
        frame("ping", "a ping message", 3, &[0x43, 0x82, 0x14, 0x01]),
        frame(
            "two",
            "the first of two",
            3,
            &[0x43, 0x82, 0x14, 0x01, 0x43, 0x82, 0x14, 0x02],
        ),
        frame(
            "length-23",
            "the longest with a head of one byte",
            23,
            &filled(&[0x57], 23),
        ),
        frame(
            "length-24",
            "the shortest with a head of two",
            24,
            &filled(&[0x58, 24], 24),
        ),
        frame(
            "length-256",
            "a head of three bytes",
            256,
            &filled(&[0x59, 1, 0], 256),
        ),
        frame(
            "length-limit",
            "as long as allowed",
            LIMIT,
            &filled(&[0x59, 1, 0x2c], LIMIT),
        ),
    ]
}

fn begun() -> Vec<Vector> {
    let more = |name: &str, title: &str, missing, bytes: &[u8]| {
        vector(name, title, Expect::More { missing }, bytes)
    };
    vec![
        more("nothing", "no byte yet", 1, &[]),
        more(
            "half-head",
            "a length without its last byte",
            1,
            &[0x59, 0x01],
        ),
        more(
            "half-message",
            "three of five bytes",
            2,
            &[0x45, 0x82, 0x14, 0x1a],
        ),
    ]
}

fn refused() -> Vec<Vector> {
    let refused = |name: &str, title: &str, kind: &str, bytes: &[u8]| {
        vector(
            name,
            title,
            Expect::Refused {
                kind: kind.into(),
                offset: None,
            },
            bytes,
        )
    };
    vec![
        refused(
            "too-long",
            "one byte more than allowed",
            "too-long",
            &[0x59, 0x01, 0x2d],
        ),
        refused(
            "huge",
            "the longest that can be said",
            "too-long",
            &filled(&[0x5b], 8),
        ),
        refused(
            "array",
            "a message without a frame",
            "not-bytes",
            &[0x82, 0x14, 0x01],
        ),
        refused(
            "text-string",
            "a CBOR text string",
            "not-bytes",
            &[0x63, 0x82, 0x14, 0x01],
        ),
        refused(
            "http",
            "a request of HTTP",
            "text",
            b"GET / HTTP/1.1\r\n\r\n",
        ),
        refused(
            "indefinite",
            "a byte string without length",
            "indefinite",
            &[0x5f, 0x41],
        ),
        refused(
            "not-shortest",
            "23 in two bytes",
            "not-shortest",
            &filled(&[0x58, 23], 23),
        ),
        refused(
            "reserved",
            "additional information 28",
            "reserved",
            &[0x5c, 0x00],
        ),
    ]
}
