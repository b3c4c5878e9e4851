//! What waits for an answer of the router, by its number.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    mem,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use tuyau_wire::{Level, Record, Signed};

use super::error::RequestError;

/// What an answer is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    /// That a request to the router was carried out.
    Done,
    /// A record.
    Record,
    /// That a handle is bound.
    Bound { handle: usize },
    /// How far a message came.
    Receipt { handle: usize, level: Level },
    /// The reply to a request that went on a handle.
    Reply { handle: usize },
}

impl Awaited {
    /// The handle that must not be given up before the answer is there.
    pub(super) fn handle(self) -> Option<usize> {
        match self {
            Self::Receipt { handle, .. } | Self::Reply { handle } => Some(handle),
            _ => None,
        }
    }

    /// Whether a receipt of this level is the answer.
    fn is_met_by(self, found: Level) -> bool {
        match self {
            Self::Done | Self::Bound { .. } => found == Level::Accepted,
            Self::Receipt { level, .. } => found >= level,
            Self::Record | Self::Reply { .. } => false,
        }
    }
}

/// What the router gave.
#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Record(Box<Signed<Record>>),
    Reply(Bytes),
}

/// What became of something that was waited for.
pub(super) type Outcome = Result<Answer, RequestError>;

/// Who will ask for an outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    /// Nobody.
    No,
    /// Whoever sent it, by its number.
    Alone,
    /// Whoever takes all such outcomes together.
    Together,
}

#[derive(Debug)]
struct Entry {
    awaited: Awaited,
    watched: Watched,
    waker: Option<Waker>,
    outcome: Option<Outcome>,
}

/// Everything that was sent and not answered, and answers that nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Open {
    entries: HashMap<u64, Entry, BuildHasherDefault<Spread>>,
    /// How many have no outcome yet.
    waiting: usize,
    /// Outcomes that are taken together.
    together: Vec<(u64, Outcome)>,
    taker: Option<Waker>,
}

impl Open {
    /// Notes that an answer is waited for.
    pub(super) fn insert(&mut self, sequence: u64, awaited: Awaited, watched: Watched) {
        let entry = Entry {
            awaited,
            watched,
            waker: None,
            outcome: None,
        };
        self.entries.insert(sequence, entry);
        self.waiting += 1;
    }

    /// How many have no answer yet.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// What is waited for under this number.
    pub(super) fn awaited(&self, sequence: u64) -> Option<Awaited> {
        let entry = self.entries.get(&sequence)?;
        entry.outcome.is_none().then_some(entry.awaited)
    }

    /// Those of a range that a receipt of this level answers.
    pub(super) fn met(&self, level: Level, first: u64, last: u64) -> Vec<u64> {
        let is_met = |entry: &Entry| entry.outcome.is_none() && entry.awaited.is_met_by(level);
        // A range may be as long as its sender likes.
        if last - first >= self.entries.len() as u64 {
            let within = |number: &u64| (first..=last).contains(number);
            let entries = self.entries.iter().filter(|(_, entry)| is_met(entry));
            return entries.map(|(number, _)| *number).filter(within).collect();
        }
        let is_met = |number: &u64| self.entries.get(number).is_some_and(is_met);
        (first..=last).filter(is_met).collect()
    }

    /// Notes an outcome, and gives what had waited for it and who is to be woken; nothing when
    /// nobody had.
    pub(super) fn finish(
        &mut self,
        sequence: u64,
        outcome: Outcome,
    ) -> Option<(Awaited, Option<Waker>)> {
        let entry = self.entries.get_mut(&sequence)?;
        if entry.outcome.is_some() {
            return None;
        }
        self.waiting -= 1;
        let (awaited, waker) = (entry.awaited, entry.waker.take());
        let watched = entry.watched;
        if watched == Watched::Alone {
            entry.outcome = Some(outcome);
            return Some((awaited, waker));
        }
        self.entries.remove(&sequence);
        if watched == Watched::No {
            return Some((awaited, None));
        }
        self.together.push((sequence, outcome));
        Some((awaited, self.taker.take()))
    }

    /// Ready with the outcomes that are taken together, as soon as there are any.
    pub(super) fn poll_together(&mut self, cx: &Context<'_>) -> Poll<Vec<(u64, Outcome)>> {
        if self.together.is_empty() {
            self.taker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Poll::Ready(self.take_together())
    }

    /// The outcomes that are taken together, as far as there are any.
    pub(super) fn take_together(&mut self) -> Vec<(u64, Outcome)> {
        mem::take(&mut self.together)
    }

    /// Ready with the outcome, which is given once. `None` when nothing is waited for.
    pub(super) fn poll(&mut self, sequence: u64, cx: &Context<'_>) -> Poll<Option<Outcome>> {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return Poll::Ready(None);
        };
        if entry.outcome.is_none() {
            match &mut entry.waker {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
            return Poll::Pending;
        }
        let entry = self.entries.remove(&sequence);
        Poll::Ready(entry.and_then(|entry| entry.outcome))
    }

    /// Notes that nobody will ask for an outcome.
    pub(super) fn abandon(&mut self, sequence: u64) {
        let Some(entry) = self.entries.get_mut(&sequence) else {
            return;
        };
        (entry.watched, entry.waker) = (Watched::No, None);
        if entry.outcome.is_some() {
            self.entries.remove(&sequence);
        }
    }

    /// How many messages, requests aside, have no receipt yet.
    pub(super) fn receipts(&self) -> usize {
        let waits = |entry: &&Entry| {
            entry.outcome.is_none() && matches!(entry.awaited, Awaited::Receipt { .. })
        };
        self.entries.values().filter(waits).count()
    }

    /// Forgets what has no outcome, and gives who waits for it.
    pub(super) fn end(&mut self) -> Vec<Waker> {
        let mut wakers: Vec<_> = self.taker.take().into_iter().collect();
        self.entries.retain(|_, entry| {
            wakers.extend(entry.waker.take());
            entry.outcome.is_some()
        });
        self.waiting = 0;
        wakers
    }
}

/// Spreads numbers that follow each other, which is all that a table of them needs.
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}
