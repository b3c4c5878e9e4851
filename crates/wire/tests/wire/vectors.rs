//! The published vectors are what this crate reads and writes.

use std::{collections::BTreeSet, fs, path::Path};

use tuyau_wire::{DecodeErrorKind, Identity, Message, Record, SecretKey, Signed, Target, frame};

use crate::support::{self, Expect, Vector, frames::LIMIT};

fn messages() -> impl Iterator<Item = Vector> {
    support::all()
        .into_iter()
        .filter(|vector| vector.folder == "message")
}

fn valid_messages() -> impl Iterator<Item = Vector> {
    messages().filter(|vector| matches!(vector.expect, Expect::Valid | Expect::BadSignature))
}

fn verifies(message: Message<'_>) -> bool {
    match message {
        Message::Listen { record, .. } | Message::Found { record, .. } => record.verify().is_ok(),
        Message::Unlisten { withdrawal, .. } => withdrawal.verify().is_ok(),
        Message::Declare { rules, .. } => rules.verify().is_ok(),
        Message::Join { grant, .. } => grant.is_none_or(|grant| grant.verify().is_ok()),
        Message::Bind { binding, .. } => match binding.target {
            Target::Group { grant, .. } => grant.is_none_or(|grant| grant.verify().is_ok()),
            _ => true,
        },
        _ => true,
    }
}

#[test]
fn published_files_are_what_the_generator_writes() {
    let directory = support::directory();
    let files = support::files();
    for (path, text) in &files {
        let published = fs::read_to_string(directory.join(path)).unwrap_or_default();
        assert_eq!(
            &published, text,
            "{path}: run `cargo run -p tuyau-wire --example vectors`"
        );
    }
    let expected: BTreeSet<_> = files.keys().map(|path| directory.join(path)).collect();
    for folder in [
        "message/valid",
        "message/invalid",
        "frame/valid",
        "frame/invalid",
        "session",
        "identity",
    ] {
        for entry in fs::read_dir(directory.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            assert!(expected.contains(&path), "{} has no case", path.display());
        }
    }
}

#[test]
fn a_file_reads_back_as_its_bytes() {
    for vector in support::all() {
        let (expect, bytes) = support::parse(&vector.to_text());
        assert_eq!(bytes, vector.bytes, "{}", vector.path());
        assert!(!expect.is_empty());
    }
}

#[test]
fn valid_messages_decode_and_encode_to_the_same_bytes() {
    for vector in valid_messages() {
        let message = Message::decode(&vector.bytes).unwrap();
        assert_eq!(message.encode(), vector.bytes, "{}", vector.path());
        assert_eq!(message.encoded_len(), vector.bytes.len());
        assert!(vector.title.starts_with(message.name()));
        assert_eq!(
            verifies(message),
            vector.expect == Expect::Valid,
            "{}",
            vector.path()
        );
    }
}

#[test]
fn all_but_bodies_fit_the_least_that_a_peer_accepts() {
    for vector in valid_messages() {
        assert!(
            vector.bytes.len() as u64 <= tuyau_wire::MIN_MAX_FRAME,
            "{}",
            vector.path()
        );
    }
}

#[test]
fn invalid_messages_are_refused_with_kind_and_place() {
    for vector in messages() {
        let Expect::Refused { kind, offset } = &vector.expect else {
            continue;
        };
        let error = Message::decode(&vector.bytes).expect_err(&vector.path());
        assert_eq!(
            (error.kind().name(), Some(error.offset())),
            (kind.as_str(), *offset)
        );
        assert!(error.offset() <= vector.bytes.len());
        assert!(
            error
                .to_string()
                .contains(&format!("byte {}", error.offset())),
            "{error}"
        );
    }
}

#[test]
fn every_kind_of_refusal_has_a_case() {
    let found: BTreeSet<_> = messages()
        .filter_map(|vector| Message::decode(&vector.bytes).err())
        .map(|error| error.kind().name())
        .collect();
    assert_eq!(found.len(), 16, "{found:?}");
}

#[test]
fn a_refusal_names_what_its_sender_numbered() {
    let error = |path: &str| {
        let path = format!("message/invalid/{path}.hex");
        let vector = messages().find(|vector| vector.path() == path).unwrap();
        Message::decode(&vector.bytes).unwrap_err()
    };
    let route = error("listen-route-port");
    assert_eq!(route.sequence(), Some(1));
    assert_eq!(route.reject_code(), tuyau_wire::RejectCode::BadRoute);
    assert!(std::error::Error::source(&route).is_some());
    for numbered in [
        "listen-record-trailing",
        "bind-class-3",
        "send-body-text",
        "join-durable-number",
        "grant-rights-4",
        "leave-group-31",
        "rules-four",
        "lookup-identity-weak",
    ] {
        assert_eq!(error(numbered).sequence(), Some(1), "{numbered}");
    }
    for other in [
        "trailing",
        "deliver-body-text",
        "reply-body-text",
        "found-nothing",
    ] {
        assert_eq!(error(other).sequence(), None, "{other}");
    }
}

#[test]
fn an_unknown_type_is_refused_with_those_that_are_known() {
    let error = Message::decode(&[0x82, 0x18, 24, 0x00]).unwrap_err();
    assert_eq!(error.reject_code(), tuyau_wire::RejectCode::Unexpected);
    let last = Message::names().count() - 1;
    assert!(
        error.to_string().contains(&format!("0 to {last}")),
        "{error}"
    );
}

#[test]
fn every_truncation_is_refused() {
    for vector in valid_messages() {
        for length in 0..vector.bytes.len() {
            let error = Message::decode(&vector.bytes[..length]).unwrap_err();
            assert_eq!(
                error.kind(),
                DecodeErrorKind::Truncated,
                "{} {length}",
                vector.path()
            );
            assert_eq!(error.offset(), length);
        }
    }
}

#[test]
fn a_byte_more_is_refused() {
    for mut vector in valid_messages() {
        let length = vector.bytes.len();
        vector.bytes.push(0x00);
        let error = Message::decode(&vector.bytes).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (DecodeErrorKind::Trailing, length)
        );
    }
}

/// Whatever one byte becomes, it is refused, or read as another message that has no other encoding.
/// What has an identity in it is long, so of that only single bits change.
#[test]
fn a_changed_byte_never_gives_a_second_encoding() {
    let bits: Vec<u8> = (0..8).map(|bit| 1 << bit).collect();
    let bytes: Vec<u8> = (1..=255).collect();
    for vector in valid_messages().filter(|vector| vector.bytes.len() < 300) {
        let changes = if vector.bytes.len() < 32 {
            &bytes
        } else {
            &bits
        };
        for position in 0..vector.bytes.len() {
            for change in changes {
                let mut bytes = vector.bytes.clone();
                bytes[position] ^= change;
                let decoded = Message::decode(&bytes);
                crate::fast::agrees(&decoded, &bytes);
                if let Ok(message) = decoded {
                    assert_eq!(message.encode(), bytes);
                }
            }
        }
    }
}

#[test]
fn no_changed_bit_of_a_signed_statement_goes_unnoticed() {
    for vector in valid_messages().filter(|vector| vector.bytes.len() < 300) {
        let Ok(Message::Listen { record, .. }) = Message::decode(&vector.bytes) else {
            continue;
        };
        for bit in 0..8 * record.bytes().len() {
            let mut bytes = record.bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let changed = Signed::from_parts(&bytes, *record.signature());
            let verified = changed.is_ok_and(|signed: Signed<Record>| signed.verify().is_ok());
            assert!(!verified, "{} {bit}", vector.path());
        }
    }
}

#[test]
fn frames_split_as_the_vectors_say() {
    for vector in support::frames::vectors() {
        match (frame::split(&vector.bytes, LIMIT), &vector.expect) {
            (Ok(Some(frame)), Expect::Frame { message }) => {
                assert_eq!(frame.message.len(), *message, "{}", vector.path());
                assert_eq!(frame::missing(&vector.bytes), 0);
            }
            (Ok(None), Expect::More { missing }) => {
                assert_eq!(frame::missing(&vector.bytes), *missing, "{}", vector.path());
            }
            (Err(error), Expect::Refused { kind, .. }) => {
                assert_eq!(error.kind().name(), kind, "{}", vector.path());
            }
            (result, expect) => panic!("{}: {result:?}, expected {expect:?}", vector.path()),
        }
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn identities_read_and_print_as_the_vectors_say() {
    let directory = support::directory();
    for line in lines(&directory.join("identity/valid.txt")) {
        let [_, seed, public, text] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!()
        };
        let identity: Identity = text.parse().unwrap();
        assert_eq!(identity.to_string(), text);
        assert_eq!(support::parse(public).1, identity.as_bytes());
        let seed = support::parse(seed).1.try_into().unwrap();
        assert_eq!(SecretKey::from_seed(seed).identity(), identity);
    }
    for line in lines(&directory.join("identity/invalid.txt")) {
        let (kind, text) = line.split_once(' ').unwrap();
        let error = text.parse::<Identity>().unwrap_err();
        assert_eq!(error.kind().name(), kind, "{text}");
    }
}
