//! Ephemeral ports.

use std::hash::{BuildHasher, RandomState};

/// The first ephemeral port (RFC 6335, section 6).
const FIRST: u16 = 49_152;
/// How many there are.
const COUNT: u16 = u16::MAX - FIRST + 1;

/// Chooses ephemeral ports that are hard to guess: from a random place on, the first free one
/// (RFC 6056, section 3.3.1).
pub(super) struct Ports {
    /// SipHash under a key from the operating system's random numbers.
    random: RandomState,
    chosen: u64,
}

impl Ports {
    pub(super) fn new() -> Self {
        Self {
            random: RandomState::new(),
            chosen: 0,
        }
    }

    /// A port that is not used, or none when all are.
    pub(super) fn choose(&mut self, is_used: impl Fn(u16) -> bool) -> Option<u16> {
        self.chosen += 1;
        let start = (self.random.hash_one(self.chosen) % u64::from(COUNT)) as u16;
        (0..COUNT)
            .map(|step| FIRST + (start + step) % COUNT)
            .find(|port| !is_used(*port))
    }
}

/// A random number that nobody can guess, from the operating system.
pub(super) fn seed() -> u64 {
    RandomState::new().hash_one(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn gives_each_port_once_and_then_none() {
        let (mut ports, mut used) = (Ports::new(), BTreeSet::new());
        while let Some(port) = ports.choose(|port| used.contains(&port)) {
            assert!(port >= FIRST);
            assert!(used.insert(port), "{port} was given twice");
            // The whole range at once would take a square of its length.
            if used.len() == 1000 {
                used.extend(FIRST..u16::MAX);
            }
        }
        assert_eq!(used.len(), usize::from(COUNT));
    }
}
