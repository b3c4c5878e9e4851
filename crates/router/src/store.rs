//! What the router must not forget: mailboxes, statements, counters.
//!
//! Three traits, each with implementations that can be replaced alone: the [`Spool`] keeps messages
//! in mailboxes, the [`Directory`] what identities and groups have stated and who has them, and the
//! [`Forwarder`] hands messages to another router. They are synchronous and called from one thread;
//! time and randomness are passed in.
//!
//! A [`StoreThread`] owns a spool and a directory, and commits once for all that gathered meanwhile.
//!
//! [`MemorySpool`] and [`MemoryDirectory`] forget everything when they are dropped. They are as
//! plain as can be, and the conformance suite in `tests/store` compares the others with them.
//! [`LogSpool`] and [`LogDirectory`] keep it in [`Files`]; how, and what of it survives which
//! damage, is written at the head of `log.rs`.

mod directory;
mod error;
mod files;
mod forwarder;
mod id;
mod id_map;
mod log;
mod loss;
mod spool;
mod thread;

pub use directory::{
    Change, Changes, Directory, Item, KEPT_CHANGES, Lease, Leased, LogDirectory,
    LogDirectorySettings, MAX_STATEMENT, MemoryDirectory, Put, Subject,
};
pub use error::{StoreError, StoreErrorKind};
pub use files::{Disk, Fault, Files, OpenFile, Random, SimulatedDisk};
pub use forwarder::{
    Arrival, ForwardError, ForwardErrorKind, Forwarder, MemoryForwarder, MemoryNetwork, Parcel,
    Settled, Verdict,
};
pub use id::Id;
pub use loss::{Damage, Loss, Lost};
pub use spool::{
    Appended, Entry, Expired, Full, Held, LogSpool, LogSpoolSettings, MAX_EPOCHS, MemorySpool,
    Message, Quota, ReadLimit, Recipients, Spool, SpoolCounters, SpoolSettings, Usage, Window,
};
pub use thread::{Room, StoreHandle, StoreThread, StoreThreadSettings};

/// Checks on any bytes that what the store's decoders accept is encoded to the same bytes again.
#[cfg(fuzzing)]
pub fn assert_decodes_soundly(bytes: &[u8]) {
    log::assert_decodes_soundly(bytes);
    spool::assert_decodes_soundly(bytes);
    directory::assert_decodes_soundly(bytes);
}
