//! From one session to the members of a group.

use std::sync::Arc;

use tuyau_wire::{Level, RejectCode, fast::Prefix};

use super::{Run, Turn, not_greater};
use crate::{
    lane::{Destination, Lane},
    outbox::{Batch, Outbox, Run as Queued, Shared},
};

/// How much of a group's messages is put into queues at a time, in bytes.
const BATCH: usize = 64 * 1024;

impl Turn {
    /// Publishes what begins at `at`, and what follows on the same handle: it is encoded once, and
    /// copied into the queue of each member.
    pub(super) fn publish(
        &mut self,
        input: &[u8],
        mut at: usize,
        from: &Prefix,
        lane: &Arc<Lane>,
        members: &[Outbox],
    ) -> Run {
        let Some(to) = lane.prefix else {
            return Run::Engine(at);
        };
        let mut frames = std::mem::take(&mut self.batch);
        frames.clear();
        let mut allowed = self.allowed(lane);
        let (mut cost, mut messages, mut bytes) = (0, 0, 0);
        let (mut longest, mut range, mut end) = (0, None, None);
        while frames.len() < BATCH
            && let Some(next) = from.next(&input[at..], self.limit)
        {
            let sequence = next.sequence;
            if let Some(last) = self.sequence.filter(|last| sequence <= *last) {
                end = Some(not_greater(last, sequence));
                break;
            }
            self.sequence = Some(sequence);
            at += next.frame;
            if allowed == 0 {
                self.answers.congested(sequence, lane);
                continue;
            }
            allowed = allowed.saturating_sub(next.message as u64);
            cost += next.message as u64;
            longest = longest.max(to.write(&mut frames, next.tail));
            messages += 1;
            bytes += next.body as u64;
            let (first, _) = range.unwrap_or((sequence, sequence));
            range = Some((first, sequence));
            if lane.level == Level::Accepted {
                self.answers.receipt(Level::Accepted, sequence);
            }
        }
        self.sent += cost;
        if let Some((first, last)) = range {
            let batch = Batch {
                frames: &frames,
                longest,
                first,
                last,
            };
            self.hand_out(lane, &batch, cost, members);
            if let Destination::Group(group) = &lane.to {
                self.plane.published(lane, group.identity, messages, bytes);
            }
        }
        self.batch = frames;
        match end {
            Some(text) => Run::Refuse(RejectCode::Malformed, text),
            None => Run::Until(at),
        }
    }

    /// Puts a batch into the queue of every member but the sender's own.
    fn hand_out(&self, lane: &Arc<Lane>, batch: &Batch<'_>, cost: u64, members: &[Outbox]) {
        let shared = Shared::new(lane.clone(), cost);
        for member in members.iter().filter(|member| !member.is(&self.outbox)) {
            if let Some(mut delivery) = member.deliver(lane) {
                delivery.push_shared(batch, &shared);
            }
        }
        Queued::Shared(shared).settle();
    }
}
