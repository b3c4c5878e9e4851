//! Sequence numbers of signed statements.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The source of the sequence numbers of one identity's statements. Clones share it.
///
/// A number is the time in milliseconds since the begin of 1970, or one more than the last number
/// where that is greater. So numbers grow within a process even if the clock is set back, and from
/// one process to the next as long as it is not.
#[derive(Clone, Debug, Default)]
pub struct Sequence {
    last: Arc<AtomicU64>,
}

impl Sequence {
    /// A source that has given no number yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next number, greater than every one before.
    pub fn advance(&self) -> u64 {
        self.advance_at(milliseconds(since_1970()))
    }

    /// Makes every number from now on greater than `known`, a number that this identity is known to
    /// have used.
    pub fn raise(&self, known: u64) {
        self.last.fetch_max(known, Ordering::Relaxed);
    }

    fn advance_at(&self, now: u64) -> u64 {
        let next = |last: u64| now.max(last.saturating_add(1));
        let update = |last| Some(next(last));
        let last = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
        next(last.unwrap_or_else(|last| last))
    }
}

/// The time since the begin of 1970 in UTC; zero for a clock that is set to before that.
pub(crate) fn since_1970() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_even_if_the_clock_goes_back() {
        let sequence = Sequence::new();
        let numbers = [1_000, 1_000, 900, 2_000].map(|now| sequence.advance_at(now));
        assert_eq!(numbers, [1_000, 1_001, 1_002, 2_000]);
    }

    #[test]
    fn goes_on_after_a_number_that_is_known() {
        let sequence = Sequence::new();
        sequence.raise(5_000);
        sequence.clone().raise(4_000);
        assert_eq!(sequence.advance_at(1_000), 5_001);
    }
}
