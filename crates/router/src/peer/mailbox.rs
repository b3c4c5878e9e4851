//! How stored messages come from a mailbox into the queue of the session that takes them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tuyau_wire::fast::Kind;

use super::Peer;
use crate::{
    lane::Lane,
    mail::Mail,
    outbox::{Outbox, Refusal},
};

/// A stored message, on its way to one recipient.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Where it stands in the mailbox.
    pub(crate) position: u64,
    /// What the recipient is told of its sender.
    pub(crate) source: Arc<Lane>,
    pub(crate) sequence: u64,
    /// Whether it was stored before the router was started.
    pub(crate) recovered: bool,
    pub(crate) body: Arc<[u8]>,
}

/// How far the session that takes an identity's messages has come with them.
#[derive(Debug)]
pub(super) struct Mailbox {
    mail: Option<Mail>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The session that takes them.
    outbox: Option<Outbox>,
    /// The position behind the last message that it got.
    next: u64,
    /// Messages below this position may have come in a session before.
    again: u64,
    /// Whether the mailbox may have messages that it did not get.
    behind: bool,
    /// Whether the mailbox is being read.
    reading: bool,
    /// How many times that began anew: what was read before is for nobody.
    turn: u64,
    /// What it got and has not acknowledged, by the handle and the number under which it came.
    flights: BTreeMap<(u64, u64), Flight>,
    /// Whether a session ended that had not acknowledged all that it got.
    unsettled: bool,
}

#[derive(Debug)]
struct Flight {
    position: u64,
    /// What its handle stands for, which must not change meanwhile.
    _source: Arc<Lane>,
}

impl Mailbox {
    pub(super) fn new(mail: Option<Mail>) -> Self {
        let state = Mutex::default();
        Self { mail, state }
    }

    /// Whether nothing of it need be remembered when there is no session.
    pub(super) fn is_settled(&self) -> bool {
        let state = self.lock();
        state.outbox.is_none() && !state.unsettled
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peer {
    /// There is nothing in the mailbox: its messages were acknowledged, or their time was over.
    pub(crate) fn settle(&self) {
        let mut state = self.mailbox.lock();
        state.unsettled &= state.outbox.is_some();
    }

    /// From now on this session takes what is stored for the identity, or none does.
    pub(super) fn take_mail(self: &Arc<Self>, outbox: Option<Outbox>) {
        if self.mailbox.mail.is_none() {
            return;
        }
        let mut state = self.mailbox.lock();
        let same = match (&state.outbox, &outbox) {
            (Some(before), Some(now)) => before.is(now),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        let flights = std::mem::take(&mut state.flights);
        state.unsettled |= !flights.is_empty();
        state.again = state.again.max(state.next);
        state.next = 0;
        state.reading = false;
        state.turn += 1;
        state.behind = outbox.is_some();
        let before = std::mem::replace(&mut state.outbox, outbox.clone());
        drop(state);
        if let Some(before) = before {
            before.give_mail_to(None);
            before.answered(flights.len() as u64);
        }
        if let Some(outbox) = outbox {
            outbox.give_mail_to(Some(self.clone()));
            self.pump();
        }
    }

    /// Reads the mailbox when the session has not got everything and has room for more.
    pub(crate) fn pump(self: &Arc<Self>) {
        let Some(mail) = &self.mailbox.mail else {
            return;
        };
        let mut state = self.mailbox.lock();
        if !state.behind || state.reading {
            return;
        }
        let Some(limit) = state.outbox.as_ref().and_then(Outbox::room_for_mail) else {
            return;
        };
        state.reading = true;
        let (from, turn) = (state.next, state.turn);
        drop(state);
        mail.read(self, turn, from, limit);
    }

    /// The mailbox was read in this turn, and these are the next messages in it; none when there are no
    /// more.
    pub(crate) fn read(self: &Arc<Self>, turn: u64, kept: &[Kept]) {
        let mut state = self.mailbox.lock();
        if state.turn != turn || !state.reading {
            return;
        }
        state.reading = false;
        if kept.is_empty() {
            state.behind = false;
            state.unsettled &= !state.flights.is_empty();
            return;
        }
        if self.hand_over(state, kept) {
            self.pump();
        }
    }

    /// Messages were stored; they are behind all that were before.
    pub(crate) fn arrived(self: &Arc<Self>, kept: &[Kept]) {
        if kept.is_empty() {
            return;
        }
        let state = self.mailbox.lock();
        if state.outbox.is_none() {
            drop(state);
            if let Some(mail) = &self.mailbox.mail {
                mail.want(self.identity);
            }
        } else if !state.behind {
            self.hand_over(state, kept);
        }
    }

    /// Puts messages into the session's queue, in order, as far as there is room and as many as may
    /// wait for its acknowledgement; gives whether all are done with.
    fn hand_over(&self, mut state: MutexGuard<'_, State>, kept: &[Kept]) -> bool {
        let Some(outbox) = state.outbox.clone() else {
            return false;
        };
        let mut all = true;
        let (mut messages, mut bytes, mut long) = (0, 0, Vec::new());
        let mut longest = 0;
        'all: for run in kept.chunk_by(|a, b| Arc::ptr_eq(&a.source, &b.source)) {
            let Some(mut delivery) = outbox.deliver(&run[0].source) else {
                all = false;
                break;
            };
            for kept in run {
                let key = (kept.source.number(), kept.sequence);
                let again = kept.recovered || kept.position < state.again;
                let kind = if again {
                    Kind::Redeliver
                } else {
                    Kind::Deliver
                };
                let pushed = match state.flights.contains_key(&key) {
                    true => Err(Refusal::Unanswered),
                    false => delivery.push_kept(kind, kept.sequence, &kept.body),
                };
                match pushed {
                    Ok(()) => {
                        let flight = Flight {
                            position: kept.position,
                            _source: kept.source.clone(),
                        };
                        state.flights.insert(key, flight);
                        messages += 1;
                        bytes += kept.body.len() as u64;
                    }
                    Err(Refusal::TooLarge { limit }) => {
                        longest = limit;
                        long.push(kept.position);
                    }
                    Err(Refusal::Full | Refusal::Unanswered) => {
                        all = false;
                        break 'all;
                    }
                }
                state.next = kept.position + 1;
            }
        }
        state.behind |= !all;
        drop(state);
        let Some(mail) = &self.mailbox.mail else {
            return all;
        };
        if messages > 0 {
            mail.collected(self.identity, messages, bytes);
        }
        if !long.is_empty() {
            mail.refuse_long(self.identity, long, longest);
        }
        all
    }

    /// A session is done with messages that came under a handle of the router.
    pub(crate) fn acknowledge(self: &Arc<Self>, from: &Outbox, handle: u64, first: u64, last: u64) {
        let Some(mail) = &self.mailbox.mail else {
            return;
        };
        let mut state = self.mailbox.lock();
        if first > last || !state.outbox.as_ref().is_some_and(|it| it.is(from)) {
            return;
        }
        let flights = &mut state.flights;
        let done: Vec<_> = flights
            .extract_if((handle, first)..=(handle, last), |_, _| true)
            .map(|(_, flight)| flight.position)
            .collect();
        if done.is_empty() {
            return;
        }
        state.unsettled &= !state.flights.is_empty() || state.behind;
        drop(state);
        from.answered(done.len() as u64);
        mail.acknowledge(self.identity, done);
        self.pump();
    }
}
