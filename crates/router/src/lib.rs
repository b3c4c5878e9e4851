//! The engine of the Tuyau router: a message router whose addresses are public keys.
//!
//! A service connects over TLS 1.3, by which each side proves its Ed25519 key, registers where it
//! can be reached, and is from then on reachable by its key. [`Router::start`] runs a router on the
//! current tokio runtime; the handle it gives tells the address, shows and saves the state, and
//! stops it.
//!
//! # How it is built
//!
//! A pure core, the engine, decides where a sender's handle leads, and everything else that is not
//! routine: events and the time go in, actions come out. One task owns it and performs the actions.
//! Each connection has a task of its own, which reads many frames at a time and puts what is sent to
//! somebody who is there straight into that one's queue, and which writes many frames in one write. A
//! peer that does not read fills its own queue and nobody else's.
//!
//! The router dials and listens through the library `tuyau` only.

mod admin;
mod clock;
mod connections;
mod dialler;
mod engine;
mod group;
mod hub;
pub mod journal;
mod kept;
mod lane;
mod listen;
mod mail;
mod network;
mod numbers;
mod outbox;
mod peer;
mod persist;
mod plane;
pub mod policy;
mod reload;
mod router;
mod session;
mod settings;
pub mod snapshot;
mod state;
mod storage;
pub mod store;
mod table;
mod timestamp;
mod view;

#[cfg(fuzzing)]
pub use admin::assert_decodes_soundly;
pub use admin::{AdminClient, AdminError, AdminErrorKind};
pub use clock::Clock;
pub use network::Network;
pub use persist::{StateDir, StateDirError, StateDirErrorKind};
pub use reload::{PolicySource, ReloadError, ReloadErrorKind};
pub use router::{Router, StartError, StartErrorKind};
pub use settings::{Drain, Limits, Settings};
pub use snapshot::{SnapshotError, SnapshotErrorKind};
pub use state::State;
pub use storage::Storage;
pub use table::{Row, Source, Table};
pub use timestamp::Timestamp;
pub use view::{RowView, Simulated, View};
