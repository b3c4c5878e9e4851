//! What this crate reads, writes and refuses, against `spec/`.

mod cases;
mod cddl;
mod fast;
mod properties;
mod prose;
mod session;
mod strategies;
mod support;
mod trace;
mod traits;
mod vectors;
