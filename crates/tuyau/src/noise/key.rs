//! X25519 keys.

use std::{error::Error, fmt};

use snow::{
    params::DHChoice,
    resolvers::{CryptoResolver, DefaultResolver},
    types::Dh,
};
use zeroize::Zeroizing;

/// An X25519 public key (RFC 7748), 32 bytes. It prints as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl PublicKey {
    /// Whether it is a point of small order: what is agreed on with it is zero for everybody, so that
    /// anyone can prove to hold its private half (RFC 7748, section 6.1).
    pub(super) fn is_weak(&self) -> bool {
        let mut shared = [0; 32];
        // Any private key does: all are multiples of the orders in question.
        let agreed = curve(&[1; 32]).map(|curve| curve.dh(&self.0, &mut shared));
        !matches!(agreed, Some(Ok(()))) || shared == [0; 32]
    }
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

/// An X25519 key pair: what this side proves to be. Printing shows the public key only.
///
/// The private key is overwritten when the pair is dropped. Copies that a handshake makes are not.
#[derive(Clone)]
pub struct KeyPair {
    private: Zeroizing<[u8; 32]>,
    public: PublicKey,
}

impl KeyPair {
    /// A fresh key pair from the system's randomness.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut private = Zeroizing::new([0; 32]);
        getrandom::fill(&mut *private).map_err(|_| KeyError)?;
        Ok(Self::from_private(&private))
    }

    /// The key pair of a private key, any 32 bytes that nobody can guess.
    pub fn from_private(private: &[u8; 32]) -> Self {
        let mut public = [0; 32];
        if let Some(curve) = curve(private) {
            public.copy_from_slice(&curve.pubkey()[..32]);
        }
        Self {
            private: Zeroizing::new(*private),
            public: PublicKey(public),
        }
    }

    /// The private key, for keeping it. It is overwritten when it is dropped.
    pub fn private_key(&self) -> Zeroizing<[u8; 32]> {
        self.private.clone()
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        self.public
    }

    pub(super) fn private_bytes(&self) -> &[u8; 32] {
        &self.private
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyPair({})", self.public)
    }
}

/// The curve with a private key; it is always there with the features that snow is built with.
fn curve(private: &[u8; 32]) -> Option<Box<dyn Dh>> {
    let mut curve = DefaultResolver.resolve_dh(&DHChoice::Curve25519)?;
    curve.set(private);
    Some(curve)
}

/// Why there is no fresh key pair: the system gave no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyError;

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the system gave no random bytes for a new key")
    }
}

impl Error for KeyError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> [u8; 32] {
        std::array::from_fn(|index| u8::from_str_radix(&hex[2 * index..2 * index + 2], 16).unwrap())
    }

    #[test]
    fn derives_the_public_key_of_rfc_7748() {
        // Section 6.1, Alice.
        let private = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
        let public = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
        let pair = KeyPair::from_private(&bytes(private));
        assert_eq!(pair.public_key().to_string(), public);
        assert_eq!(format!("{pair:?}"), format!("KeyPair({public})"));
        assert_eq!(*pair.private_key(), bytes(private));
    }

    #[test]
    fn knows_the_points_of_small_order() {
        let mut one = [0; 32];
        one[0] = 1;
        // A point of order eight.
        let eight = "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800";
        for weak in [[0; 32], one, bytes(eight)] {
            assert!(PublicKey(weak).is_weak());
        }
        assert!(!KeyPair::generate().unwrap().public_key().is_weak());
    }
}
