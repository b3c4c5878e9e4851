//! Chances that follow from a seed.

use std::time::Duration;

use tuyau_router::store::Random;

/// A sequence of choices that follows from a seed.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Random);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Random::new(seed))
    }

    /// Choices of their own, for something that is made now.
    pub(crate) fn split(&mut self) -> Self {
        Self::new(self.0.next())
    }

    pub(crate) fn number(&mut self) -> u64 {
        self.0.next()
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    /// A number from one bound to the other.
    pub(crate) fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from + 1)
    }

    pub(crate) fn index(&mut self, length: usize) -> usize {
        self.below(length as u64) as usize
    }

    /// Whether something happens that happens so many times in a hundred.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// A time from one number of milliseconds to the other.
    pub(crate) fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(self.within(from, to))
    }

    /// A time that is mostly near the lesser bound, and seldom near the greater one.
    pub(crate) fn skewed(&mut self, from: u64, to: u64) -> Duration {
        let bits = 64 - (to - from).leading_zeros() as u64;
        let shift = self.below(bits + 1);
        Duration::from_millis(from + (self.below(to - from + 1) >> shift))
    }
}
