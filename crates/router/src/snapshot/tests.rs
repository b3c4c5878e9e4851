use super::*;
use crate::{Source, State, Timestamp, table::Table};
use tuyau_wire::{Record, SecretKey, Signed, Withdrawal};

fn state(entries: u8) -> State {
    let mut table = Table::default();
    let now = Timestamp::from_millis(1_000);
    let key = |seed| SecretKey::from_seed([seed; 32]);
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
        ..State::default()
    }
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
        (SnapshotErrorKind::Checksum, 5)
    );
    assert!(
        error
            .to_string()
            .contains("entry 5: the checksum does not match"),
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

fn header(magic: &str, version: u64, entries: u64) -> Vec<u8> {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder
        .array(4)
        .unwrap()
        .str(magic)
        .unwrap()
        .u64(version)
        .unwrap();
    encoder.u64(0).unwrap().u64(entries).unwrap();
    item(&encoder.into_writer())
}

#[test]
fn refuses_a_newer_version_and_says_so() {
    let error = decode(&header(MAGIC, 2, 0)).unwrap_err();
    assert_eq!(error.kind(), SnapshotErrorKind::Version { found: 2 });
    assert!(error.to_string().contains("use a newer tuyau"), "{error}");
    assert_eq!(
        kind(&header("another magic", 1, 0)),
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
    let mut items = Vec::new();
    let mut decoder = minicbor::Decoder::new(&bytes);
    while decoder.position() < bytes.len() {
        decoder.array().unwrap();
        let mut payload = decoder.bytes().unwrap().to_vec();
        decoder.u32().unwrap();
        if let Some(at) = payload.windows(64).position(|window| window == signature) {
            payload[at] ^= 1;
        }
        items.extend(item(&payload));
    }
    assert_eq!(kind(&items), SnapshotErrorKind::Signature);
}

#[test]
fn refuses_a_number_of_entries_that_is_not_there() {
    assert_eq!(
        kind(&header(MAGIC, 1, u64::MAX)),
        SnapshotErrorKind::Truncated
    );
}
