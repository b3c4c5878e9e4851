//! The identities of both sides under TLS, the same for all contenders.

/// The seed of the client's Ed25519 key.
pub(crate) const CLIENT: [u8; 32] = [1; 32];

/// The seed of the server's Ed25519 key.
pub(crate) const SERVER: [u8; 32] = [2; 32];
