//! Streams: whatever their first frame is found to be does not change when they come in two parts,
//! and what is written is split as it was written.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::{fast, frame};

const LIMIT: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let whole = frame::split(bytes, LIMIT);
    if let Ok(Some(frame)) = &whole {
        assert!(frame.message.len() <= LIMIT && frame.length <= bytes.len());
        written_back(frame);
    }
    if let Ok(None) = &whole {
        assert!(frame::missing(bytes) > 0);
    }
    by_prefix(bytes, whole.as_ref().ok().and_then(Option::as_ref));
    for end in 0..bytes.len().min(16) {
        match (frame::split(&bytes[..end], LIMIT), &whole) {
            (Ok(None), _) => {}
            (Ok(Some(part)), Ok(Some(whole))) => assert_eq!(&part, whole),
            (Err(part), Err(whole)) => assert_eq!(part.reject_code(), whole.reject_code()),
            (part, whole) => panic!("{part:?} of {whole:?}"),
        }
    }
});

/// A message with a body is found by its prefix, too, and nothing else is.
fn by_prefix(bytes: &[u8], whole: Option<&frame::Frame<'_>>) {
    let parts = whole.and_then(|frame| fast::read(frame.message));
    let (kind, handle) = parts.map_or((fast::Kind::Send, 0), |parts| (parts.kind, parts.handle));
    let Some(prefix) = fast::Prefix::new(kind, handle) else {
        return;
    };
    let next = prefix.next(bytes, LIMIT);
    assert_eq!(
        next.map(|next| next.sequence),
        parts.map(|parts| parts.sequence)
    );
    let (Some(next), Some(parts)) = (next, parts) else {
        return;
    };
    let (mut short, mut long) = (Vec::new(), Vec::new());
    assert_eq!(
        prefix.write(&mut short, next.tail),
        fast::write(&mut long, parts)
    );
    assert_eq!(short, long);
}

/// A message with a body, as a router passes it on: read, written, and split off again.
fn written_back(frame: &frame::Frame<'_>) {
    let Some(parts) = fast::read(frame.message) else {
        return;
    };
    let mut stream = Vec::new();
    for _ in 0..2 {
        assert_eq!(fast::write(&mut stream, parts), frame.message.len());
    }
    assert_eq!(stream.len(), 2 * frame.length);
    for half in stream.chunks(frame.length) {
        assert_eq!(frame::split(half, LIMIT), Ok(Some(*frame)));
    }
}
