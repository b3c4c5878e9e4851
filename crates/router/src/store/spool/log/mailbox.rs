//! What is kept in memory of a mailbox.

use std::{collections::VecDeque, ops::RangeInclusive};

use super::codec::OVERHEAD;
use crate::store::{Usage, log::Place};

/// How many removed messages may stand between others at least, before they are taken out.
const LEAST_HOLES: usize = 64;

/// Where a message is, in 32 bytes: there may be millions of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) position: u64,
    pub(super) expires: u64,
    /// Of no segment when the message is removed.
    place: Place,
    body: u32,
}

/// A mailbox.
#[derive(Default)]
pub(super) struct Mailbox {
    /// Sorted by position.
    held: VecDeque<Held>,
    usage: Usage,
    holes: usize,
    /// No message in it expires before.
    pub(super) soonest: u64,
}

impl Held {
    pub(super) fn new(position: u64, expires: u64, place: Place, body: usize) -> Self {
        Self {
            position,
            expires,
            place,
            body: u32::try_from(body).unwrap_or(u32::MAX),
        }
    }

    pub(super) fn place(&self) -> Place {
        self.place
    }

    pub(super) fn body(&self) -> u64 {
        u64::from(self.body)
    }

    /// How many bytes of the log matter because of it.
    pub(super) fn cost(&self) -> u64 {
        self.body() + OVERHEAD
    }

    fn is_hole(&self) -> bool {
        self.place.segment == 0
    }
}

impl Mailbox {
    /// A mailbox with these messages, which are sorted.
    pub(super) fn new(held: VecDeque<Held>) -> Self {
        let mut mailbox = Self {
            soonest: held
                .iter()
                .map(|held| held.expires)
                .min()
                .unwrap_or(u64::MAX),
            held,
            ..Self::default()
        };
        for held in &mailbox.held {
            mailbox.usage.add(held.body());
        }
        mailbox
    }

    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn push(&mut self, held: Held) {
        self.usage.add(held.body());
        self.held.push_back(held);
    }

    /// The messages from a position on.
    pub(super) fn from(&self, position: u64) -> impl Iterator<Item = &Held> {
        let start = self.held.partition_point(|held| held.position < position);
        self.held.range(start..).filter(|held| !held.is_hole())
    }

    /// Tells that a message is at another place now.
    pub(super) fn moved(&mut self, position: u64, place: Place) {
        if let Ok(at) = self
            .held
            .binary_search_by_key(&position, |held| held.position)
        {
            self.held[at].place = place;
        }
    }

    /// The message at a position.
    pub(super) fn at(&self, position: u64) -> Option<&Held> {
        let at = self
            .held
            .binary_search_by_key(&position, |held| held.position);
        self.held.get(at.ok()?).filter(|held| !held.is_hole())
    }

    /// Removes messages by their positions.
    pub(super) fn remove(&mut self, positions: RangeInclusive<u64>, gone: &mut dyn FnMut(&Held)) {
        let start = self
            .held
            .partition_point(|held| held.position < *positions.start());
        let inside = self.held.range_mut(start..);
        let inside = inside.take_while(|held| held.position <= *positions.end());
        let (mut removed, mut holes) = (Usage::default(), 0);
        for held in inside.filter(|held| !held.is_hole()) {
            gone(held);
            removed.add(held.body());
            held.place.segment = 0;
            holes += 1;
        }
        self.usage.remove(removed);
        self.holes += holes;
        self.close();
    }

    /// Removes the messages whose time is over.
    pub(super) fn expire(&mut self, now: u64, gone: &mut dyn FnMut(&Held)) {
        let (mut removed, mut soonest) = (Usage::default(), u64::MAX);
        self.held.retain(|held| {
            let keep = !held.is_hole() && held.expires > now;
            if keep {
                soonest = soonest.min(held.expires);
            } else if !held.is_hole() {
                gone(held);
                removed.add(held.body());
            }
            keep
        });
        self.usage.remove(removed);
        self.holes = 0;
        self.soonest = soonest;
    }

    /// Takes out what was removed, when it stands in front or is much.
    fn close(&mut self) {
        while self.held.front().is_some_and(Held::is_hole) {
            self.held.pop_front();
            self.holes -= 1;
        }
        if self.holes > LEAST_HOLES.max(self.held.len() / 2) {
            self.held.retain(|held| !held.is_hole());
            self.holes = 0;
        }
        if self.held.capacity() > 1024 && self.held.len() < self.held.capacity() / 4 {
            self.held.shrink_to(self.held.len() * 2);
        }
    }
}
