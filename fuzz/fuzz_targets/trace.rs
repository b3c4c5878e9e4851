//! Captured streams: explained to their last byte, on lines that steer no terminal, with a message
//! wherever a receiver would read one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_wire::{
    Message, frame,
    trace::{Entry, Trace},
};

const LIMIT: usize = 300;

fuzz_target!(|bytes: &[u8]| {
    let mut at = 0;
    for entry in Trace::new(bytes).with_max_frame(LIMIT) {
        assert_eq!(entry.offset, at);
        read_alike(&entry, &bytes[at..]);
        at += entry.length;
        prints(&entry, at);
    }
    assert_eq!(at, bytes.len());
});

/// What is explained is what a receiver reads.
fn read_alike(entry: &Entry<'_>, rest: &[u8]) {
    match frame::split(rest, LIMIT) {
        Ok(Some(frame)) => {
            assert_eq!(entry.length, frame.length);
            assert_eq!(entry.message, Message::decode(frame.message).ok());
        }
        _ => assert!(entry.message.is_none() && entry.length == rest.len()),
    }
    assert!(entry.message.is_some() || !entry.findings.is_empty());
}

fn prints(entry: &Entry<'_>, end: usize) {
    for finding in &entry.findings {
        assert!((entry.offset..=end).contains(&finding.offset()));
        assert!(!finding.to_string().contains(char::is_control));
        assert!(!finding.meaning().is_empty() && !finding.remedy().is_empty());
    }
    for field in entry.fields() {
        assert!(!field.to_string().contains(char::is_control));
    }
}
