use super::*;
use crate::{Source, State, Timestamp, table::Table};
use tuyau_wire::{Record, Rules, SecretKey, Signed, Withdrawal};

fn state(entries: u8) -> State {
    let mut table = Table::default();
    let now = Timestamp::from_millis(1_000);
    let route = || vec!["tls://192.0.2.1:1".parse().unwrap()];
    table.set_static(
        &[(key(200).identity(), route()), (key(1).identity(), route())],
        now,
    );
    for seed in 1..=entries {
        let identity = key(seed).identity();
        let record = Record {
            identity,
            sequence: 3,
            routes: route(),
            expires: 1_900_000_000,
        };
        let record = Signed::sign(&key(seed), record).unwrap().verify().unwrap();
        let source = if seed % 2 == 0 {
            Source::Simulated
        } else {
            Source::Registered
        };
        table.register(record, source, now, 1000).unwrap();
    }
    let gone = Withdrawal {
        identity: key(entries).identity(),
        sequence: 4,
    };
    table
        .withdraw(&Signed::sign(&key(entries), gone).unwrap().verify().unwrap())
        .unwrap();
    State {
        processed: 123_456,
        table,
        groups: [30, 31]
            .map(|seed| (key(seed).identity(), rules(seed)))
            .into(),
    }
}

fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

/// Rules that restrict the group with this key.
fn rules(group: u8) -> Signed<Rules> {
    let rules = Rules {
        group: key(group).identity(),
        sequence: 5,
        join_restricted: true,
        publish_restricted: false,
        grants_from: 2,
    };
    Signed::sign(&key(group), rules).unwrap()
}

fn kind(bytes: &[u8]) -> SnapshotErrorKind {
    decode(bytes).unwrap_err().kind()
}

#[test]
fn gives_back_the_state_as_it_was() {
    for state in [State::default(), state(1), state(9)] {
        let bytes = encode(&state);
        assert_eq!(decode(&bytes).unwrap(), state);
        assert_eq!(encode(&decode(&bytes).unwrap()), bytes);
    }
}

#[test]
fn refuses_every_truncation_and_says_where() {
    let bytes = encode(&state(3));
    for end in 0..bytes.len() {
        let error = decode(&bytes[..end]).unwrap_err();
        assert_eq!(error.kind(), SnapshotErrorKind::Truncated, "cut at {end}");
        assert!(error.offset() <= end);
    }
}

#[test]
fn refuses_every_flipped_bit() {
    let bytes = encode(&state(2));
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let error = decode(&damaged).unwrap_err();
        assert!(error.offset() <= bit / 8, "bit {bit}: {error}");
    }
}

#[test]
fn names_the_entry_that_is_damaged() {
    let bytes = encode(&state(4));
    let mut damaged = bytes.clone();
    let last = bytes.len() - 10;
    damaged[last] ^= 1;
    let error = decode(&damaged).unwrap_err();
    assert_eq!(
        (error.kind(), error.item()),
        (SnapshotErrorKind::Checksum, 7)
    );
    assert!(
        error
            .to_string()
            .contains("entry 7: the checksum does not match"),
        "{error}"
    );
}

#[test]
fn refuses_what_follows_and_what_is_no_snapshot() {
    let mut bytes = encode(&state(1));
    bytes.push(0);
    assert_eq!(kind(&bytes), SnapshotErrorKind::Trailing);
    assert_eq!(
        kind(b"hello, this is text"),
        SnapshotErrorKind::NotASnapshot
    );
    assert_eq!(kind(&[]), SnapshotErrorKind::Truncated);
}

/// An item with a right checksum.
fn item(payload: &[u8]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder
        .array(2)
        .unwrap()
        .bytes(payload)
        .unwrap()
        .u32(crc32fast::hash(payload))
        .unwrap();
    encoder.into_writer()
}

fn header(magic: &str, version: u64, counts: &[u64]) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    let length = 3 + counts.len() as u64;
    encoder.array(length).unwrap().str(magic).unwrap();
    encoder.u64(version).unwrap().u64(0).unwrap();
    for count in counts {
        encoder.u64(*count).unwrap();
    }
    item(&encoder.into_writer())
}

/// The payloads of the items of a snapshot.
fn payloads(bytes: &[u8]) -> Vec<Vec<u8>> {
    let (mut decoder, mut payloads) = (minicbor::Decoder::new(bytes), Vec::new());
    while decoder.position() < bytes.len() {
        decoder.array().unwrap();
        payloads.push(decoder.bytes().unwrap().to_vec());
        decoder.u32().unwrap();
    }
    payloads
}

/// A snapshot of these payloads, each with a right checksum.
fn snapshot(payloads: &[Vec<u8>]) -> Vec<u8> {
    let items = payloads.iter().flat_map(|payload| item(payload));
    items.collect()
}

#[test]
fn refuses_a_newer_version_and_says_so() {
    let error = decode(&header(MAGIC, 3, &[0, 0])).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Version { found: 3 });
    assert!(error.to_string().contains("use a newer tuyau"), "{error}");
    assert_eq!(
        kind(&header("another magic", 2, &[0, 0])),
        SnapshotErrorKind::NotASnapshot
    );
}

#[test]
fn refuses_an_entry_with_a_forged_signature() {
    let bytes = encode(&state(2));
    let good = decode(&bytes).unwrap();
    let signature = good
        .table
        .entries()
        .find_map(|(_, entry)| match &entry.claim {
            Some(crate::table::Claim::Registered { record, .. }) => Some(*record.signature()),
            _ => None,
        });
    let signature = signature.unwrap();
    let mut payloads = payloads(&bytes);
    for payload in &mut payloads {
        if let Some(at) = payload.windows(64).position(|window| window == signature) {
            payload[at] ^= 1;
        }
    }
    assert_eq!(kind(&snapshot(&payloads)), SnapshotErrorKind::Signature);
}

#[test]
fn refuses_rules_that_the_groups_key_did_not_sign_and_says_where() {
    let mut payloads = payloads(&encode(&state(1)));
    let last = payloads.len() - 1;
    *payloads[last].last_mut().unwrap() ^= 1;
    let error = decode(&snapshot(&payloads)).unwrap_err();
    assert_eq!(
        (error.kind(), error.item()),
        (SnapshotErrorKind::Signature, last)
    );
    assert_eq!(error.offset(), snapshot(&payloads[..last]).len());
    let told = tuyau_core::Chain(&error).to_string();
    assert!(told.contains("rules of a group"), "{told}");
}

#[test]
fn refuses_rules_twice_and_in_another_order() {
    let good = payloads(&encode(&state(1)));
    let last = good.len() - 1;
    for (first, second) in [(last, last - 1), (last, last)] {
        let mut bad = good.clone();
        bad[last - 1] = good[first].clone();
        bad[last] = good[second].clone();
        let error = decode(&snapshot(&bad)).unwrap_err();
        assert_eq!(
            (error.kind(), error.item()),
            (SnapshotErrorKind::Malformed, last)
        );
    }
}

#[test]
fn refuses_more_groups_than_there_may_be() {
    let bytes = encode(&state(1));
    assert!(decode_within(&bytes, 3).is_ok());
    let many = header(MAGIC, VERSION, &[0, 4]);
    let error = decode_within(&many, 3).unwrap_err();
    let expected = SnapshotErrorKind::TooManyGroups { found: 4, limit: 3 };
    assert_eq!((error.kind(), error.item()), (expected, 0));
    assert!(
        error.to_string().contains("limits.routes allows (3)"),
        "{error}"
    );
}

/// Version 1 has no rules of groups, and no number of them.
#[test]
fn reads_the_version_before() {
    let state = State {
        groups: Default::default(),
        processed: 0,
        ..state(3)
    };
    let entries = payloads(&encode(&state)).split_off(1);
    let mut old = header(MAGIC, 1, &[entries.len() as u64]);
    old.extend(snapshot(&entries));
    assert_eq!(decode(&old).unwrap(), state);
    let with_groups = header(MAGIC, 1, &[0, 0]);
    assert_eq!(kind(&with_groups), SnapshotErrorKind::Malformed);
    let without = header(MAGIC, 2, &[0]);
    assert_eq!(kind(&without), SnapshotErrorKind::Malformed);
}

#[test]
fn refuses_a_number_of_entries_that_is_not_there() {
    for counts in [[u64::MAX, 0], [0, u64::MAX]] {
        let announced = header(MAGIC, VERSION, &counts);
        assert_eq!(kind(&announced), SnapshotErrorKind::Truncated);
    }
}
