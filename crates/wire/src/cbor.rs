//! Deterministic CBOR (RFC 8949 section 4.2), checked before anything is read.

mod check;
pub(crate) mod head;
pub(crate) mod reader;

pub use check::check;
