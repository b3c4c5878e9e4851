//! A running router, and what it does with its peers.

mod admin;
mod authority;
mod delivery;
mod frames;
mod handshake;
mod limits;
mod registration;
mod snapshots;
mod start;
mod state_dir;
mod support;
