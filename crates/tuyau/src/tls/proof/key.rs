//! Ed25519 keys as TLS uses them.

use std::{error::Error, fmt, sync::Arc};

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    crypto::CryptoProvider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::SigningKey,
};
use zeroize::Zeroizing;

use crate::tls::default_provider;

/// An Ed25519 public key (RFC 8032), 32 bytes. It prints as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

/// How a key is printed, so that an application's errors show identities in its own form.
pub type KeyFormat = fn(&PublicKey, &mut fmt::Formatter<'_>) -> fmt::Result;

/// The head of the `SubjectPublicKeyInfo` of an Ed25519 key (RFC 8410, section 4); the key follows.
const SPKI_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The head of a PKCS#8 version 1 private key for Ed25519 (RFC 8410, section 7); the seed follows.
const PKCS8_HEAD: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

impl PublicKey {
    /// The key in the form of a `SubjectPublicKeyInfo`, what a raw public key on the wire is.
    pub fn to_spki_der(&self) -> Vec<u8> {
        [&SPKI_HEAD[..], &self.0].concat()
    }

    /// Reads an Ed25519 key from a `SubjectPublicKeyInfo`; none when it is another kind of key.
    pub fn from_spki_der(der: &[u8]) -> Option<Self> {
        let key = der.strip_prefix(&SPKI_HEAD)?;
        key.try_into().ok().map(Self)
    }

    /// Whether it is a point of small order, for which anyone can make signatures that verify.
    pub(in crate::tls) fn is_weak(&self) -> bool {
        let mut y = self.0;
        y[31] &= 0x7f;
        WEAK.contains(&y)
    }
}

/// The y coordinates of the points of order eight.
const ORDER_EIGHT: [[u8; 32]; 2] = [
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

/// The encodings of all points of small order, without the bit of the sign: y = 0 and y = 1 have a second
/// one each, above the prime.
const WEAK: [[u8; 32]; 7] = [
    small(0),
    small(1),
    ORDER_EIGHT[0],
    ORDER_EIGHT[1],
    nearly_p(0xec),
    nearly_p(0xed),
    nearly_p(0xee),
];

const fn small(first: u8) -> [u8; 32] {
    let mut encoding = [0; 32];
    encoding[0] = first;
    encoding
}

const fn nearly_p(first: u8) -> [u8; 32] {
    let mut encoding = [0xff; 32];
    encoding[0] = first;
    encoding[31] = 0x7f;
    encoding
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// An Ed25519 key pair: what this side proves to be. Cloning shares it; printing shows the public key.
#[derive(Clone)]
pub struct KeyPair {
    signer: Arc<dyn SigningKey>,
    public: PublicKey,
}

impl KeyPair {
    /// The key pair of a 32-byte seed, the private key of RFC 8032.
    ///
    /// # Errors
    /// When the crypto provider refuses it.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        Self::from_seed_with(&default_provider(), seed)
    }

    /// Like [`from_seed`](Self::from_seed), with the signatures made by `provider`.
    ///
    /// # Errors
    /// When the crypto provider refuses it.
    pub fn from_seed_with(provider: &CryptoProvider, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let mut der = Zeroizing::new([0; 48]);
        der[..16].copy_from_slice(&PKCS8_HEAD);
        der[16..].copy_from_slice(seed);
        Self::load(provider, &*der)
    }

    /// The key pair of a PKCS#8 document in DER, version 1 or 2.
    ///
    /// # Errors
    /// When it does not parse or is not an Ed25519 key.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::load(&default_provider(), der)
    }

    /// A fresh key pair from the system's randomness, for tests and for peers that are nobody.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let provider = default_provider();
        let mut seed = Zeroizing::new([0; 32]);
        let filled = provider.secure_random.fill(&mut *seed);
        filled.map_err(|_| KeyError::NoRandomness)?;
        Self::from_seed_with(&provider, &seed)
    }

    fn load(provider: &CryptoProvider, der: &[u8]) -> Result<Self, KeyError> {
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der));
        let loaded = provider.key_provider.load_private_key(der.clone_key());
        let signer = loaded.map_err(|_| KeyError::NotReadable)?;
        if signer.algorithm() != SignatureAlgorithm::ED25519 {
            return Err(KeyError::NotEd25519);
        }
        let public = signer
            .public_key()
            .and_then(|spki| PublicKey::from_spki_der(&spki));
        let public = public.ok_or(KeyError::NotReadable)?;
        Ok(Self { signer, public })
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(in crate::tls) fn public_ref(&self) -> &PublicKey {
        &self.public
    }

    pub(in crate::tls) fn signer(&self) -> Arc<dyn SigningKey> {
        self.signer.clone()
    }

    /// Signs with Ed25519.
    pub(in crate::tls) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signer = self.signer.choose_scheme(&[SignatureScheme::ED25519])?;
        signer.sign(message).ok()
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

/// Why bytes are not a usable key pair. It never shows any of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a PKCS#8 document that the crypto provider can read.
    NotReadable,
    /// A key of another algorithm.
    NotEd25519,
    /// The system gave no random bytes.
    NoRandomness,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotReadable => "the private key is not a readable PKCS#8 document",
            Self::NotEd25519 => "the private key is not an Ed25519 key",
            Self::NoRandomness => "the system gave no random bytes for a new key",
        })
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_public_key_of_rfc_8032() {
        // Section 7.1, test 1.
        let seed = [
            0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec,
            0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03,
            0x1c, 0xae, 0x7f, 0x60,
        ];
        let pair = KeyPair::from_seed(&seed).unwrap();
        let expected = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(pair.public_key().to_string(), expected);
        let debug = format!("{pair:?}");
        assert_eq!(debug, format!("KeyPair({expected})"));
    }

    #[test]
    fn refuses_what_is_not_an_ed25519_key() {
        let garbage = KeyPair::from_pkcs8_der(b"garbage").unwrap_err();
        assert_eq!(garbage, KeyError::NotReadable);
        let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        let error = KeyPair::from_pkcs8_der(&other.serialize_der()).unwrap_err();
        assert_eq!(error, KeyError::NotEd25519);
    }

    #[test]
    fn reads_pkcs8_of_both_versions() {
        // rcgen writes version 2, with the public key inside.
        let two = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let pair = KeyPair::from_pkcs8_der(&two.serialize_der()).unwrap();
        let public: &[u8] = rcgen::PublicKeyData::der_bytes(&two);
        assert_eq!(pair.public_key().0, public);
        let one = [&PKCS8_HEAD[..], &[7; 32]].concat();
        let pair = KeyPair::from_pkcs8_der(&one).unwrap();
        let same = KeyPair::from_seed(&[7; 32]).unwrap();
        assert_eq!(pair.public_key(), same.public_key());
    }

    #[test]
    fn knows_the_points_of_small_order() {
        assert!(PublicKey([0; 32]).is_weak());
        for y in ORDER_EIGHT {
            let mut negated = y;
            negated[31] |= 0x80;
            for encoding in [y, negated] {
                let point = ed25519_dalek::VerifyingKey::from_bytes(&encoding).unwrap();
                assert!(point.is_weak() && PublicKey(encoding).is_weak());
            }
        }
        assert!(!KeyPair::generate().unwrap().public_key().is_weak());
    }
}
