//! From one session to another.

use std::sync::Arc;

use tokio::time::Instant;
use tuyau_wire::{Class, Level, RejectCode, fast::Prefix};

use super::{Run, Turn, not_greater};
use crate::{
    lane::{Destination, Lane, Open, UNANSWERED},
    outbox::{Outbox, Refusal},
};

/// What happened to the messages of one run.
#[derive(Default)]
struct Tally {
    messages: u64,
    bytes: u64,
    /// What its messages cost the sender.
    cost: u64,
    /// What of it was for messages that were refused.
    refused: u64,
}

impl Turn {
    /// Delivers what begins at `at`, and all that follows on the same handle, with one lock of the
    /// recipient's queue and one wake-up.
    pub(super) fn unicast(
        &mut self,
        input: &[u8],
        mut at: usize,
        from: &Prefix,
        lane: &Arc<Lane>,
        recipient: &Outbox,
    ) -> Run {
        let (Some(mut delivery), Some(to)) = (recipient.deliver(lane), lane.prefix) else {
            return Run::Engine(at);
        };
        let (mut allowed, max_frame) = (self.allowed(lane), delivery.max_frame());
        let open = open(lane, recipient);
        let mut room = delivery.room();
        let mut tally = Tally::default();
        let mut last = self.sequence;
        let mut end = None;
        while let Some(next) = from.next(&input[at..], self.limit) {
            if last.is_some_and(|last| next.sequence <= last) {
                end = last.map(|last| not_greater(last, next.sequence));
                break;
            }
            last = Some(next.sequence);
            at += next.frame;
            if allowed == 0 {
                self.answers.congested(next.sequence, lane);
                continue;
            }
            let cost = next.message as u64;
            allowed = allowed.saturating_sub(cost);
            tally.cost += cost;
            let length = to.length(next.tail.len());
            let refusal = if length > max_frame {
                Some(Refusal::TooLarge { limit: max_frame })
            } else if length > room {
                Some(Refusal::Full)
            } else if open.is_some() && !delivery.may_await() {
                Some(Refusal::Unanswered)
            } else {
                None
            };
            if let Some(refusal) = refusal {
                tally.refused += cost;
                self.refuse(next.sequence, lane, refusal);
                continue;
            }
            let before = delivery.frames().len();
            to.write(delivery.frames(), next.tail);
            room = match room {
                usize::MAX => delivery.room(),
                room => room.saturating_sub(delivery.frames().len() - before),
            };
            tally.messages += 1;
            tally.bytes += next.body as u64;
            match &open {
                Some(open) => lane.await_answer(next.sequence, open.clone()),
                None if lane.level == Level::Accepted => {
                    self.answers.receipt(Level::Accepted, next.sequence);
                }
                None => {}
            }
        }
        self.sequence = last;
        delivery.took(tally.cost - tally.refused);
        drop(delivery);
        self.finish(lane, &tally);
        match end {
            Some(text) => Run::Refuse(RejectCode::Malformed, text),
            None => Run::Until(at),
        }
    }

    /// How much more may be sent on the handle at hand, in bytes.
    pub(super) fn allowed(&self, lane: &Lane) -> u64 {
        lane.limit().saturating_sub(self.sent)
    }

    fn refuse(&mut self, sequence: u64, lane: &Lane, refusal: Refusal) {
        match refusal {
            Refusal::Full => self.answers.congested(sequence, lane),
            Refusal::Unanswered => {
                self.answers
                    .reject(sequence, lane, RejectCode::Congested, UNANSWERED);
            }
            Refusal::TooLarge { limit } => {
                let text = format!("the recipient accepts messages of at most {limit} bytes");
                self.answers
                    .reject(sequence, lane, RejectCode::TooLarge, &text);
            }
        }
    }

    fn finish(&mut self, lane: &Arc<Lane>, tally: &Tally) {
        self.sent += tally.cost;
        if tally.refused > 0 {
            lane.give_back(tally.refused);
        }
        if tally.messages > 0
            && let Destination::Peer(peer) = &lane.to
        {
            let to = peer.identity;
            self.plane.delivered(lane, to, tally.messages, tally.bytes);
        }
    }
}

/// What is kept of messages whose answer is waited for, if it is.
fn open(lane: &Lane, recipient: &Outbox) -> Option<Open> {
    let ttl = std::time::Duration::from_millis(lane.ttl);
    let until = (lane.class == Class::Request).then(|| Instant::now() + ttl);
    lane.is_awaited().then(|| Open {
        recipient: recipient.clone(),
        until,
    })
}
