//! Identities as bytes and as text.

use std::fmt::Write as _;

use super::keys;
use tuyau_wire::{Identity, SecretKey};

/// The two files, by their path in the directory of the vectors.
pub fn files() -> [(String, String); 2] {
    [
        ("identity/valid.txt".into(), valid()),
        ("identity/invalid.txt".into(), invalid()),
    ]
}

fn valid() -> String {
    let mut text = String::from("# name, seed, public key, text\n");
    for (name, seed) in keys::NAMES {
        let identity = SecretKey::from_seed([seed; 32]).identity();
        let (seed, public) = (hex(&[seed; 32]), hex(identity.as_bytes()));
        writeln!(text, "{name} {seed} {public} {identity}").unwrap();
    }
    text
}

fn invalid() -> String {
    let mut text = String::from("# what is wrong, text\n");
    for (kind, wrong) in wrong_texts() {
        writeln!(text, "{kind} {wrong}").unwrap();
    }
    text
}

fn wrong_texts() -> Vec<(&'static str, String)> {
    let good = keys::alice().identity().to_string();
    let (head, last) = good.split_at(good.len() - 1);
    let other = if last == "q" { "p" } else { "q" };
    vec![
        ("prefix", good.replacen("tuyau", "tuyao", 1)),
        ("prefix", "tls://127.0.0.1:6000".into()),
        ("length", head.into()),
        ("length", format!("{good}q")),
        ("character", format!("{head}b")),
        ("character", format!("{head}é")),
        ("mixed-case", good.replacen("tuyau", "TUYAU", 1)),
        ("checksum", format!("{head}{other}")),
        (
            "old-checksum",
            encode::<bech32::Bech32>(keys::alice().identity().as_bytes()),
        ),
        ("padding", padded()),
        ("point", encode::<bech32::Bech32m>(&with_first_byte(2))),
        ("point", encode::<bech32::Bech32m>(&second_encoding())),
        ("weak", encode::<bech32::Bech32m>(&with_first_byte(1))),
    ]
}

fn hrp() -> bech32::Hrp {
    bech32::Hrp::parse("tuyau").unwrap()
}

fn encode<C: bech32::Checksum>(bytes: &[u8]) -> String {
    bech32::encode::<C>(hrp(), bytes).unwrap()
}

/// An identity whose four unused bits are not zero.
fn padded() -> String {
    use bech32::{Fe32, primitives::iter::*};
    let identity: Identity = keys::alice().identity();
    let mut values: Vec<Fe32> = identity.as_bytes().iter().copied().bytes_to_fes().collect();
    let last = values.pop().unwrap().to_u8();
    values.push(Fe32::try_from(last | 1).unwrap());
    values
        .into_iter()
        .with_checksum::<bech32::Bech32m>(&hrp())
        .chars()
        .collect()
}

fn with_first_byte(first: u8) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes
}

/// The point with y = 3, written as the prime and 3.
fn second_encoding() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xf0;
    bytes[31] = 0x7f;
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
