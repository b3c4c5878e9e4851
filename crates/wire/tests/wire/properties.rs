//! What holds for all messages and all bytes, tried on many.

use proptest::prelude::*;
use tuyau_wire::{
    DecodeErrorKind as Kind, Identity, Message, Record, RejectCode, SecretKey, Signed, cbor, fast,
    frame,
};

use crate::{
    fast::{agrees, agrees_by_prefix},
    strategies::{key, message, record},
    support::keys,
};

/// Where the heads of all items in a deterministic item are, without looking into byte strings.
fn heads(bytes: &[u8]) -> Vec<usize> {
    let mut heads = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        heads.push(at);
        let (length, value) = read_head(&bytes[at..]);
        at += length;
        if matches!(bytes[heads[heads.len() - 1]] >> 5, 2 | 3) {
            at += value as usize;
        }
    }
    heads
}

fn read_head(bytes: &[u8]) -> (usize, u64) {
    let info = bytes[0] & 0x1f;
    if info < 24 {
        return (1, u64::from(info));
    }
    let length = 1 << (info - 24);
    let value = bytes[1..=length]
        .iter()
        .fold(0, |value, &byte| value << 8 | u64::from(byte));
    (1 + length, value)
}

/// The same item with the head at `at` in a longer form: all that are longer.
fn widened(bytes: &[u8], at: usize) -> impl Iterator<Item = Vec<u8>> {
    let (length, value) = read_head(&bytes[at..]);
    [1, 2, 4, 8]
        .into_iter()
        .filter(move |extra| extra + 1 > length)
        .map(move |extra: usize| {
            let mut wide = bytes[..at].to_vec();
            wide.push(bytes[at] & 0xe0 | (24 + extra.trailing_zeros() as u8));
            wide.extend(&value.to_be_bytes()[8 - extra..]);
            wide.extend(&bytes[at + length..]);
            wide
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn decoding_gives_back_what_was_encoded(
        message in message(b"hi there", "because"),
    ) {
        let bytes = message.encode();
        prop_assert_eq!(cbor::check(&bytes), Ok(()));
        prop_assert_eq!(bytes.len(), message.encoded_len());
        let decoded = Message::decode(&bytes);
        agrees(&decoded, &bytes);
        prop_assert_eq!(decoded.unwrap(), message);
    }

    #[test]
    fn bodies_and_texts_come_through(
        body in prop::collection::vec(any::<u8>(), 0..2_000),
        text in "\\P{Cc}{0,128}",
        handle in any::<u64>(),
        sequence in any::<u64>(),
    ) {
        let send = Message::Send { handle, sequence, body: &body };
        let bytes = send.encode();
        let decoded = Message::decode(&bytes);
        agrees(&decoded, &bytes);
        prop_assert_eq!(decoded.unwrap(), send);
        let reject = Message::Reject { sequence: None, code: RejectCode::Limit, text: &text };
        let bytes = reject.encode();
        prop_assert_eq!(Message::decode(&bytes).unwrap(), reject);
    }

    #[test]
    fn any_text_makes_a_reject_that_decodes(text in any::<String>()) {
        let reject = Message::Reject { sequence: None, code: RejectCode::Limit, text: &text };
        prop_assert!(Message::decode(&reject.encode()).is_ok());
    }

    #[test]
    fn a_longer_head_anywhere_is_refused(message in message(b"hi there", "because")) {
        let bytes = message.encode();
        for at in heads(&bytes).into_iter().filter(|at| bytes[*at] >> 5 != 7) {
            for wide in widened(&bytes, at) {
                let error = Message::decode(&wide).unwrap_err();
                prop_assert_eq!((error.kind(), error.offset()), (Kind::NotShortest, at));
            }
        }
    }

    #[test]
    fn an_indefinite_length_anywhere_is_refused(message in message(b"hi there", "because")) {
        let bytes = message.encode();
        for at in heads(&bytes).into_iter().filter(|at| matches!(bytes[*at] >> 5, 2..=5)) {
            let (length, _) = read_head(&bytes[at..]);
            let begin = [bytes[at] | 0x1f];
            let indefinite = [&bytes[..at], &begin, &bytes[at + length..], &[0xff]].concat();
            let error = Message::decode(&indefinite).unwrap_err();
            prop_assert_eq!((error.kind(), error.offset()), (Kind::Indefinite, at));
        }
    }

    #[test]
    fn a_longer_head_in_a_record_is_refused(record in record()) {
        for at in heads(record.bytes()) {
            for wide in widened(record.bytes(), at) {
                let error = Signed::<Record>::from_parts(&wide, [0; 64]).unwrap_err();
                prop_assert_eq!((error.kind(), error.offset()), (Kind::NotShortest, at));
            }
        }
    }

    #[test]
    fn what_was_kept_is_read_as_it_was(record in record()) {
        let (bytes, signature) = (record.bytes(), *record.signature());
        let kept = Signed::<Record>::from_kept_parts(bytes, signature).unwrap();
        prop_assert_eq!(&kept, &record);
        for at in heads(bytes) {
            for wide in widened(bytes, at) {
                let error = Signed::<Record>::from_kept_parts(&wide, signature).unwrap_err();
                prop_assert_eq!((error.kind(), error.offset()), (Kind::NotShortest, at));
            }
        }
        // Another key in its place, which need not be one: nothing verifies under it.
        let key = record.claims().identity;
        let at = bytes.windows(32).position(|bytes| bytes == key.as_bytes()).unwrap();
        let mut other = bytes.to_vec();
        other[at..at + 32].fill(0xff);
        let other = Signed::<Record>::from_kept_parts(&other, signature).unwrap();
        prop_assert!(other.verify().is_err());
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let checked = cbor::check(&bytes).is_ok();
        let decoded = Message::decode(&bytes);
        agrees(&decoded, &bytes);
        if let Ok(message) = decoded {
            prop_assert!(checked);
            prop_assert_eq!(message.encode(), bytes.clone());
        }
        if let Ok(Some(frame)) = frame::split(&bytes, 100) {
            prop_assert!(frame.message.len() <= 100 && frame.length <= bytes.len());
        }
    }

    #[test]
    fn nested_random_items_never_panic(
        bytes in prop::collection::vec(prop::sample::select(&HEADS[..]), 0..60),
    ) {
        let _ = cbor::check(&bytes);
        agrees(&Message::decode(&bytes), &bytes);
    }

    /// Bytes that begin as a message with a body does, so that few of them are refused at once.
    #[test]
    fn the_short_way_agrees_on_what_looks_like_a_body(
        kind in 0_u8..24,
        heads in prop::collection::vec(0_u8..28, 3),
        rest in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = vec![0x84, kind];
        let mut rest = rest.into_iter();
        for (info, major) in heads.into_iter().zip([0x00, 0x00, 0x40]) {
            bytes.push(major | info);
            let width = if info < 24 { 0 } else { 1 << (info - 24) };
            bytes.extend(rest.by_ref().take(width));
        }
        bytes.extend(rest);
        agrees(&Message::decode(&bytes), &bytes);
    }

    #[test]
    fn a_prefix_finds_what_splitting_finds(
        handles in prop::collection::vec(0_u64..3, 1..5),
        sequence in any::<u64>(),
        shift in 0_u32..64,
        body in prop::collection::vec(any::<u8>(), 0..300),
        wide in any::<u64>(),
    ) {
        // A stream of messages, of which some have the handle that is looked for.
        let wanted = (wide >> shift).max(3);
        let mut stream = Vec::new();
        for handle in handles {
            let handle = if handle == 2 { wanted } else { handle };
            let (kind, sequence) = (fast::Kind::Send, sequence >> shift);
            fast::write(&mut stream, fast::Parts { kind, handle, sequence, body: &body });
        }
        agrees_by_prefix(&stream, fast::Kind::Send, wanted, 1_000);
        agrees_by_prefix(&stream, fast::Kind::Send, 0, 1_000);
        agrees_by_prefix(&stream, fast::Kind::Send, 0, body.len());
        agrees_by_prefix(&body, fast::Kind::Send, 0, 1_000);
    }

    /// Of the three numbers in front of a body each has one width; the others are refused.
    #[test]
    fn the_short_way_refuses_a_longer_head(
        handle in any::<u64>(),
        sequence in any::<u64>(),
        body in prop::collection::vec(any::<u8>(), 0..300),
        shift in 0_u32..64,
    ) {
        let parts = fast::Parts {
            kind: fast::Kind::Deliver,
            handle: handle >> shift,
            sequence: sequence >> (63 - shift),
            body: &body,
        };
        let mut framed = Vec::new();
        let length = fast::write(&mut framed, parts);
        let bytes = &framed[framed.len() - length..];
        prop_assert_eq!(fast::read(bytes), Some(parts));
        for at in heads(bytes) {
            for wide in widened(bytes, at) {
                prop_assert_eq!(fast::read(&wide), None);
            }
        }
    }

    #[test]
    fn frames_come_out_however_the_stream_is_cut(
        lengths in prop::collection::vec(0_usize..400, 1..8),
        step in 1_usize..50,
    ) {
        let bodies: Vec<_> = lengths.iter().map(|&length| vec![7; length]).collect();
        let mut stream = Vec::new();
        for body in &bodies {
            Message::Send { handle: 1, sequence: 1, body }.encode_frame(&mut stream);
        }
        let (mut start, mut end, mut found) = (0, 0, 0);
        while end < stream.len() {
            end = stream.len().min(end + step);
            while let Some(frame) = frame::split(&stream[start..end], 1_000).unwrap() {
                let body = &bodies[found];
                prop_assert_eq!(Message::decode(frame.message).unwrap(), Message::Send { handle: 1, sequence: 1, body });
                (start, found) = (start + frame.length, found + 1);
            }
        }
        prop_assert_eq!((start, found), (stream.len(), bodies.len()));
    }

    #[test]
    fn identities_come_through_their_text(key in key(), upper in any::<bool>()) {
        let identity = key.identity();
        let text = identity.to_string();
        let text = if upper { text.to_uppercase() } else { text };
        prop_assert_eq!(text.parse::<Identity>(), Ok(identity));
    }

    #[test]
    fn up_to_four_typing_errors_are_caught(
        places in prop::collection::btree_set(6_usize..64, 1..=4),
        letters in prop::collection::vec(prop::sample::select(&b"qpzry9x8gf2tvdw0s3jn54khce6mua7l"[..]), 3),
    ) {
        let identity = keys::alice().identity();
        let mut text = identity.to_string().into_bytes();
        for (place, letter) in places.into_iter().zip(letters) {
            text[place] = letter;
        }
        let read = String::from_utf8(text).unwrap().parse::<Identity>();
        prop_assert!(read.is_err() || read == Ok(identity));
    }

    #[test]
    fn keys_come_through_their_file(key in key()) {
        let read = SecretKey::from_pkcs8_pem(&key.to_pkcs8_pem()).unwrap();
        prop_assert_eq!(read.identity(), key.identity());
    }

    #[test]
    fn random_text_is_no_key(text in any::<String>()) {
        prop_assert!(SecretKey::from_pkcs8_pem(&text).is_err());
        prop_assert!(text.parse::<Identity>().is_err());
    }
}

/// First bytes that open something or are short, so that random items nest.
const HEADS: [u8; 24] = [
    0x00, 0x01, 0x17, 0x18, 0x20, 0x40, 0x41, 0x60, 0x61, 0x80, 0x81, 0x82, 0x83, 0x84, 0x9f, 0xa0,
    0xa1, 0xa2, 0xa3, 0xc0, 0xf4, 0xf6, 0xf9, 0xff,
];
