//! The test vectors of `spec/vectors`, made from code so that they can be made again.
//!
//! `cargo run -p tuyau-wire --example vectors` writes them; the tests compare what is written with
//! what would be, and use them. Keys are made from fixed seeds, see [`keys`].

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_docs,
    reason = "each test and the example that writes the vectors use a part of it"
)]

mod annotate;
pub mod build;
mod diagnostic;
pub mod frames;
pub mod identities;
pub mod invalid;
pub mod keys;
pub mod session;
pub mod valid;
mod vector;

use std::{collections::BTreeMap, path::PathBuf};

pub use vector::{Expect, Vector, parse};

/// Where the vectors are.
pub fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors")
}

/// Where the prose is.
pub fn readme() -> PathBuf {
    directory().join("../README.md")
}

/// Every vector that is bytes.
pub fn all() -> Vec<Vector> {
    [
        valid::vectors(),
        invalid::vectors(),
        frames::vectors(),
        session::vectors(),
    ]
    .concat()
}

/// Every file of the directory, by its path in it, with its text.
pub fn files() -> BTreeMap<String, String> {
    let vectors = all()
        .into_iter()
        .map(|vector| (vector.path(), vector.to_text()));
    vectors.chain(identities::files()).collect()
}
