//! What the store knows identities and groups by.

use std::{
    fmt,
    hash::{Hash, Hasher},
};

use tuyau_wire::{Identity, IdentityError};

/// The 32 bytes of an identity, or of the public key of a group.
///
/// An [`Identity`] proves that its bytes are a point of the curve, which takes longer than to read
/// a record from the disk. What is stored was checked before it was stored, so the store keeps and
/// gives bytes; [`Id::identity`] checks them again where that is wanted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id([u8; Id::LENGTH]);

impl Id {
    /// The length in bytes.
    pub const LENGTH: usize = Identity::LENGTH;

    /// The id with these bytes.
    pub const fn new(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// The identity with these bytes.
    ///
    /// # Errors
    /// When they are no public key that an identity may be.
    pub fn identity(&self) -> Result<Identity, IdentityError> {
        Identity::from_bytes(self.0)
    }
}

impl Hash for Id {
    /// The bytes alone: their count is always the same.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(&self.0);
    }
}

impl From<Identity> for Id {
    fn from(identity: Identity) -> Self {
        Self(*identity.as_bytes())
    }
}

impl fmt::Display for Id {
    /// The text of the identity, or hexadecimal digits when the bytes are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.identity() {
            Ok(identity) => identity.fmt(f),
            Err(_) => self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "Id({a:02x}{b:02x}{c:02x}{d:02x}…)")
    }
}
