//! The engine of the Tuyau router: a message router whose addresses are public keys.
//!
//! A service connects over TLS 1.3, by which each side proves its Ed25519 key, registers where it
//! can be reached, and is from then on reachable by its key. [`Router::start`] runs a router on the
//! current tokio runtime; the handle it gives tells the address, shows and saves the state, and
//! stops it.
//!
//! # How it is built
//!
//! A pure core, the engine, decides: events and the time go in, actions come out. One task owns it
//! and performs the actions; each connection has a task of its own that reads frames, many at a
//! time, and writes what is queued for it, many frames in one write. A peer that does not read fills
//! its own queue and nobody else's.
//!
//! The router dials and listens through the library `tuyau` only.

mod admin;
mod connections;
mod dialler;
mod engine;
mod hub;
pub mod journal;
mod listen;
mod outbox;
mod persist;
pub mod policy;
mod router;
mod session;
mod settings;
pub mod snapshot;
mod state;
pub mod store;
mod table;
mod timestamp;
mod view;

#[cfg(fuzzing)]
pub use admin::assert_decodes_soundly;
pub use admin::{AdminClient, AdminError, AdminErrorKind};
pub use persist::{StateDir, StateDirError, StateDirErrorKind};
pub use router::{Router, StartError, StartErrorKind};
pub use settings::{Limits, Settings};
pub use snapshot::{SnapshotError, SnapshotErrorKind};
pub use state::State;
pub use table::{Row, Source, Table};
pub use timestamp::Timestamp;
pub use view::{RowView, Simulated, View};
