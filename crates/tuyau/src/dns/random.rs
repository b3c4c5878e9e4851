//! Random numbers for spreading load. Nothing depends on nobody being able to guess them.

use std::hash::{BuildHasher as _, RandomState};

/// A number from 0 to `most`.
pub(super) fn up_to(most: u64) -> u64 {
    // Each state has keys of its own, which begin with random numbers of the system.
    let number = RandomState::new().hash_one(0);
    match most.checked_add(1) {
        Some(count) => number % count,
        None => number,
    }
}
