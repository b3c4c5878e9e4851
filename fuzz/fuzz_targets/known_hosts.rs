//! Files of known host keys: whatever they are, a key is trusted only if it stands in them, and what is
//! said of a line is said of one that is there.

#![no_main]

// The modules instead of their crate: what they read is nobody's interface.
#[allow(dead_code, reason = "a target uses a part of what its crate does")]
#[path = "../../crates/tuyau/src/ssh/error.rs"]
mod error;
#[allow(dead_code, reason = "a target uses a part of what its crate does")]
#[path = "../../crates/tuyau/src/ssh/key.rs"]
mod key;
#[allow(dead_code, reason = "a target uses a part of what its crate does")]
// Its tests are elsewhere than the formatter looks for them.
#[rustfmt::skip]
#[path = "../../crates/tuyau/src/ssh/known_hosts.rs"]
mod known_hosts;
#[allow(
    dead_code,
    unexpected_cfgs,
    reason = "a target has neither the features of what it reads nor a use for all of it"
)]
#[path = "../../crates/tuyau/src/peer_text.rs"]
mod peer_text;
#[allow(dead_code, reason = "a target uses a part of what its crate does")]
#[path = "../../crates/tuyau/src/ssh/remote.rs"]
mod remote;

use std::{mem::discriminant, path::Path};

use error::{Kind, Place};
use key::PublicKey;
use known_hosts::Known;
use libfuzzer_sys::fuzz_target;
use remote::Open;

/// The key of which the seeds speak.
const KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";

fn known(text: &str, port: u16) -> Known {
    let mut known = Known::default();
    known.read_text(text, Path::new("known_hosts"), "host", port);
    known
}

/// The lines that a verdict speaks of.
fn places(kind: &Kind) -> Vec<&Place> {
    match kind {
        Kind::HostKeyUnknown {
            other,
            authority,
            broken,
            ..
        } => [other, authority, broken].into_iter().flatten().collect(),
        Kind::HostKeyChanged { place, .. } | Kind::HostKeyRevoked { place, .. } => vec![place],
        other => panic!("not about a host key: {other:?}"),
    }
}

fuzz_target!(|text: &[u8]| {
    let text = String::from_utf8_lossy(text);
    let commented = format!("# a comment\n{text}");
    for port in [22, 2222] {
        let (known, later) = (known(&text, port), known(&commented, port));
        let mut keys: Vec<PublicKey> = known.keys().cloned().collect();
        keys.push(KEY.parse().unwrap());
        for key in keys {
            let printed = key.to_string();
            match (known.judge(&key), later.judge(&key)) {
                (Ok(()), Ok(())) => assert!(text.contains(printed.split(' ').nth(1).unwrap())),
                (Err(one), Err(other)) => {
                    assert_eq!(discriminant(&one), discriminant(&other));
                    for (place, later) in places(&one).into_iter().zip(places(&other)) {
                        assert!((1..=text.lines().count()).contains(&place.line));
                        assert_eq!(later.line, place.line + 1);
                    }
                }
                verdicts => panic!("a comment changes the verdict: {verdicts:?}"),
            }
        }
    }
});
