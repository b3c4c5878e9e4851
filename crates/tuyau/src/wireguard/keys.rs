//! Keys in the textual form that `wg` uses.

use std::{error::Error, fmt, str::FromStr};

use base64ct::{Base64, Encoding};
use defguard_boringtun::x25519;
use zeroize::Zeroizing;

/// The length of a key, in bytes.
const LENGTH: usize = 32;

/// What a peer is known by: an X25519 public key, 44 characters of base64 as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; LENGTH]);

/// The secret half. It is overwritten when it is dropped, and is not printed.
#[derive(Clone)]
pub struct PrivateKey(Zeroizing<[u8; LENGTH]>);

/// A secret that two peers share beside their keys.
#[derive(Clone)]
pub struct PresharedKey(Zeroizing<[u8; LENGTH]>);

impl PublicKey {
    /// The key as bytes.
    pub fn as_bytes(&self) -> &[u8; LENGTH] {
        &self.0
    }

    pub(super) fn point(&self) -> x25519::PublicKey {
        self.0.into()
    }
}

impl From<[u8; LENGTH]> for PublicKey {
    fn from(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }
}

impl PrivateKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        getrandom::fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(x25519::PublicKey::from(&self.secret()).to_bytes())
    }

    /// The key as text, for the owner's file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(Base64::encode_string(&*self.0))
    }

    pub(super) fn secret(&self) -> x25519::StaticSecret {
        x25519::StaticSecret::from(*self.0)
    }
}

impl PresharedKey {
    pub(super) fn bytes(&self) -> [u8; LENGTH] {
        *self.0
    }
}

fn decode(text: &str) -> Result<Zeroizing<[u8; LENGTH]>, KeyError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    match Base64::decode(text, &mut *bytes) {
        Ok(decoded) if decoded.len() == LENGTH => Ok(bytes),
        _ => Err(KeyError),
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(|bytes| Self(*bytes))
    }
}

impl FromStr for PrivateKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(Self)
    }
}

impl FromStr for PresharedKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        decode(text).map(Self)
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Base64::encode_string(&self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey")
    }
}

impl fmt::Debug for PresharedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresharedKey")
    }
}

/// A text is not a key. It does not repeat the text, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "not a WireGuard key: expected 44 characters of base64, as `wg genkey` prints them",
        )
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_public_key_that_is_published() {
        // RFC 7748, section 6.1, Alice.
        let private = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=";
        let public = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=";
        let key: PrivateKey = private.parse().unwrap();
        assert_eq!(key.public_key().to_string(), public);
        assert_eq!(*key.to_text(), private);
        assert_eq!(public.parse::<PublicKey>().unwrap(), key.public_key());
    }

    #[test]
    fn refuses_what_is_not_a_key_without_repeating_it() {
        for bad in [
            "",
            "secret",
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo",
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmp=",
            "hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo=",
            " hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=",
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmpo",
        ] {
            assert_eq!(bad.parse::<PublicKey>(), Err(KeyError), "{bad}");
        }
        assert!(!KeyError.to_string().contains("secret"));
    }
}
