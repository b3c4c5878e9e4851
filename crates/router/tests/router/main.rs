//! A running router, and what it does with its peers.

mod admin;
mod authority;
mod certificates;
mod delivery;
mod drain;
mod frames;
mod handshake;
mod limits;
mod registration;
mod reload;
mod silence;
mod snapshots;
mod start;
mod state_dir;
#[path = "../support/mod.rs"]
#[allow(dead_code, reason = "other test binaries use it as well")]
mod support;
