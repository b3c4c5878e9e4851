//! What a router or a service is known by.

mod error;
mod text;

use core::{fmt, str::FromStr};

use ed25519_dalek::VerifyingKey;

pub use error::{IdentityError, IdentityErrorKind};

/// What a router or a service is known by: an Ed25519 public key (RFC 8032).
///
/// A value of this type is always the canonical encoding of a point of the curve that is not of
/// low order, so that two identities are the same exactly when their bytes are, and no signature
/// can be valid under an identity for everything. That nobody but its owner can act under an
/// identity is what the handshake and [`Signed`](crate::Signed) statements prove.
///
/// The textual form is bech32m with the prefix `tuyau`, 64 characters long; it is printed in lower
/// case and read in lower or upper case. Its checksum catches every slip of up to four characters
/// and nearly all others.
///
/// ```
/// use tuyau_wire::{Identity, SecretKey};
///
/// let identity = SecretKey::from_seed([7; 32]).identity();
/// let text = identity.to_string();
/// assert!(text.starts_with("tuyau1"));
/// assert_eq!(text.parse::<Identity>()?, identity);
/// # Ok::<(), tuyau_wire::IdentityError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity([u8; Self::LENGTH]);

impl Identity {
    /// The length of an identity in bytes.
    pub const LENGTH: usize = 32;

    /// The length of an identity's textual form in bytes, all of them ASCII.
    pub const TEXT_LENGTH: usize = text::LENGTH;

    /// Makes an identity from the 32 bytes of an Ed25519 public key.
    ///
    /// # Errors
    /// [`IdentityErrorKind::Point`] when the bytes are not the canonical encoding of a point of
    /// the curve, [`IdentityErrorKind::Weak`] when the point is of low order.
    pub fn from_bytes(bytes: [u8; Self::LENGTH]) -> Result<Self, IdentityError> {
        if !is_canonical(&bytes) {
            return Err(IdentityError::new(IdentityErrorKind::Point));
        }
        let key = VerifyingKey::from_bytes(&bytes)
            .map_err(|_| IdentityError::new(IdentityErrorKind::Point))?;
        if key.is_weak() {
            return Err(IdentityError::new(IdentityErrorKind::Weak));
        }
        Ok(Self(bytes))
    }

    /// The 32 bytes of the public key.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// A form for logs and tables: the prefix `tuyau1`, the first four characters after it, `…`,
    /// and the last four, as in `tuyau1qpz4…x7k2`. Fifteen columns wide.
    ///
    /// It tells identities apart for a reader and is not accepted as input.
    pub fn short(&self) -> Short {
        Short(*self)
    }

    pub(crate) fn of(key: &VerifyingKey) -> Self {
        Self(key.to_bytes())
    }

    /// The identity with bytes that were checked before.
    pub(crate) fn of_checked(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The key to verify with. The bytes were checked when the identity was made.
    pub(crate) fn verifying_key(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&self.0).ok()
    }
}

/// Whether `y` is below the prime 2^255 - 19, as RFC 8032 section 5.1.3 step 1 demands.
fn is_canonical(bytes: &[u8; Identity::LENGTH]) -> bool {
    let high_bits_set = bytes[31] & 0x7f == 0x7f && bytes[1..31].iter().all(|&byte| byte == 0xff);
    !(high_bits_set && bytes[0] >= 0xed)
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(text::encode(self).as_str())
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({self})")
    }
}

impl FromStr for Identity {
    type Err = IdentityError;

    fn from_str(text: &str) -> Result<Self, IdentityError> {
        text::decode(text)
    }
}

/// The short form of an [`Identity`], see [`Identity::short`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short(Identity);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text::encode(&self.0);
        let text = text.as_str();
        let (head, tail) = (&text[..text::PREFIX.len() + 4], &text[text.len() - 4..]);
        f.pad(&alloc::format!("{head}…{tail}"))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::SecretKey;

    #[test]
    fn refuses_bytes_that_are_no_point() {
        let mut bytes = [0; 32];
        bytes[0] = 2;
        let error = Identity::from_bytes(bytes).unwrap_err();
        assert_eq!(error.kind(), IdentityErrorKind::Point);
    }

    #[test]
    fn refuses_points_of_low_order() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        for bytes in [neutral, [0; 32]] {
            let error = Identity::from_bytes(bytes).unwrap_err();
            assert_eq!(error.kind(), IdentityErrorKind::Weak);
        }
    }

    #[test]
    fn refuses_a_second_encoding_of_a_point() {
        // y = p + 3 stands for y = 3, which is on the curve.
        let mut canonical = [0; 32];
        canonical[0] = 3;
        assert!(Identity::from_bytes(canonical).is_ok());
        let mut other = [0xff; 32];
        other[0] = 0xf0;
        other[31] = 0x7f;
        assert!(VerifyingKey::from_bytes(&other).is_ok());
        let error = Identity::from_bytes(other).unwrap_err();
        assert_eq!(error.kind(), IdentityErrorKind::Point);
    }

    #[test]
    fn short_form_keeps_both_ends() {
        let identity = SecretKey::from_seed([7; 32]).identity();
        let (long, short) = (identity.to_string(), identity.short().to_string());
        let (head, tail) = short.split_once('…').unwrap();
        assert_eq!(head.len(), "tuyau1".len() + 4);
        assert!(long.starts_with(head) && long.ends_with(tail));
        assert_eq!(short.chars().count(), 15);
    }

    #[test]
    fn sorts_by_bytes() {
        let mut identities: alloc::vec::Vec<_> = (0..20)
            .map(|seed| SecretKey::from_seed([seed; 32]).identity())
            .collect();
        identities.sort();
        assert!(identities.is_sorted_by_key(|identity| *identity.as_bytes()));
    }
}
