//! The secret half of an identity.

mod error;
mod pem;

use core::fmt;

use alloc::{string::String, vec::Vec};
use ed25519_dalek::{Signer as _, SigningKey};
use zeroize::Zeroizing;

use crate::Identity;

pub use error::{SecretKeyError, SecretKeyErrorKind};

/// The secret half of an [`Identity`]: an Ed25519 key that signs.
///
/// The memory that held it is overwritten when it is dropped, and its debug form shows the identity
/// only. Key files are PKCS#8 (RFC 5958, RFC 8410) in PEM; whoever writes one gives it mode 0600.
///
/// ```
/// use tuyau_wire::SecretKey;
///
/// let key = SecretKey::from_seed([7; 32]);
/// let file = key.to_pkcs8_pem();
/// assert!(file.starts_with("-----BEGIN PRIVATE KEY-----\n"));
/// assert_eq!(SecretKey::from_pkcs8_pem(&file)?.identity(), key.identity());
/// # Ok::<(), tuyau_wire::SecretKeyError>(())
/// ```
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The length of a seed in bytes.
    pub const SEED_LENGTH: usize = 32;

    /// Makes the key that belongs to a seed (RFC 8032 section 5.1.5).
    ///
    /// Only 32 bytes that nobody can guess make a key that nobody else has; fixed seeds are for
    /// tests. The copy that the caller has is the caller's to overwrite.
    pub fn from_seed(seed: [u8; Self::SEED_LENGTH]) -> Self {
        Self(SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// Makes a new key from the operating system's random numbers.
    ///
    /// # Errors
    /// [`SecretKeyErrorKind::Random`] when the operating system gives none.
    #[cfg(feature = "getrandom")]
    pub fn generate() -> Result<Self, SecretKeyError> {
        let mut seed = Zeroizing::new([0; Self::SEED_LENGTH]);
        getrandom::fill(&mut *seed).map_err(|_| SecretKeyError::new(SecretKeyErrorKind::Random))?;
        Ok(Self(SigningKey::from_bytes(&seed)))
    }

    /// The identity that this key proves.
    pub fn identity(&self) -> Identity {
        Identity::of(&self.0.verifying_key())
    }

    /// The content of a key file: PKCS#8 version 1 in PEM, 119 bytes.
    ///
    /// Version 1 has no room for the public key, which follows from the secret one; OpenSSL before
    /// 3.5 reads nothing newer.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        pem::encode_pem(&self.0)
    }

    /// The same content as [`to_pkcs8_pem`](Self::to_pkcs8_pem) in DER, 48 bytes, as TLS libraries
    /// take it.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        pem::encode_der(&self.0)
    }

    /// Reads a key file: PKCS#8 version 1 or 2 in PEM, as `tuyau key new` or
    /// `openssl genpkey -algorithm ed25519` make it.
    ///
    /// # Errors
    /// When the text is something else or damaged; the error says what it is, where, and what to
    /// do, and never repeats the key.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, SecretKeyError> {
        pem::decode_pem(text).map(Self)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey")
            .field("identity", &self.identity())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn debug_form_hides_the_key() {
        let key = SecretKey::from_seed([0xab; 32]);
        let text = format!("{key:?}");
        assert!(text.contains("tuyau1"));
        assert!(!text.contains("abab") && !text.contains("171"));
    }

    #[test]
    fn follows_rfc_8032_test_1() {
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let public = [
            0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64,
            0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68,
            0xf7, 0x07, 0x51, 0x1a,
        ];
        assert_eq!(SecretKey::from_seed(seed).identity().as_bytes(), &public);
    }

    #[cfg(feature = "getrandom")]
    #[test]
    fn generated_keys_differ() {
        let (one, two) = (
            SecretKey::generate().unwrap(),
            SecretKey::generate().unwrap(),
        );
        assert_ne!(one.identity(), two.identity());
    }
}
