//! Messages that carry a body.

use tuyau_wire::Message;

use super::{EDGES, Vector, vector};

pub fn vectors() -> Vec<Vector> {
    [sends(), edges(), deliveries(), replies()].concat()
}

fn send(handle: u64, sequence: u64, body: &[u8]) -> Message<'_> {
    Message::Send {
        handle,
        sequence,
        body,
    }
}

fn sends() -> Vec<Vector> {
    let bytes: Vec<u8> = (0..=255).collect();
    vec![
        vector("send-empty", "a body of no bytes", &send(0, 3, b"")),
        vector(
            "send-text",
            "a body that happens to be text",
            &send(0, 4, b"hi there"),
        ),
        vector(
            "send-message",
            "a body that happens to be a message",
            &send(0, 5, &[0x82, 0x14, 0x01]),
        ),
        vector(
            "send-23",
            "the longest body with a head of one byte",
            &send(0, 6, &bytes[..23]),
        ),
        vector(
            "send-24",
            "the shortest body with a head of two",
            &send(0, 7, &bytes[..24]),
        ),
        vector(
            "send-256",
            "a body whose length takes two bytes",
            &send(0, 8, &bytes),
        ),
    ]
}

/// Every width of the two numbers.
fn edges() -> Vec<Vector> {
    EDGES
        .into_iter()
        .zip(EDGES.into_iter().rev())
        .map(|(handle, sequence)| {
            let name = format!("send-{handle}-{sequence}");
            let title = format!("handle {handle}, sequence {sequence}");
            vector(&name, &title, &send(handle, sequence, b"x"))
        })
        .collect()
}

fn deliveries() -> Vec<Vector> {
    let deliver = |handle, sequence, body| Message::Deliver {
        handle,
        sequence,
        body,
    };
    vec![
        vector(
            "deliver-text",
            "what send-text becomes",
            &deliver(1_000, 4, b"hi there"),
        ),
        vector(
            "deliver-empty",
            "what send-empty becomes",
            &deliver(1_000, 3, b""),
        ),
        vector(
            "deliver-last",
            "the last numbers",
            &deliver(u64::MAX, u64::MAX, b"\x00"),
        ),
        vector(
            "redeliver",
            "the same as deliver-text, once more",
            &Message::Redeliver {
                handle: 1_000,
                sequence: 4,
                body: b"hi there",
            },
        ),
    ]
}

fn replies() -> Vec<Vector> {
    let reply = |handle, sequence, body| Message::Reply {
        handle,
        sequence,
        body,
    };
    let replied = |sequence, body| Message::Replied { sequence, body };
    vec![
        vector("reply", "to request 9 of a sender", &reply(2, 9, b"42")),
        vector("reply-empty", "without a body", &reply(2, 9, b"")),
        vector(
            "reply-last",
            "the last numbers",
            &reply(u64::MAX, u64::MAX, b"x"),
        ),
        vector("replied", "what reply becomes", &replied(9, b"42")),
        vector("replied-empty", "without a body", &replied(9, b"")),
        vector("replied-last", "the last number", &replied(u64::MAX, b"x")),
    ]
}
