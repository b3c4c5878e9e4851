//! Statements with their signature, before and after it was checked.

mod error;

use alloc::{boxed::Box, vec::Vec};
use core::{convert::Infallible, fmt, ops::Deref};

use ed25519_dalek::Signature;
use minicbor::{Encoder, encode};

use crate::{DecodeError, SecretKey, Statement, cbor::reader::Reader};

pub use error::{SignError, SignatureError};

/// A statement with its signature, which nobody has checked yet.
///
/// It keeps the exact bytes that were signed, so that it can be passed on and stored as it came.
#[derive(Clone, PartialEq, Eq)]
pub struct Signed<T> {
    claims: T,
    bytes: Box<[u8]>,
    signature: [u8; 64],
}

impl<T: Statement> Signed<T> {
    /// The length of a signature in bytes.
    pub const SIGNATURE_LENGTH: usize = 64;

    /// Signs a statement of the key's own identity.
    ///
    /// # Errors
    /// [`SignError::Identity`] when the statement is about another identity than the key's, and
    /// [`SignError::Routes`] when a record has no route or too many.
    pub fn sign(key: &SecretKey, claims: T) -> Result<Self, SignError> {
        if claims.identity() != key.identity() {
            let (key, statement) = (key.identity(), claims.identity());
            return Err(SignError::Identity { key, statement });
        }
        claims.check()?;
        let mut encoder = Encoder::new(Vec::new());
        claims
            .write(&mut encoder)
            .expect("writing to memory does not fail");
        let bytes = encoder.into_writer().into_boxed_slice();
        let signature = key.sign(&with_domain::<T>(&bytes));
        Ok(Self {
            claims,
            bytes,
            signature,
        })
    }

    /// Puts a signed statement together again from its [`bytes`](Self::bytes) and its
    /// [`signature`](Self::signature).
    ///
    /// # Errors
    /// When the bytes are not a statement of this kind in deterministic encoding. The signature is
    /// not looked at.
    pub fn from_parts(bytes: &[u8], signature: [u8; 64]) -> Result<Self, DecodeError> {
        Self::read_parts(bytes, 0, signature)
    }

    /// Like [`from_parts`](Self::from_parts), for what this program has read before and kept where
    /// nobody else writes: whether the keys in it are points of the curve, which takes most of the
    /// time, is not looked at again.
    ///
    /// Where a key is none all the same, nothing [verifies](Self::verify) under it.
    ///
    /// # Errors
    /// When the bytes are not a statement of this kind in deterministic encoding.
    pub fn from_kept_parts(bytes: &[u8], signature: [u8; 64]) -> Result<Self, DecodeError> {
        Self::read_from(&mut Reader::of_checked(bytes)?, bytes, signature)
    }

    /// What the statement says. Nothing has proved yet that its identity said so.
    pub fn claims(&self) -> &T {
        &self.claims
    }

    /// The bytes that were signed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The signature, as in RFC 8032 section 5.1.6.
    pub fn signature(&self) -> &[u8; 64] {
        &self.signature
    }

    /// Checks the signature against the identity that the statement names.
    ///
    /// Signatures that only some verifiers accept, with a point of low order in them, are refused.
    ///
    /// # Errors
    /// When the identity did not sign these bytes as this kind of statement.
    pub fn verify(self) -> Result<Verified<T>, SignatureError> {
        let identity = self.claims.identity();
        let signature = Signature::from_bytes(&self.signature);
        let message = with_domain::<T>(&self.bytes);
        let verified = identity
            .verifying_key()
            .is_some_and(|key| key.verify_strict(&message, &signature).is_ok());
        if verified {
            Ok(Verified(self))
        } else {
            Err(SignatureError::new(T::NAME, identity))
        }
    }

    /// Reads `[bytes, signature]`.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("signed statement", 2..=2, "an array of 2")?;
        let bytes = reader.bytes("signed statement")?;
        let base = reader.offset() - bytes.len();
        let signature = reader.bytes_of::<64>("signature", "a byte string of 64")?;
        Self::read_parts(bytes, base, *signature)
    }

    fn read_parts(bytes: &[u8], base: usize, signature: [u8; 64]) -> Result<Self, DecodeError> {
        Self::read_from(&mut Reader::new(bytes, base)?, bytes, signature)
    }

    fn read_from(
        reader: &mut Reader<'_>,
        bytes: &[u8],
        signature: [u8; 64],
    ) -> Result<Self, DecodeError> {
        Ok(Self {
            claims: T::read(reader)?,
            bytes: bytes.into(),
            signature,
        })
    }

    pub(crate) fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder
            .array(2)?
            .bytes(&self.bytes)?
            .bytes(&self.signature)?
            .ok()
    }
}

fn with_domain<T: Statement>(bytes: &[u8]) -> Vec<u8> {
    [T::DOMAIN, bytes].concat()
}

impl<T: fmt::Debug> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

/// A statement whose signature was found good. It can be had from [`Signed::verify`] alone.
///
/// ```compile_fail
/// use tuyau_wire::{Record, Signed, Verified};
///
/// fn believe(statement: Signed<Record>) -> Verified<Record> {
///     Verified(statement)
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Verified<T>(Signed<T>);

impl<T> Verified<T> {
    /// The statement with its signature, to pass on or to store.
    pub fn signed(&self) -> &Signed<T> {
        &self.0
    }

    /// The same, taken out.
    pub fn into_signed(self) -> Signed<T> {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.claims
    }
}

impl<T: fmt::Debug> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Verified").field(&self.0.claims).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeErrorKind, Grant, Record, Rights, Withdrawal};

    fn key() -> SecretKey {
        SecretKey::from_seed([1; 32])
    }

    fn record() -> Record {
        let routes = alloc::vec!["tls://127.0.0.1:6001".parse().unwrap()];
        Record {
            identity: key().identity(),
            sequence: 7,
            routes,
            expires: 1_900_000_000,
        }
    }

    #[test]
    fn verifies_what_it_signed() {
        let signed = Signed::sign(&key(), record()).unwrap();
        let verified = signed.clone().verify().unwrap();
        assert_eq!(*verified, record());
        assert_eq!(verified.signed(), &signed);
        assert_eq!(verified.into_signed(), signed);
    }

    #[test]
    fn refuses_to_sign_for_another_identity() {
        let other = SecretKey::from_seed([2; 32]);
        let error = Signed::sign(&other, record()).unwrap_err();
        assert!(matches!(error, SignError::Identity { .. }));
    }

    #[test]
    fn refuses_to_sign_a_record_with_no_route_or_too_many() {
        for found in [0, crate::MAX_ROUTES + 1] {
            let routes = alloc::vec!["mem://x".parse().unwrap(); found];
            let error = Signed::sign(&key(), Record { routes, ..record() }).unwrap_err();
            assert_eq!(error, SignError::Routes { found });
        }
    }

    #[test]
    fn refuses_a_signature_with_any_bit_flipped() {
        let signed = Signed::sign(&key(), record()).unwrap();
        for bit in 0..512 {
            let mut signature = *signed.signature();
            signature[bit / 8] ^= 1 << (bit % 8);
            let forged = Signed::<Record>::from_parts(signed.bytes(), signature).unwrap();
            assert_eq!(forged.verify().unwrap_err().identity(), key().identity());
        }
    }

    #[test]
    fn refuses_a_signature_over_other_bytes() {
        let signed = Signed::sign(&key(), record()).unwrap();
        let newer = Signed::sign(
            &key(),
            Record {
                sequence: 8,
                ..record()
            },
        )
        .unwrap();
        let forged = Signed::<Record>::from_parts(newer.bytes(), *signed.signature()).unwrap();
        assert!(forged.verify().is_err());
    }

    #[test]
    fn a_signature_for_one_kind_is_none_for_another() {
        let withdrawal = Withdrawal {
            identity: key().identity(),
            sequence: 9,
        };
        let signed = Signed::sign(&key(), withdrawal).unwrap();
        let bare = key().sign(signed.bytes());
        let forged = Signed::<Withdrawal>::from_parts(signed.bytes(), bare).unwrap();
        assert!(forged.verify().is_err());
        let message = [b"tuyau listen 1\0", signed.bytes()].concat();
        let other = key().sign(&message);
        let forged = Signed::<Withdrawal>::from_parts(signed.bytes(), other).unwrap();
        assert!(forged.verify().is_err());
    }

    /// A grant has the group's signature, not that of who may.
    #[test]
    fn a_grant_is_the_groups_to_sign() {
        let member = SecretKey::from_seed([2; 32]);
        let grant = Grant {
            group: key().identity(),
            identity: member.identity(),
            sequence: 1,
            rights: Rights::Join,
            expires: 1_900_000_000,
        };
        let error = Signed::sign(&member, grant.clone()).unwrap_err();
        assert!(matches!(error, SignError::Identity { .. }));
        let signed = Signed::sign(&key(), grant.clone()).unwrap();
        assert_eq!(*signed.clone().verify().unwrap(), grant);
        let domain = [b"tuyau group 1\0", signed.bytes()].concat();
        let forged = Signed::<Grant>::from_parts(signed.bytes(), key().sign(&domain)).unwrap();
        assert!(forged.verify().is_err());
    }

    #[test]
    fn a_withdrawal_does_not_read_as_a_record() {
        let withdrawal = Withdrawal {
            identity: key().identity(),
            sequence: 9,
        };
        let signed = Signed::sign(&key(), withdrawal).unwrap();
        let error = Signed::<Record>::from_parts(signed.bytes(), [0; 64]).unwrap_err();
        assert_eq!(error.kind(), DecodeErrorKind::Length);
    }
}
