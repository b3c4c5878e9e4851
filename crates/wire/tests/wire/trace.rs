//! Captured streams are explained, whatever is in them.

use proptest::prelude::*;
use tuyau_wire::{
    Message, Role, frame,
    trace::{Entry, FindingKind, Trace},
};

use crate::{
    strategies::message,
    support::{self, Expect, Vector, session},
};

/// Reads a stream to its end, and checks that the entries lie side by side and print on one line.
fn explain(bytes: &[u8]) -> Vec<Entry<'_>> {
    let entries: Vec<_> = Trace::new(bytes).collect();
    let mut at = 0;
    for entry in &entries {
        assert_eq!(entry.offset, at);
        at += entry.length;
        for finding in &entry.findings {
            assert!((entry.offset..=at).contains(&finding.offset()), "{finding}");
            assert!(!finding.to_string().contains(char::is_control), "{finding}");
        }
        for field in entry.fields() {
            assert!(!field.to_string().contains(char::is_control), "{field}");
        }
        assert!(entry.message.is_some() || !entry.findings.is_empty());
    }
    assert_eq!(at, bytes.len());
    entries
}

fn framed(message: &[u8]) -> Vec<u8> {
    let mut frame = minicbor::Encoder::new(Vec::new());
    frame.bytes(message).unwrap();
    frame.into_writer()
}

fn messages() -> impl Iterator<Item = Vector> {
    support::all()
        .into_iter()
        .filter(|vector| vector.folder == "message")
}

#[test]
fn the_example_is_explained_with_its_one_mistake() {
    for (vector, role) in session::vectors().iter().zip([Role::Service, Role::Router]) {
        let mut trace = Trace::new(&vector.bytes);
        let entries: Vec<_> = trace.by_ref().collect();
        assert_eq!(trace.role(), Some(role));
        let read: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.message.clone())
            .collect();
        let steps = session::steps();
        let said: Vec<_> = steps
            .into_iter()
            .filter(|step| step.from == role)
            .map(|step| step.message)
            .collect();
        assert_eq!(read, said);
        let kinds: Vec<_> = entries
            .iter()
            .flat_map(|entry| &entry.findings)
            .map(|finding| finding.kind())
            .collect();
        let expected: &[_] = match role {
            Role::Service => &[FindingKind::Unbound],
            _ => &[],
        };
        assert_eq!(kinds, expected);
    }
}

#[test]
fn every_vector_is_explained_as_it_is_decoded() {
    for vector in messages() {
        let stream = framed(&vector.bytes);
        // What is no array may look like text, frame and all.
        if frame::split(&stream, usize::MAX).is_err() {
            assert_eq!(vector.name, "frame-in-frame");
            continue;
        }
        let head = stream.len() - vector.bytes.len();
        let entries = explain(&stream);
        let entry = &entries[0];
        assert_eq!(entries.len(), 1, "{}", vector.path());
        match &vector.expect {
            Expect::Refused {
                offset: Some(offset),
                ..
            } => {
                let error = Message::decode(&vector.bytes).unwrap_err();
                let finding = entry.findings.last().unwrap();
                let kind = FindingKind::Message(error.kind());
                assert_eq!(finding.kind(), kind, "{}", vector.path());
                assert_eq!(finding.offset(), head + offset, "{}", vector.path());
                assert!(error.to_string().ends_with(finding.found()), "{finding}");
            }
            expect => {
                let message = entry.message.as_ref().unwrap();
                assert_eq!(message.encode(), vector.bytes);
                let forged = entry
                    .findings
                    .iter()
                    .any(|finding| finding.kind() == FindingKind::Signature);
                assert_eq!(forged, *expect == Expect::BadSignature, "{}", vector.path());
                assert!(!entry.fields().is_empty());
            }
        }
    }
}

#[test]
fn every_frame_vector_is_explained_as_it_is_split() {
    for vector in support::frames::vectors() {
        let trace = Trace::new(&vector.bytes).with_max_frame(support::frames::LIMIT);
        let first = trace.into_iter().next().unwrap();
        let kind = first.findings.first().map(|finding| finding.kind());
        match &vector.expect {
            Expect::Frame { message } => assert!(first.length > *message),
            Expect::More { .. } if vector.bytes.is_empty() => {
                assert_eq!(kind, Some(FindingKind::Empty));
            }
            Expect::More { .. } => assert_eq!(kind, Some(FindingKind::Truncated)),
            _ => {
                assert!(kind.is_some());
                assert_eq!(first.length, vector.bytes.len());
            }
        }
    }
}

#[test]
fn every_truncation_of_a_stream_is_explained() {
    for vector in session::vectors() {
        let mut ends = vec![0];
        for entry in explain(&vector.bytes) {
            ends.push(entry.offset + entry.length);
        }
        for length in 1..vector.bytes.len() {
            let entries = explain(&vector.bytes[..length]);
            let last = entries.last().unwrap();
            let cut = last.findings.last().map(|finding| finding.kind());
            let is_cut = cut == Some(FindingKind::Truncated);
            assert_eq!(is_cut, !ends.contains(&length), "{length}");
        }
    }
}

#[test]
fn every_changed_byte_of_a_stream_is_survived() {
    for vector in session::vectors() {
        let mut bytes = vector.bytes.clone();
        for position in 0..bytes.len() {
            for change in [0x01, 0x20, 0x80, 0xff] {
                bytes[position] ^= change;
                explain(&bytes);
                bytes[position] ^= change;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_messages_are_explained(
        messages in prop::collection::vec(message(b"\x00\x01", "because"), 1..8),
    ) {
        let mut stream = Vec::new();
        for message in &messages {
            message.encode_frame(&mut stream);
        }
        let entries = explain(&stream);
        let read: Vec<_> = entries.into_iter().filter_map(|entry| entry.message).collect();
        prop_assert_eq!(read, messages);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        explain(&bytes);
        let stream = framed(&bytes);
        let entries = explain(&stream);
        prop_assert_eq!(entries.len(), 1);
        prop_assert!(frame::split(&stream, 300).is_err() || entries[0].length == stream.len());
    }
}
