//! What to do next while connecting. No I/O: events and the time go in, steps come out.
//!
//! Resolvers of the lowest rank run first, together. Their endpoints are attempted in the order in
//! which they come, the next one when a stagger has passed since the one before began (RFC 8305,
//! section 5). A later rank begins when the one before is exhausted.
//!
//! The RFC does not say what a failure changes, and lets no attempt begin within 10 ms of the one before.
//! Here any attempt that fails lets the next one begin at once, also within that time: it takes the place
//! of one that is over, and nobody waits for an endpoint that refuses.

use alloc::vec::Vec;
use core::time::Duration;

/// How attempts of one rank relate in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strategy {
    /// One attempt at a time.
    Sequential,
    /// The next attempt starts `stagger` after the one before, or as soon as any running one fails.
    Race {
        /// Time between two starts, 10 ms to 2 s; what is outside is brought inside.
        stagger: Duration,
        /// How many attempts may run at once, at least 1.
        limit: usize,
    },
}

impl Strategy {
    /// The shortest stagger (RFC 8305, section 8).
    pub const MIN_STAGGER: Duration = Duration::from_millis(10);
    /// The longest stagger (RFC 8305, section 8).
    pub const MAX_STAGGER: Duration = Duration::from_secs(2);

    fn stagger(self) -> Duration {
        match self {
            Self::Sequential => Duration::MAX,
            Self::Race { stagger, .. } => stagger.clamp(Self::MIN_STAGGER, Self::MAX_STAGGER),
        }
    }

    fn limit(self) -> usize {
        match self {
            Self::Sequential => 1,
            Self::Race { limit, .. } => limit,
        }
    }
}

impl Default for Strategy {
    /// A race with the 250 ms of RFC 8305 and at most 8 attempts at once.
    fn default() -> Self {
        Self::Race {
            stagger: Duration::from_millis(250),
            limit: 8,
        }
    }
}

/// What the driver of a race does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Start the resolver of this number.
    Resolve(usize),
    /// Start the attempt at the candidate of this number.
    Attempt(usize),
    /// Wait for an event, or for this time.
    Wait(Option<Duration>),
    /// Every rank is exhausted.
    Exhausted,
    /// The deadline has passed.
    TimedOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resolving {
    Waiting,
    Running,
    Done,
}

#[derive(Debug)]
pub(crate) struct Race {
    strategy: Strategy,
    deadline: Option<Duration>,
    resolvers: Vec<(u16, Resolving)>,
    rank: Option<u16>,
    /// How many candidates were found, and how many of them were started, in the same order.
    found: usize,
    started: usize,
    running: usize,
    next_start: Duration,
}

impl Race {
    /// A race among resolvers with these ranks, in the order of registration; `deadline` is a time
    /// on the clock that [`step`](Self::step) is told.
    pub(crate) fn new(
        ranks: impl Iterator<Item = u16>,
        strategy: Strategy,
        deadline: Option<Duration>,
    ) -> Self {
        let resolvers: Vec<_> = ranks.map(|rank| (rank, Resolving::Waiting)).collect();
        Self {
            strategy,
            deadline,
            rank: resolvers.iter().map(|&(rank, _)| rank).min(),
            resolvers,
            found: 0,
            started: 0,
            running: 0,
            next_start: Duration::ZERO,
        }
    }

    /// A resolver found something to attempt: the candidate whose number is that of those before.
    pub(crate) fn found(&mut self) {
        self.found += 1;
    }

    /// A resolver has no more answers.
    pub(crate) fn resolved(&mut self, resolver: usize) {
        self.resolvers[resolver].1 = Resolving::Done;
    }

    /// A running attempt failed: the next one need not wait.
    pub(crate) fn failed(&mut self) {
        self.running -= 1;
        self.next_start = Duration::ZERO;
    }

    /// What to do next; to be asked again until it says to wait or to end.
    pub(crate) fn step(&mut self, now: Duration) -> Step {
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            return Step::TimedOut;
        }
        loop {
            if let Some(resolver) = self.next_resolver() {
                self.resolvers[resolver].1 = Resolving::Running;
                return Step::Resolve(resolver);
            }
            if self.started < self.found && self.may_start(now) {
                self.started += 1;
                self.running += 1;
                self.next_start = now.saturating_add(self.strategy.stagger());
                return Step::Attempt(self.started - 1);
            }
            if !self.rank_is_exhausted() {
                return Step::Wait(self.wake_at());
            }
            match self.next_rank() {
                Some(rank) => self.rank = Some(rank),
                None => return Step::Exhausted,
            }
        }
    }

    fn next_resolver(&self) -> Option<usize> {
        self.resolvers
            .iter()
            .position(|&(rank, state)| Some(rank) == self.rank && state == Resolving::Waiting)
    }

    /// When nothing runs one may, whatever the limit.
    fn may_start(&self, now: Duration) -> bool {
        self.running == 0 || (self.running < self.strategy.limit() && now >= self.next_start)
    }

    fn rank_is_exhausted(&self) -> bool {
        self.started == self.found
            && self.running == 0
            && self
                .resolvers
                .iter()
                .all(|&(_, state)| state != Resolving::Running)
    }

    fn next_rank(&self) -> Option<u16> {
        let waiting = self
            .resolvers
            .iter()
            .filter(|(_, state)| *state == Resolving::Waiting);
        waiting.map(|&(rank, _)| rank).min()
    }

    fn wake_at(&self) -> Option<Duration> {
        let staggered = self.started < self.found && self.running < self.strategy.limit();
        let start = staggered.then_some(self.next_start);
        [start, self.deadline].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
