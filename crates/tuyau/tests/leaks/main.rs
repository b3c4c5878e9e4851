//! Nothing is left behind: no task, no thread and no descriptor, whatever becomes of a connect.
//!
//! Each misbehaving server has its own end, and each test says which: the deadline where it only waits,
//! and otherwise an error, at its stage.
#![cfg(target_os = "linux")]

mod blocking;
mod devices;
mod flows;
mod held;
mod layers;
mod names;
mod packets;
mod servers;
#[path = "../support/terminal.rs"]
mod terminal;
mod unix;
