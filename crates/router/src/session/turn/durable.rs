//! From one session into mailboxes.

use std::sync::Arc;

use tuyau_wire::{RejectCode, fast::Prefix};

use super::{Run, Turn, not_greater};
use crate::{lane::Lane, mail::Outgoing};

/// How much of one handle's messages is stored at a time, in bytes.
const BATCH: u64 = 256 * 1024;

impl Turn {
    /// Has stored what begins at `at`, and what follows on the same handle.
    pub(super) fn durable(
        &mut self,
        input: &[u8],
        mut at: usize,
        from: &Prefix,
        lane: &Arc<Lane>,
    ) -> Run {
        let Some(mail) = &lane.mail else {
            return Run::Engine(at);
        };
        let mut allowed = self.allowed(lane);
        let (mut cost, mut messages, mut end) = (0, Vec::new(), None);
        while cost < BATCH
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
            let body = next.tail[next.tail.len() - next.body..].into();
            messages.push(Outgoing { sequence, body });
        }
        self.sent += cost;
        if !messages.is_empty()
            && let Err(refused) = mail.keep(lane, messages, cost)
        {
            lane.give_back(cost);
            for message in refused {
                self.answers.disk_busy(message.sequence, lane);
            }
        }
        match end {
            Some(text) => Run::Refuse(RejectCode::Malformed, text),
            None => Run::Until(at),
        }
    }
}
