//! The textual form of an identity: bech32m (BIP 350) with the prefix `tuyau`.

use bech32::{
    Bech32, Bech32m, Hrp,
    primitives::decode::{CheckedHrpstring, UncheckedHrpstring},
};

use super::{Identity, IdentityError, IdentityErrorKind as Kind};

/// The human-readable part and its separator.
pub(super) const PREFIX: &str = "tuyau1";

/// Prefix, 52 characters of five bits for 32 bytes, and a checksum of six characters.
pub(super) const LENGTH: usize = PREFIX.len() + 52 + 6;

/// What the 32 characters of bech32 are, in the order of their values.
const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// The text of an identity, without an allocation.
pub(super) struct Text {
    bytes: [u8; LENGTH],
    used: usize,
}

impl Text {
    pub(super) fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..self.used]).unwrap_or_default()
    }
}

impl core::fmt::Write for Text {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        let end = self.used + text.len();
        let room = self.bytes.get_mut(self.used..end).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.used = end;
        Ok(())
    }
}

pub(super) fn encode(identity: &Identity) -> Text {
    let mut text = Text {
        bytes: [0; LENGTH],
        used: 0,
    };
    let hrp = Hrp::parse_unchecked("tuyau");
    bech32::encode_lower_to_fmt::<Bech32m, _>(&mut text, hrp, identity.as_bytes())
        .expect("an identity has 64 characters");
    text
}

pub(super) fn decode(text: &str) -> Result<Identity, IdentityError> {
    check_characters(text)?;
    let Ok(unchecked) = UncheckedHrpstring::new(text) else {
        return Err(IdentityError::new(Kind::Prefix));
    };
    if !unchecked.has_valid_checksum::<Bech32m>() {
        return Err(checksum_error(text, &unchecked));
    }
    read_bytes(&unchecked.remove_checksum::<Bech32m>())
}

/// Checks prefix, length, case and alphabet, in the order in which a person would look.
fn check_characters(text: &str) -> Result<(), IdentityError> {
    let prefix = text.get(..PREFIX.len()).unwrap_or_default();
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return Err(IdentityError::new(Kind::Prefix));
    }
    for (position, character) in text.chars().enumerate().skip(PREFIX.len()) {
        let lower = character.to_ascii_lowercase();
        if !ALPHABET.iter().any(|&known| char::from(known) == lower) {
            return Err(IdentityError::at(Kind::Character, position));
        }
    }
    if text.len() != LENGTH {
        return Err(IdentityError::length(text.len()));
    }
    let upper = text.starts_with(|first: char| first.is_ascii_uppercase());
    let differs = |byte: u8| byte.is_ascii_alphabetic() && byte.is_ascii_uppercase() != upper;
    match text.bytes().position(differs) {
        Some(position) => Err(IdentityError::at(Kind::MixedCase, position)),
        None => Ok(()),
    }
}

fn checksum_error(text: &str, unchecked: &UncheckedHrpstring<'_>) -> IdentityError {
    if unchecked.has_valid_checksum::<Bech32>() {
        return IdentityError::new(Kind::OldChecksum);
    }
    match mistyped(text) {
        Some(position) => IdentityError::at(Kind::Checksum, position),
        None => IdentityError::new(Kind::Checksum),
    }
}

/// Finds the one character whose replacement makes the checksum match. There is at most one place,
/// because two valid texts of this length differ in at least five.
///
/// The replacement itself is not told: a person should copy the text again, not trust a guess.
fn mistyped(text: &str) -> Option<usize> {
    let mut bytes: [u8; LENGTH] = text.to_ascii_lowercase().into_bytes().try_into().ok()?;
    for position in PREFIX.len()..LENGTH {
        let typed = bytes[position];
        for &candidate in ALPHABET {
            bytes[position] = candidate;
            if has_valid_checksum(&bytes) {
                return Some(position);
            }
        }
        bytes[position] = typed;
    }
    None
}

fn has_valid_checksum(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes)
        .ok()
        .and_then(|text| UncheckedHrpstring::new(text).ok())
        .is_some_and(|text| text.has_valid_checksum::<Bech32m>())
}

fn read_bytes(checked: &CheckedHrpstring<'_>) -> Result<Identity, IdentityError> {
    // 52 characters are 260 bits; the last four carry nothing and must be zero, or one identity
    // would have sixteen texts.
    let last = checked.fe32_iter().last().map_or(0, |value| value.to_u8());
    if last & 0x0f != 0 {
        return Err(IdentityError::new(Kind::Padding));
    }
    let mut bytes = [0; Identity::LENGTH];
    for (byte, read) in bytes.iter_mut().zip(checked.byte_iter()) {
        *byte = read;
    }
    Identity::from_bytes(bytes)
}

/// The text that bech32 without the `m` gives; only for tests of its refusal.
#[cfg(test)]
fn encode_old(identity: &Identity) -> alloc::string::String {
    let hrp = Hrp::parse_unchecked("tuyau");
    bech32::encode::<Bech32>(hrp, identity.as_bytes()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::{
        format,
        string::{String, ToString},
    };

    use super::*;
    use crate::SecretKey;

    fn sample() -> (Identity, String) {
        let identity = SecretKey::from_seed([7; 32]).identity();
        (identity, identity.to_string())
    }

    fn kind(text: &str) -> Kind {
        text.parse::<Identity>().unwrap_err().kind()
    }

    #[test]
    fn reads_what_it_prints_in_either_case() {
        let (identity, text) = sample();
        assert_eq!(text.len(), LENGTH);
        assert_eq!(text.parse(), Ok(identity));
        assert_eq!(text.to_uppercase().parse(), Ok(identity));
    }

    #[test]
    fn finds_every_single_typing_error() {
        let (_, text) = sample();
        for position in PREFIX.len()..LENGTH {
            let mut bytes = text.clone().into_bytes();
            bytes[position] = if bytes[position] == b'q' { b'p' } else { b'q' };
            let typed = String::from_utf8(bytes).unwrap();
            let error = typed.parse::<Identity>().unwrap_err();
            assert_eq!(error.kind(), Kind::Checksum);
            assert_eq!(error.position(), Some(position));
            assert!(
                error
                    .to_string()
                    .contains(&format!("character {}", position + 1))
            );
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let (identity, text) = sample();
        assert_eq!(kind(""), Kind::Prefix);
        assert_eq!(kind("tls://127.0.0.1:6000"), Kind::Prefix);
        assert_eq!(kind(&text.replacen("tuyau", "tuyao", 1)), Kind::Prefix);
        assert_eq!(kind(&text[..LENGTH - 1]), Kind::Length);
        assert_eq!(kind(&format!("{text}q")), Kind::Length);
        assert_eq!(kind(&format!("{text}\n")), Kind::Character);
        assert_eq!(kind(&format!("{}é", &text[..LENGTH - 1])), Kind::Character);
        assert_eq!(kind(&text.replacen('t', "T", 1)), Kind::MixedCase);
        assert_eq!(kind(&encode_old(&identity)), Kind::OldChecksum);
    }

    #[test]
    fn refuses_a_second_text_for_the_same_bytes() {
        let (identity, _) = sample();
        let hrp = Hrp::parse_unchecked("tuyau");
        let mut values: alloc::vec::Vec<u8> = bits_of(identity.as_bytes());
        *values.last_mut().unwrap() |= 1;
        let text = with_checksum(hrp, &values);
        assert_eq!(kind(&text), Kind::Padding);
    }

    fn bits_of(bytes: &[u8]) -> alloc::vec::Vec<u8> {
        use bech32::primitives::iter::ByteIterExt as _;
        bytes
            .iter()
            .copied()
            .bytes_to_fes()
            .map(|value| value.to_u8())
            .collect()
    }

    fn with_checksum(hrp: Hrp, values: &[u8]) -> String {
        use bech32::{Fe32, primitives::iter::Fe32IterExt as _};
        values
            .iter()
            .map(|&value| Fe32::try_from(value).unwrap())
            .with_checksum::<Bech32m>(&hrp)
            .chars()
            .collect()
    }
}
