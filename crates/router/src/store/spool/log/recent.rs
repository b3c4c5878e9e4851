//! The newest messages, so that most are never read from the disk.

use std::collections::VecDeque;

use crate::store::Entry;

/// What a message takes in memory beside its body, about, in bytes.
const OVERHEAD: usize = size_of::<Entry>() + 16;

/// The newest messages, sorted by position, as many as fit a budget.
pub(super) struct Recent {
    entries: VecDeque<Entry>,
    bytes: usize,
    budget: usize,
}

impl Recent {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            budget,
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        self.bytes += entry.body.len() + OVERHEAD;
        self.entries.push_back(entry);
        while self.bytes > self.budget {
            let Some(oldest) = self.entries.pop_front() else {
                break;
            };
            self.bytes -= oldest.body.len() + OVERHEAD;
        }
    }

    pub(super) fn get(&self, position: u64) -> Option<&Entry> {
        // Positions are given one after another, so the distance is the place.
        let first = self.entries.front()?.position;
        let at = usize::try_from(position.checked_sub(first)?).ok()?;
        self.entries
            .get(at)
            .filter(|entry| entry.position == position)
    }
}
