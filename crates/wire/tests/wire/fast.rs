//! The short way of the messages with bodies leads to where the long one does.

use tuyau_wire::{DecodeError, Message, fast, frame};

use crate::support;

/// What the long way makes of a message that the short way knows.
pub(crate) fn parts<'a>(message: &Message<'a>) -> Option<fast::Parts<'a>> {
    let (kind, handle, sequence, body) = match *message {
        Message::Send {
            handle,
            sequence,
            body,
        } => (fast::Kind::Send, handle, sequence, body),
        Message::Deliver {
            handle,
            sequence,
            body,
        } => (fast::Kind::Deliver, handle, sequence, body),
        Message::Redeliver {
            handle,
            sequence,
            body,
        } => (fast::Kind::Redeliver, handle, sequence, body),
        Message::Reply {
            handle,
            sequence,
            body,
        } => (fast::Kind::Reply, handle, sequence, body),
        _ => return None,
    };
    Some(fast::Parts {
        kind,
        handle,
        sequence,
        body,
    })
}

/// Both ways read the same from these bytes, or neither reads one of the messages.
pub(crate) fn agrees(decoded: &Result<Message<'_>, DecodeError>, bytes: &[u8]) {
    let expected = decoded.as_ref().ok().and_then(parts);
    assert_eq!(fast::read(bytes), expected, "{bytes:02x?}");
    if let Some(parts) = expected {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        let length = fast::write(&mut short, parts);
        decoded.as_ref().unwrap().encode_frame(&mut long);
        assert_eq!(short, long);
        assert_eq!(length, bytes.len());
        assert_eq!(
            fast::length(parts.handle, parts.sequence, parts.body.len()),
            length
        );
        assert!(short.len() - parts.body.len() <= fast::MAX_HEAD);
    }
}

/// What a prefix finds at the begin of a buffer is what splitting and reading finds there.
pub(crate) fn agrees_by_prefix(buffer: &[u8], kind: fast::Kind, handle: u64, limit: usize) {
    let Some(prefix) = fast::Prefix::new(kind, handle) else {
        assert!(handle > u64::from(u32::MAX));
        return;
    };
    let frame = frame::split(buffer, limit).ok().flatten();
    let expected = frame
        .and_then(|frame| Some((frame, fast::read(frame.message)?)))
        .filter(|(_, parts)| parts.kind == kind && parts.handle == handle);
    let next = prefix.next(buffer, limit);
    let Some((frame, parts)) = expected else {
        assert_eq!(next, None, "{buffer:02x?}");
        return;
    };
    let next = next.unwrap_or_else(|| panic!("{buffer:02x?}"));
    assert_eq!(next.sequence, parts.sequence);
    assert_eq!(next.body, parts.body.len());
    assert_eq!(
        (next.message, next.frame),
        (frame.message.len(), frame.length)
    );
    assert!(frame.message.ends_with(next.tail) && next.tail.ends_with(parts.body));
    passed_on(next.tail, parts);
}

/// A tail behind another prefix is the message that it becomes.
fn passed_on(tail: &[u8], parts: fast::Parts<'_>) {
    for (kind, handle) in [
        (fast::Kind::Send, parts.handle),
        (fast::Kind::Deliver, 0),
        (fast::Kind::Redeliver, u64::from(u32::MAX)),
    ] {
        let prefix = fast::Prefix::new(kind, handle).unwrap();
        let (mut short, mut long) = (vec![0xee], vec![0xee]);
        let length = prefix.write(&mut short, tail);
        let becomes = fast::Parts {
            kind,
            handle,
            ..parts
        };
        assert_eq!(length, fast::write(&mut long, becomes));
        assert_eq!(length, prefix.length(tail.len()));
        assert_eq!(short, long);
    }
}

const KINDS: [fast::Kind; 4] = [
    fast::Kind::Send,
    fast::Kind::Deliver,
    fast::Kind::Redeliver,
    fast::Kind::Reply,
];

#[test]
fn a_prefix_finds_in_every_vector_what_splitting_finds() {
    for vector in support::all() {
        let mut framed = minicbor::Encoder::new(Vec::new());
        framed.bytes(&vector.bytes).unwrap();
        let framed = framed.into_writer();
        let own = fast::read(&vector.bytes).map(|parts| parts.handle);
        for buffer in [&framed, &vector.bytes] {
            for kind in KINDS {
                for handle in [0, 1, 23, 24, 1_000].into_iter().chain(own) {
                    agrees_by_prefix(buffer, kind, handle, 1 << 20);
                    agrees_by_prefix(buffer, kind, handle, vector.bytes.len());
                    agrees_by_prefix(buffer, kind, handle, vector.bytes.len().saturating_sub(1));
                }
            }
        }
    }
}

#[test]
fn a_prefix_finds_in_every_truncated_or_changed_frame_what_splitting_finds() {
    for (kind, handle) in [
        (fast::Kind::Send, 0),
        (fast::Kind::Deliver, 24),
        (fast::Kind::Redeliver, 65_536),
        (fast::Kind::Reply, u64::from(u32::MAX)),
    ] {
        let parts = fast::Parts {
            kind,
            handle,
            sequence: 300,
            body: &[0x84; 30],
        };
        let mut stream = Vec::new();
        fast::write(&mut stream, parts);
        fast::write(&mut stream, parts);
        for length in 0..stream.len() {
            agrees_by_prefix(&stream[..length], kind, handle, 1_000);
        }
        for position in 0..stream.len() {
            for change in 1..=255 {
                stream[position] ^= change;
                agrees_by_prefix(&stream, kind, handle, 1_000);
                stream[position] ^= change;
            }
        }
    }
}

#[test]
fn reads_and_writes_every_vector_as_the_long_way_does() {
    let mut known = 0;
    for vector in support::all() {
        let decoded = Message::decode(&vector.bytes);
        known += usize::from(fast::read(&vector.bytes).is_some());
        agrees(&decoded, &vector.bytes);
    }
    assert!(known >= 20, "only {known}");
}

#[test]
fn refuses_every_truncation_and_every_byte_more() {
    for vector in support::all() {
        if fast::read(&vector.bytes).is_none() {
            continue;
        }
        for length in 0..vector.bytes.len() {
            assert_eq!(fast::read(&vector.bytes[..length]), None);
        }
        for more in [0x00, 0x40, 0xff] {
            assert_eq!(fast::read(&[&vector.bytes[..], &[more]].concat()), None);
        }
    }
}

#[test]
fn the_longest_head_has_the_length_that_is_stated() {
    let body = [7; 16];
    let parts = fast::Parts {
        kind: fast::Kind::Deliver,
        handle: u64::MAX,
        sequence: u64::MAX,
        body: &body,
    };
    let mut out = vec![0xee];
    assert_eq!(fast::write(&mut out, parts), out.len() - 1 - 2);
    assert_eq!(out[0], 0xee, "it appends");
    // The heads of frame and body grow with the body alone, to nine bytes each.
    assert!(out.len() - 1 - body.len() <= fast::MAX_HEAD);
}
