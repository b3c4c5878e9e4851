//! The state as a file: a CBOR sequence in which each item has its own checksum.
//!
//! An item is `[payload: bstr, crc: uint]` with the CRC-32 (ISO-HDLC) of the payload. The payload
//! of the first item is the header `["tuyau snapshot", version, processed, entries, groups]`. Behind it
//! come so many entries of the table, sorted by identity, and then the rules of so many groups, sorted
//! by group, each as `[rules: bstr, signature: bstr]`. Damage is so found in the item where it is.
//!
//! Version 1, which is still read, has no groups: its header ends before their number.

mod decode;
mod encode;
mod error;

pub use decode::decode;
pub(crate) use decode::decode_within;
pub use encode::encode;
pub use error::{SnapshotError, SnapshotErrorKind};

/// The version of the format that this crate writes. It reads this one and all before.
pub const VERSION: u64 = 2;

/// The version that does not keep the rules of groups.
const WITHOUT_GROUPS: u64 = 1;

/// The first element of the header.
const MAGIC: &str = "tuyau snapshot";

/// What stands first in the claim of an entry.
mod claim {
    pub(super) const REGISTERED: u64 = 0;
    pub(super) const WITHDRAWN: u64 = 1;
}

#[cfg(test)]
mod tests;
