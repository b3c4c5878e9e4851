//! What this crate reads, writes and refuses, against `spec/`.

mod cddl;
mod properties;
mod prose;
mod support;
mod traits;
mod vectors;
