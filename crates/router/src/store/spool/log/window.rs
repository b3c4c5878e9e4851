//! Which messages of a sender came before.

use std::time::Duration;

use super::codec::Kept;
use crate::store::{Appended, Id, MAX_EPOCHS, Window, id_map::IdMap};

/// Which messages came before, of all senders.
pub(super) struct Senders {
    window: Window,
    epochs: IdMap<Vec<Epoch>>,
    count: u64,
    /// No epoch is forgotten before this moment.
    quiet_until: u64,
}

/// Which messages of one epoch of a sender came.
pub(super) struct Epoch {
    pub(super) epoch: u64,
    high: u64,
    /// A bit for each number, at the place of the number modulo their count.
    ring: Box<[u64]>,
    last: u64,
    /// The segment from which on the log tells all of it.
    pub(super) since: u32,
    /// The bytes of the record that tells it, when one does.
    pub(super) noted: u64,
}

impl Senders {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            epochs: IdMap::default(),
            count: 0,
            quiet_until: u64::MAX,
        }
    }

    /// How many epochs there are of all senders.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether a message came before or is too old to tell.
    pub(super) fn judge(
        &mut self,
        id: (Id, u64, u64),
        now: u64,
        drop: &mut dyn FnMut(&Epoch),
    ) -> Option<Appended> {
        let (sender, epoch, sequence) = id;
        let epochs = self.epochs.get_mut(&sender)?;
        self.count -= forget(epochs, millis(self.window.time), now, drop);
        let Some(seen) = epochs.iter().find(|seen| seen.epoch == epoch) else {
            let past = epochs.iter().all(|seen| epoch < seen.epoch);
            return (past && epochs.len() >= MAX_EPOCHS).then_some(Appended::Stale);
        };
        if seen.high.saturating_sub(sequence) >= self.window.messages {
            Some(Appended::Stale)
        } else {
            seen.has(sequence).then_some(Appended::Duplicate)
        }
    }

    /// Remembers that a message came, and that the record that tells it is in this segment.
    pub(super) fn remember(
        &mut self,
        id: (Id, u64, u64),
        now: u64,
        segment: u32,
        drop: &mut dyn FnMut(&Epoch),
    ) {
        let (sender, epoch, sequence) = id;
        let time = millis(self.window.time);
        let epochs = self.epochs.entry(sender).or_default();
        self.count -= forget(epochs, time, now, drop);
        let (seen, added) = find(epochs, epoch, sequence, segment, self.window);
        seen.mark(sequence);
        seen.last = seen.last.max(now);
        let until = seen.last.saturating_add(time);
        self.quiet_until = self.quiet_until.min(until);
        self.count += added;
        self.count -= evict(epochs, drop);
    }

    /// Takes over what a record of the log tells of a sender's epoch.
    pub(super) fn restore(
        &mut self,
        sender: Id,
        epoch: u64,
        kept: &Kept,
        segment: u32,
        noted: u64,
        drop: &mut dyn FnMut(&Epoch),
    ) {
        let epochs = self.epochs.entry(sender).or_default();
        let (seen, added) = find(epochs, epoch, kept.high, segment, self.window);
        drop(seen);
        seen.ring.fill(0);
        (seen.high, seen.last) = (kept.high, kept.last);
        (seen.since, seen.noted) = (segment, noted);
        let capacity = seen.capacity();
        for (at, word) in (0..).zip(&kept.bits) {
            let bits = (0..64)
                .filter(|bit| word >> bit & 1 == 1)
                .map(|bit| 64 * at + bit);
            for below in bits.filter(|below| *below < capacity && *below <= kept.high) {
                seen.set(kept.high - below);
            }
        }
        let until = kept.last.saturating_add(millis(self.window.time));
        self.quiet_until = self.quiet_until.min(until);
        self.count += added;
        self.count -= evict(epochs, drop);
    }

    /// Forgets the senders that sent nothing for long.
    pub(super) fn forget(&mut self, now: u64, drop: &mut dyn FnMut(&Epoch)) {
        if now < self.quiet_until {
            return;
        }
        let time = millis(self.window.time);
        let mut quiet_until = u64::MAX;
        self.epochs.retain(|_, epochs| {
            epochs.retain(|seen| {
                let until = seen.last.saturating_add(time);
                if until > now {
                    quiet_until = quiet_until.min(until);
                    return true;
                }
                drop(seen);
                self.count -= 1;
                false
            });
            !epochs.is_empty()
        });
        self.quiet_until = quiet_until;
    }

    /// All epochs of which the log tells something in a segment or before it.
    pub(super) fn told_until(&mut self, segment: u32) -> impl Iterator<Item = (Id, &mut Epoch)> {
        let all = self.epochs.iter_mut();
        let all = all.flat_map(|(sender, epochs)| epochs.iter_mut().map(|seen| (*sender, seen)));
        all.filter(move |(_, seen)| seen.since <= segment)
    }
}

/// Forgets the epochs in which nothing came for so long, and gives how many.
fn forget(epochs: &mut Vec<Epoch>, time: u64, now: u64, drop: &mut dyn FnMut(&Epoch)) -> u64 {
    let before = epochs.len();
    epochs.retain(|seen| {
        let keep = seen.last.saturating_add(time) > now;
        if !keep {
            drop(seen);
        }
        keep
    });
    (before - epochs.len()) as u64
}

/// Forgets the oldest epochs when there are too many, and gives how many it forgot.
fn evict(epochs: &mut Vec<Epoch>, drop: &mut dyn FnMut(&Epoch)) -> u64 {
    let many = epochs.len().saturating_sub(MAX_EPOCHS);
    epochs.drain(..many).for_each(|seen| drop(&seen));
    many as u64
}

/// An epoch of a sender, and how many were added to find it.
fn find(
    epochs: &mut Vec<Epoch>,
    epoch: u64,
    sequence: u64,
    segment: u32,
    window: Window,
) -> (&mut Epoch, u64) {
    let found = epochs.binary_search_by_key(&epoch, |seen| seen.epoch);
    if let Err(at) = found {
        let words = window.messages.div_ceil(64).max(1);
        let seen = Epoch {
            epoch,
            high: sequence,
            ring: vec![0; usize::try_from(words).unwrap_or(usize::MAX)].into(),
            last: 0,
            since: segment,
            noted: 0,
        };
        epochs.insert(at, seen);
    }
    let at = found.unwrap_or_else(|at| at);
    (&mut epochs[at], u64::from(found.is_err()))
}

impl Epoch {
    /// What a record tells of it.
    pub(super) fn kept(&self) -> Kept {
        let most = self.capacity().min(self.high.saturating_add(1));
        let mut bits = vec![0; usize::try_from(most.div_ceil(64)).unwrap_or(0)];
        for below in (0..most).filter(|below| self.is_set(self.high - below)) {
            bits[(below / 64) as usize] |= 1 << (below % 64);
        }
        while bits.last() == Some(&0) {
            bits.pop();
        }
        Kept {
            high: self.high,
            last: self.last,
            bits,
        }
    }

    fn has(&self, sequence: u64) -> bool {
        sequence <= self.high && self.high - sequence < self.capacity() && self.is_set(sequence)
    }

    fn mark(&mut self, sequence: u64) {
        if sequence > self.high {
            let new = sequence - self.high;
            if new >= self.capacity() {
                self.ring.fill(0);
            } else {
                for skipped in self.high + 1..=sequence {
                    let (word, bit) = self.place(skipped);
                    self.ring[word] &= !(1 << bit);
                }
            }
            self.high = sequence;
        }
        if self.high - sequence < self.capacity() {
            self.set(sequence);
        }
    }

    fn capacity(&self) -> u64 {
        64 * self.ring.len() as u64
    }

    fn place(&self, sequence: u64) -> (usize, u32) {
        let words = self.ring.len() as u64;
        ((sequence / 64 % words) as usize, (sequence % 64) as u32)
    }

    fn set(&mut self, sequence: u64) {
        let (word, bit) = self.place(sequence);
        self.ring[word] |= 1 << bit;
    }

    fn is_set(&self, sequence: u64) -> bool {
        let (word, bit) = self.place(sequence);
        self.ring[word] >> bit & 1 == 1
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
