//! How long to wait before the next attempt.

use std::{
    fmt,
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
    time::Duration,
};

/// The pauses between attempts: a bound that doubles from attempt to attempt up to a longest one,
/// and below it a random choice, so that many services do not come back to a router all at once.
#[derive(Clone)]
pub struct Pauses {
    first: Duration,
    longest: Duration,
    jitter: Arc<dyn Fn(Duration) -> Duration + Send + Sync>,
}

impl Pauses {
    /// Pauses of up to `first`, then up to twice that, and so on, never more than `longest`.
    pub fn new(first: Duration, longest: Duration) -> Self {
        let jitter = Arc::new(full_jitter);
        Self {
            first: first.min(longest),
            longest,
            jitter,
        }
    }

    /// Sets what chooses a pause when it is given the bound; more than the bound is cut to it.
    /// Unless set, every pause between zero and the bound is as likely as any other.
    pub fn jitter(mut self, choose: impl Fn(Duration) -> Duration + Send + Sync + 'static) -> Self {
        self.jitter = Arc::new(choose);
        self
    }

    /// The pause to make when the bound is `bound`.
    pub(crate) fn choose(&self, bound: Duration) -> Duration {
        (self.jitter)(bound).min(bound)
    }
}

impl Default for Pauses {
    /// Pauses of up to 200 ms at first and up to 30 s at last.
    fn default() -> Self {
        Self::new(Duration::from_millis(200), Duration::from_secs(30))
    }
}

impl fmt::Debug for Pauses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pauses")
            .field("first", &self.first)
            .field("longest", &self.longest)
            .finish_non_exhaustive()
    }
}

/// A run of attempts.
#[derive(Debug)]
pub(crate) struct Backoff {
    pauses: Pauses,
    bound: Duration,
}

impl Backoff {
    pub(crate) fn new(pauses: Pauses) -> Self {
        let bound = pauses.first;
        Self { pauses, bound }
    }

    /// The pause after an attempt that failed.
    pub(crate) fn next(&mut self) -> Duration {
        let pause = self.pauses.choose(self.bound);
        self.bound = self.bound.saturating_mul(2).min(self.pauses.longest);
        pause
    }

    /// A pause that is not longer than `most`, and after which the next one is no longer.
    pub(crate) fn short(&self, most: Duration) -> Duration {
        self.pauses.choose(self.pauses.longest.min(most))
    }

    /// Begins again with the first pause.
    pub(crate) fn reset(&mut self) {
        self.bound = self.pauses.first;
    }
}

/// A time between zero and `bound`, from the random numbers that the standard library keeps for
/// its hash tables: good enough to spread load, for nothing else.
fn full_jitter(bound: Duration) -> Duration {
    let random = RandomState::new().build_hasher().finish();
    let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
    let chosen = (u128::from(random) * u128::from(nanos)) >> 64;
    Duration::from_nanos(u64::try_from(chosen).unwrap_or(nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(bounds: [u64; 5]) -> [Duration; 5] {
        bounds.map(Duration::from_secs)
    }

    #[test]
    fn bounds_double_up_to_the_longest_and_begin_again() {
        let pauses = Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        let mut backoff = Backoff::new(pauses.jitter(|bound| bound));
        let found = [(); 5].map(|()| backoff.next());
        assert_eq!(found, seconds([1, 2, 4, 5, 5]));
        backoff.reset();
        assert_eq!(backoff.next(), Duration::from_secs(1));
    }

    #[test]
    fn a_pause_is_never_longer_than_its_bound() {
        let pauses = Pauses::new(Duration::from_secs(1), Duration::from_secs(5));
        let mut backoff = Backoff::new(pauses.jitter(|_| Duration::MAX));
        assert_eq!(backoff.next(), Duration::from_secs(1));
        for bound in [0, 1, 1_000, u64::MAX].map(Duration::from_nanos) {
            assert!(full_jitter(bound) <= bound);
        }
    }

    #[test]
    fn pauses_are_spread() {
        let bound = Duration::from_secs(1);
        let pauses: std::collections::HashSet<_> = (0..100).map(|_| full_jitter(bound)).collect();
        assert!(pauses.len() > 90);
    }
}
