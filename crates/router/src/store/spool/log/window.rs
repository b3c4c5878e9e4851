//! Which messages of a sender came before.

use std::time::Duration;

use super::{codec::Kept, holders::Holders};
use crate::store::{Appended, Id, MAX_EPOCHS, Window, id_map::IdMap};

/// By window, the numbers and positions of messages that were found while the log was read.
pub(super) type Told = Vec<Vec<(u64, u64)>>;

/// Which messages came before, of all senders.
pub(super) struct Senders {
    window: Window,
    epochs: IdMap<Vec<Epoch>>,
    count: u64,
    pub(super) holders: Holders,
    /// No epoch is forgotten before this moment.
    quiet_until: u64,
}

/// Which messages of one epoch of a sender came.
pub(super) struct Epoch {
    pub(super) epoch: u64,
    /// Its number among the [`Holders`].
    window: u32,
    high: u64,
    /// The position of the first message that is remembered. One before it had the same number in
    /// an epoch of the same name that was forgotten.
    first: u64,
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
            holders: Holders::fresh(),
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
        let time = millis(self.window.time);
        self.count -= forget(epochs, time, now, &mut closing(&mut self.holders, drop));
        let Some(seen) = epochs.iter().find(|seen| seen.epoch == epoch) else {
            let past = epochs.iter().all(|seen| epoch < seen.epoch);
            return (past && epochs.len() >= MAX_EPOCHS).then_some(Appended::Stale);
        };
        if seen.high.saturating_sub(sequence) >= self.window.messages {
            Some(Appended::Stale)
        } else {
            let held = self.holders.find(seen.window, sequence);
            seen.has(sequence).then_some(Appended::Duplicate { held })
        }
    }

    /// Remembers that a message came, and that the record that tells it is in this segment. Gives
    /// the number of its window among the [`Holders`].
    pub(super) fn remember(
        &mut self,
        id: (Id, u64, u64),
        now: u64,
        (segment, position): (u32, u64),
        drop: &mut dyn FnMut(&Epoch),
    ) -> u32 {
        let (sender, epoch, sequence) = id;
        let (time, holders) = (millis(self.window.time), &mut self.holders);
        let epochs = self.epochs.entry(sender).or_default();
        self.count -= forget(epochs, time, now, &mut closing(holders, drop));
        let new = || Epoch::new(epoch, sequence, (segment, position), self.window, holders);
        let (seen, added) = find(epochs, epoch, new);
        seen.mark(sequence);
        seen.last = seen.last.max(now);
        let until = seen.last.saturating_add(time);
        self.quiet_until = self.quiet_until.min(until);
        self.count += added;
        let (window, lowest) = (seen.window, seen.lowest(self.window));
        holders.raise(window, lowest);
        self.count -= evict(epochs, &mut closing(holders, drop));
        window
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
        let (holders, place) = (&mut self.holders, (segment, kept.first));
        let new = || Epoch::new(epoch, kept.high, place, self.window, holders);
        let (seen, added) = find(epochs, epoch, new);
        drop(seen);
        seen.ring.fill(0);
        (seen.high, seen.last, seen.first) = (kept.high, kept.last, kept.first);
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
        self.count -= evict(epochs, &mut closing(holders, drop));
    }

    /// Takes over where messages are that were found while the log was read, and copies of which
    /// only the sender, the epoch, the number and the position are known.
    pub(super) fn place(&mut self, told: &Told, copies: &[(Id, u64, u64, u64)]) {
        self.holders = Holders::default();
        let (all, holders) = (self.epochs.values_mut().flatten(), &mut self.holders);
        for seen in all {
            let told = told.get(seen.window as usize).into_iter().flatten();
            seen.window = holders.open();
            for &(sequence, position) in told {
                seen.place(sequence, position, self.window, holders);
            }
        }
        for (sender, epoch, sequence, position) in copies {
            let epochs = self.epochs.get(sender).into_iter().flatten();
            if let Some(seen) = epochs.into_iter().find(|seen| seen.epoch == *epoch) {
                seen.place(*sequence, *position, self.window, holders);
            }
        }
    }

    /// Forgets the senders that sent nothing for long.
    pub(super) fn forget(&mut self, now: u64, drop: &mut dyn FnMut(&Epoch)) {
        if now < self.quiet_until {
            return;
        }
        let time = millis(self.window.time);
        let drop = &mut closing(&mut self.holders, drop);
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

/// Forgets where the messages of an epoch are with the epoch.
fn closing(holders: &mut Holders, drop: &mut dyn FnMut(&Epoch)) -> impl FnMut(&Epoch) {
    |seen| {
        holders.close(seen.window);
        drop(seen);
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
fn find(epochs: &mut Vec<Epoch>, epoch: u64, new: impl FnOnce() -> Epoch) -> (&mut Epoch, u64) {
    let found = epochs.binary_search_by_key(&epoch, |seen| seen.epoch);
    if let Err(at) = found {
        epochs.insert(at, new());
    }
    let at = found.unwrap_or_else(|at| at);
    (&mut epochs[at], u64::from(found.is_err()))
}

impl Epoch {
    fn new(
        epoch: u64,
        high: u64,
        (since, first): (u32, u64),
        window: Window,
        holders: &mut Holders,
    ) -> Self {
        let words = window.messages.div_ceil(64).max(1);
        Self {
            epoch,
            window: holders.open(),
            high,
            first,
            ring: vec![0; usize::try_from(words).unwrap_or(usize::MAX)].into(),
            last: 0,
            since,
            noted: 0,
        }
    }

    /// The lowest number that is not too old.
    fn lowest(&self, window: Window) -> u64 {
        self.high.saturating_sub(window.messages.saturating_sub(1))
    }

    /// Notes where a message is, if it is one of this epoch that may come again.
    fn place(&self, sequence: u64, position: u64, window: Window, holders: &mut Holders) {
        let ours = position >= self.first && sequence >= self.lowest(window);
        if ours && self.has(sequence) {
            holders.note(self.window, sequence, position, 0);
        }
    }

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
            first: self.first,
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
                    let (word, bit) = self.bit(skipped);
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

    fn bit(&self, sequence: u64) -> (usize, u32) {
        let words = self.ring.len() as u64;
        ((sequence / 64 % words) as usize, (sequence % 64) as u32)
    }

    fn set(&mut self, sequence: u64) {
        let (word, bit) = self.bit(sequence);
        self.ring[word] |= 1 << bit;
    }

    fn is_set(&self, sequence: u64) -> bool {
        let (word, bit) = self.bit(sequence);
        self.ring[word] >> bit & 1 == 1
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
