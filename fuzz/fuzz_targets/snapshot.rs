//! Snapshots: refused with a place in them, or a state that is saved and restored as it is.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tuyau_router::snapshot;

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    // The fuzzer does not find checksums: the bytes as a header, as an entry, and as rules.
    check(&item(bytes));
    for header in HEADERS {
        check(&[item(header), item(bytes)].concat());
    }
});

/// `["tuyau snapshot", 1, 7, 1]`, and of version 2 with one entry, and with the rules of one group.
const HEADERS: [&[u8]; 3] = [
    b"\x84\x6etuyau snapshot\x01\x07\x01",
    b"\x85\x6etuyau snapshot\x02\x07\x01\x00",
    b"\x85\x6etuyau snapshot\x02\x07\x00\x01",
];

fn check(bytes: &[u8]) {
    match snapshot::decode(bytes) {
        Ok(state) => {
            let saved = snapshot::encode(&state);
            assert_eq!(snapshot::decode(&saved).unwrap(), state);
        }
        Err(error) => {
            assert!(error.offset() <= bytes.len());
            assert!(!error.to_string().is_empty());
        }
    }
}

/// An item with this payload, and the checksum that belongs to it.
fn item(payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x82];
    head(&mut out, 0x40, payload.len() as u32);
    out.extend_from_slice(payload);
    head(&mut out, 0x00, crc32fast::hash(payload));
    out
}

/// The shortest head of an item of this major type (RFC 8949 section 3).
fn head(out: &mut Vec<u8>, major: u8, value: u32) {
    match value {
        0..=23 => out.push(major | value as u8),
        24..=0xff => out.extend([major | 24, value as u8]),
        0x100..=0xffff => {
            out.push(major | 25);
            out.extend((value as u16).to_be_bytes());
        }
        _ => {
            out.push(major | 26);
            out.extend(value.to_be_bytes());
        }
    }
}
