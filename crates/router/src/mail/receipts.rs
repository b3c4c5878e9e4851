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
    lane: Arc<Lane>,
    sequence: u64,
    /// How many mailboxes have the message still.
    left: u64,
}

impl Receipts {
    /// A sender waits until so many mailboxes do not have its new messages any more: of each the
    /// position, the number, and how many mailboxes have it. Where the same sender has sent one again
    /// already, it waits there.
    pub(super) fn wait(&mut self, lane: &Arc<Lane>, messages: &[(u64, u64, u64)]) {
        for (position, awaited) in awaited(lane, messages) {
            self.awaited.entry(position).or_insert(awaited);
        }
    }

    /// The same of messages that came again, whoever waited before.
    pub(super) fn wait_again(&mut self, lane: &Arc<Lane>, messages: &[(u64, u64, u64)]) {
        self.awaited.extend(awaited(lane, messages));
    }

    /// Nobody waits any more for messages of a lane: they were refused.
    pub(super) fn give_up(&mut self, lane: &Arc<Lane>, sequences: &[u64]) {
        self.awaited.retain(|_, awaited| {
            !Arc::ptr_eq(&awaited.lane, lane) || !sequences.contains(&awaited.sequence)
        });
    }

    /// One mailbox does not have these messages any more: their recipient is done with them.
    pub(super) fn acknowledged(&mut self, positions: &[u64]) {
        let mut done = Vec::new();
        for position in positions {
            let Some(awaited) = self.awaited.get_mut(position) else {
                continue;
            };
            awaited.left -= 1;
            if awaited.left == 0
                && let Some(awaited) = self.awaited.remove(position)
            {
                done.push(awaited);
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
            if let Some(awaited) = self.awaited.remove(position) {
                awaited.lane.reject(awaited.sequence, code, text);
            }
        }
    }

    /// A session has ended: nobody waits for what it sent.
    pub(super) fn forget(&mut self, session: SessionId) {
        self.awaited
            .retain(|_, awaited| awaited.lane.sent_by() != Some(session));
    }
}

fn awaited(lane: &Arc<Lane>, messages: &[(u64, u64, u64)]) -> impl Iterator<Item = (u64, Awaited)> {
    messages.iter().map(|&(position, sequence, left)| {
        let lane = lane.clone();
        let awaited = Awaited {
            lane,
            sequence,
            left,
        };
        (position, awaited)
    })
}
