//! What the router promises, tried on the program itself: it is killed, and nothing that it said is
//! stored is lost.
//!
//! Short by default; the long form, and what it found last, is in `docs/reliability.md`.

#![cfg(unix)]

mod kills;
#[path = "../processes/program.rs"]
#[expect(dead_code, reason = "the tests of processes need more of it")]
mod program;
mod restart;
mod router;
mod seed;

use std::env;

/// A number from the environment, or this one.
fn setting(name: &str, short: u64) -> u64 {
    match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| {
            panic!("{name}: expected a whole number, found {text:?}: {error}")
        }),
        Err(_) => short,
    }
}
