//! Tests that run for many seeds, and again for the one that failed.
//!
//! `TUYAU_STORE_SEEDS=5000 cargo test --release -p tuyau-router --test store` is the long form.

use std::{env, panic};

/// Runs a test for `short` seeds, or for as many as `TUYAU_STORE_SEEDS` says, or for the one that
/// `TUYAU_STORE_SEED` names.
pub(crate) fn each_seed(name: &str, short: u64, test: impl Fn(u64) + panic::RefUnwindSafe) {
    if let Ok(seed) = env::var("TUYAU_STORE_SEED") {
        return test(seed.parse().expect("TUYAU_STORE_SEED is a number"));
    }
    let count = env::var("TUYAU_STORE_SEEDS").ok();
    let count = count.map_or(short, |count| count.parse().expect("a number of seeds"));
    for seed in 0..count {
        // The panic itself has been printed.
        assert!(
            panic::catch_unwind(|| test(seed)).is_ok(),
            "to repeat it: TUYAU_STORE_SEED={seed} cargo test -p tuyau-router --test store {name}"
        );
    }
}

/// The bits of some bytes: one of each byte, or all of them in the long form.
pub(crate) fn bits(bytes: usize) -> impl Iterator<Item = usize> {
    let all = env::var_os("TUYAU_STORE_SEEDS").is_some();
    (0..8 * bytes).filter(move |bit| all || bit % 8 == bit / 8 % 8)
}
