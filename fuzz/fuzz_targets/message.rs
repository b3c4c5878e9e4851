//! Messages: refused, or read and written back to the same bytes, by the long way and by the short
//! one of messages with bodies.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::{Message, Target, cbor, fast};

fuzz_target!(|bytes: &[u8]| {
    let checked = cbor::check(bytes);
    let decoded = Message::decode(bytes);
    let expected = decoded.as_ref().ok().and_then(parts);
    assert_eq!(fast::read(bytes), expected);
    match decoded {
        Ok(message) => {
            assert_eq!(checked, Ok(()));
            assert_eq!(message.encode(), bytes);
            assert_eq!(message.encoded_len(), bytes.len());
            written_alike(&message, expected);
            verify(message);
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len());
            assert!(!error.to_string().is_empty());
        }
    }
});

/// What the short way reads of a message that it knows.
fn parts<'a>(message: &Message<'a>) -> Option<fast::Parts<'a>> {
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

fn written_alike(message: &Message<'_>, parts: Option<fast::Parts<'_>>) {
    let Some(parts) = parts else { return };
    let (mut short, mut long) = (Vec::new(), Vec::new());
    assert_eq!(fast::write(&mut short, parts), message.encoded_len());
    message.encode_frame(&mut long);
    assert_eq!(short, long);
}

/// Good or bad, a signature has a verdict.
fn verify(message: Message<'_>) {
    match message {
        Message::Listen { record, .. } | Message::Found { record, .. } => drop(record.verify()),
        Message::Unlisten { withdrawal, .. } => drop(withdrawal.verify()),
        Message::Declare { rules, .. } => drop(rules.verify()),
        Message::Join {
            grant: Some(grant), ..
        } => drop(grant.verify()),
        Message::Bind { binding, .. } => {
            if let Target::Group {
                grant: Some(grant), ..
            } = binding.target
            {
                drop(grant.verify());
            }
        }
        _ => {}
    }
}
