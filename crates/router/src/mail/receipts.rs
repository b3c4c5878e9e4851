//! Who waits to hear that a stored message was delivered.

use std::{collections::HashMap, sync::Arc};

use tuyau_wire::{Level, RejectCode};

use crate::{engine::SessionId, lane::Lane};

/// Messages by their position, and who waits to hear that they were delivered.
#[derive(Debug, Default)]
pub(super) struct Receipts {
    awaited: HashMap<u64, Awaited>,
}

#[derive(Debug)]
struct Awaited {
    /// How many mailboxes have the message still.
    left: u64,
    /// Its sender; more than once when it was sent more than once.
    waiting: Vec<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    lane: Arc<Lane>,
    sequence: u64,
}

impl Waiting {
    fn is(&self, lane: &Arc<Lane>, sequence: u64) -> bool {
        Arc::ptr_eq(&self.lane, lane) && self.sequence == sequence
    }
}

impl Receipts {
    /// A sender waits until so many mailboxes do not have its messages any more: of each the
    /// position, the number, and how many mailboxes have it now.
    pub(super) fn wait(&mut self, lane: &Arc<Lane>, messages: &[(u64, u64, u64)]) {
        for &(position, sequence, left) in messages {
            let awaited = self.awaited.entry(position).or_insert_with(|| Awaited {
                left,
                waiting: Vec::with_capacity(1),
            });
            // It may be fewer by now than when the first one began to wait.
            awaited.left = awaited.left.min(left);
            if !awaited.waiting.iter().any(|it| it.is(lane, sequence)) {
                let lane = lane.clone();
                awaited.waiting.push(Waiting { lane, sequence });
            }
        }
    }

    /// Nobody waits any more for messages of a lane, which will be refused; gives those for which
    /// somebody did.
    pub(super) fn give_up(&mut self, lane: &Arc<Lane>, sequences: &[u64]) -> Vec<u64> {
        let mut given_up = Vec::new();
        self.retain(|it| {
            let gone = Arc::ptr_eq(&it.lane, lane) && sequences.contains(&it.sequence);
            if gone {
                given_up.push(it.sequence);
            }
            !gone
        });
        given_up
    }

    /// One mailbox does not have these messages any more: their recipient is done with them.
    pub(super) fn acknowledged(&mut self, positions: &[u64]) {
        let mut done = Vec::new();
        for position in positions {
            let Some(awaited) = self.awaited.get_mut(position) else {
                continue;
            };
            awaited.left = awaited.left.saturating_sub(1);
            if awaited.left == 0
                && let Some(awaited) = self.awaited.remove(position)
            {
                done.extend(awaited.waiting);
            }
        }
        for of_lane in done.chunk_by(|a, b| Arc::ptr_eq(&a.lane, &b.lane)) {
            let mut sequences: Vec<_> = of_lane.iter().map(|it| it.sequence).collect();
            sequences.sort_unstable();
            of_lane[0].lane.receipts(Level::Delivered, &sequences);
        }
    }

    /// Messages will not be delivered.
    pub(super) fn refused(&mut self, positions: &[u64], code: RejectCode, text: &str) {
        for position in positions {
            let awaited = self.awaited.remove(position);
            for waiting in awaited.into_iter().flat_map(|it| it.waiting) {
                waiting.lane.reject(waiting.sequence, code, text);
            }
        }
    }

    /// A session has ended: nobody waits for what it sent.
    pub(super) fn forget(&mut self, session: SessionId) {
        self.retain(|waiting| waiting.lane.sent_by() != Some(session));
    }

    fn retain(&mut self, mut keep: impl FnMut(&Waiting) -> bool) {
        self.awaited.retain(|_, awaited| {
            awaited.waiting.retain(&mut keep);
            !awaited.waiting.is_empty()
        });
    }
}
