//! Dialling the routes of identities that have no session.

use std::collections::{HashMap, VecDeque};

use tuyau_wire::{Identity, Message, RejectCode};

use super::{Action, Engine, Receipt, SessionId};
use crate::{Timestamp, journal::Event};

/// The number of a dial, never used twice while a router runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct DialId(pub(crate) u64);

/// What waits for a dial.
#[derive(Debug)]
pub(super) enum Waiting {
    /// The greeting of a newly registered route.
    Greeting,
    /// A message.
    Message { body: Vec<u8>, receipt: Receipt },
}

/// Dials that are under way, wait, or have failed lately.
#[derive(Debug, Default)]
pub(super) struct Dials {
    last: u64,
    active: HashMap<DialId, Dial>,
    by_identity: HashMap<Identity, DialId>,
    running: usize,
    queue: VecDeque<DialId>,
    failed: HashMap<Identity, Timestamp>,
}

#[derive(Debug)]
struct Dial {
    identity: Identity,
    started: bool,
    waiting: Vec<Waiting>,
    bytes: usize,
}

impl Dials {
    pub(super) fn forget_failures(&mut self, now: Timestamp) {
        self.failed.retain(|_, until| *until > now);
    }

    /// The dial of an identity, made if there is none.
    fn of(&mut self, identity: Identity) -> &mut Dial {
        let id = *self.by_identity.entry(identity).or_insert_with(|| {
            self.last += 1;
            self.queue.push_back(DialId(self.last));
            DialId(self.last)
        });
        let new = || Dial {
            identity,
            started: false,
            waiting: Vec::new(),
            bytes: 0,
        };
        self.active.entry(id).or_insert_with(new)
    }

    fn end(&mut self, id: DialId) -> Option<Dial> {
        let dial = self.active.remove(&id)?;
        self.by_identity.remove(&dial.identity);
        self.running -= usize::from(dial.started);
        Some(dial)
    }
}

impl Engine {
    /// Has the newly registered routes of a session's peer greeted.
    pub(super) fn greet_route(&mut self, session: SessionId, now: Timestamp) {
        if self.rules.greeting.is_none() {
            return;
        }
        if let Some(peer) = self.sessions.get(session).map(|session| session.peer) {
            self.dials.failed.remove(&peer);
            self.dial(peer, Waiting::Greeting, now);
        }
    }

    /// Has something wait for a dial of an identity; refuses it when there is no route to dial, or
    /// too much waits already.
    pub(super) fn dial(&mut self, identity: Identity, waiting: Waiting, now: Timestamp) {
        if self.state.table.get(&identity).is_none() {
            let text = format!("{identity} is not connected and has registered no route");
            return self.refuse(waiting, RejectCode::Unreachable, &text);
        }
        if self
            .dials
            .failed
            .get(&identity)
            .is_some_and(|until| *until > now)
        {
            let text = format!("no route of {identity} could be reached a moment ago");
            return self.refuse(waiting, RejectCode::Unreachable, &text);
        }
        let limit = self.rules.max_waiting_bytes;
        let dial = self.dials.of(identity);
        if let Waiting::Message { body, .. } = &waiting {
            if dial.bytes + body.len() > limit {
                let text = format!("too much waits until {identity} is connected");
                return self.refuse(waiting, RejectCode::Congested, &text);
            }
            // What a message costs beside its body.
            dial.bytes += body.len() + size_of::<Waiting>();
        }
        dial.waiting.push(waiting);
        self.start_dials();
    }

    fn start_dials(&mut self) {
        while self.dials.running < self.rules.max_dials {
            let Some(id) = self.dials.queue.pop_front() else {
                return;
            };
            let Some(dial) = self.dials.active.get_mut(&id) else {
                continue;
            };
            dial.started = true;
            self.dials.running += 1;
            let identity = dial.identity;
            let row = self.state.table.get(&identity);
            let routes = row.map(|row| row.routes.to_vec()).unwrap_or_default();
            self.actions.push(Action::Dial {
                id,
                identity,
                routes,
            });
        }
    }

    /// A dialled session has come as far as hello: what waited for it is sent.
    pub(super) fn dialled(&mut self, id: DialId, session: SessionId) {
        let Some(dial) = self.dials.end(id) else {
            return;
        };
        self.dials.failed.remove(&dial.identity);
        for waiting in dial.waiting {
            match waiting {
                Waiting::Greeting => self.greet(session),
                Waiting::Message { body, receipt } => {
                    let Receipt { from, request, .. } = receipt;
                    let message = Message::Deliver {
                        from,
                        request,
                        body: &body,
                    };
                    self.hand_over(session, &message, Some(receipt));
                }
            }
        }
        self.start_dials();
    }

    fn greet(&mut self, session: SessionId) {
        let (Some(text), Some(state)) = (self.rules.greeting.clone(), self.sessions.get(session))
        else {
            return;
        };
        let (identity, place) = (state.peer, state.link.to_string());
        self.last_request += 1;
        let (from, request) = (self.rules.identity, self.last_request);
        let message = Message::Deliver {
            from,
            request,
            body: text.as_bytes(),
        };
        self.hand_over(session, &message, None);
        self.tell(Event::Greeted {
            identity,
            place,
            text,
        });
    }

    /// No route could be reached, or the session ended before its hello.
    pub(crate) fn dial_failed(&mut self, id: DialId, reason: &str, now: Timestamp) {
        let Some(dial) = self.dials.end(id) else {
            return;
        };
        let identity = dial.identity;
        self.dials.failed.insert(identity, now + self.rules.retry);
        self.tell(Event::Unreachable {
            identity,
            reason: reason.to_owned(),
        });
        let text = format!("no route of {identity} could be reached");
        for waiting in dial.waiting {
            self.refuse(waiting, RejectCode::Unreachable, &text);
        }
        self.start_dials();
    }

    fn refuse(&mut self, waiting: Waiting, code: RejectCode, text: &str) {
        if let Waiting::Message { receipt, .. } = waiting {
            self.reject(receipt.session, receipt.request, code, text);
        }
    }
}
