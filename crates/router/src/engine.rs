//! What the router decides, without any I/O.
//!
//! Events and the time go in, [actions](Action) come out. A driver performs them, in their order.

mod deliver;
mod dial;
mod lookup;
mod permit;
mod register;
mod session;

use std::{mem, time::Duration};

use tuyau_core::Address;
use tuyau_wire::{DecodeError, Hello, Identity, Message, RejectCode, Role, VERSION, capability};

use crate::{
    State, Timestamp,
    journal::Event,
    policy::{Action as Deed, Policy},
};

use dial::Dials;
use session::Sessions;

pub(crate) use dial::DialId;
pub(crate) use session::{Link, SessionId};

/// What the engine is told once.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The router's own identity.
    pub(crate) identity: Identity,
    /// The router's hello.
    pub(crate) hello: Hello,
    /// What is sent over each newly registered route.
    pub(crate) greeting: Option<String>,
    /// Who may do what.
    pub(crate) policy: Policy,
    /// The longest lifetime of a registration.
    pub(crate) max_lifetime: Duration,
    /// The most entries of the table.
    pub(crate) max_entries: usize,
    /// The most dials at one time.
    pub(crate) max_dials: usize,
    /// The most bytes of one sender that wait for dials.
    pub(crate) max_waiting_bytes: usize,
    /// How long a dialled session without traffic is kept.
    pub(crate) idle: Duration,
    /// How long an identity counts as unreachable after all its routes failed.
    pub(crate) retry: Duration,
}

/// What the driver is to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Queue a frame; if the queue is full, which replies never make it, close the session.
    Send { session: SessionId, frame: Vec<u8> },
    /// Queue a frame of another peer, and tell by [`Engine::delivered`] or [`Engine::congested`]
    /// whether there was room.
    Deliver {
        session: SessionId,
        frame: Vec<u8>,
        receipt: Option<Receipt>,
    },
    /// Close a session once its queue is empty.
    Close { session: SessionId, reason: String },
    /// Dial the routes of an identity, in their order.
    Dial {
        id: DialId,
        identity: Identity,
        routes: Vec<Address>,
    },
    /// Tell whoever watches.
    Tell(Event),
}

/// A message on its way, and whom to tell what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) session: SessionId,
    pub(crate) request: u64,
    pub(crate) from: Identity,
    pub(crate) to: Identity,
    pub(crate) bytes: usize,
}

/// The pure core of a router.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: Rules,
    state: State,
    sessions: Sessions,
    dials: Dials,
    /// The number of the last message of the router's own.
    last_request: u64,
    changed: bool,
    actions: Vec<Action>,
}

impl Engine {
    pub(crate) fn new(rules: Rules, state: State) -> Self {
        let mut engine = Self {
            rules,
            state,
            sessions: Sessions::default(),
            dials: Dials::default(),
            last_request: 0,
            changed: false,
            actions: Vec::new(),
        };
        engine.revoke_registrations();
        engine
    }

    /// The present state.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether a peer has a session.
    pub(crate) fn is_connected(&self, identity: &Identity) -> bool {
        self.sessions.of(identity).next().is_some()
    }

    /// What is to be done since the last call.
    pub(crate) fn take_actions(&mut self) -> Vec<Action> {
        mem::take(&mut self.actions)
    }

    /// Whether the state changed since the last call.
    pub(crate) fn take_changed(&mut self) -> bool {
        mem::take(&mut self.changed)
    }

    /// Replaces the state.
    pub(crate) fn restore(&mut self, state: State) {
        self.state = state;
        self.changed = true;
        let (rows, processed) = (self.state.table.len(), self.state.processed);
        self.tell(Event::Restored { rows, processed });
        self.revoke_registrations();
    }

    /// Time has passed: registrations end, idle sessions that the router dialled are closed.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        for identity in self.state.table.expire(now) {
            self.changed = true;
            self.tell(Event::Expired { identity });
        }
        for session in self.sessions.idle(now, self.rules.idle) {
            self.close(session, "idle");
        }
        self.dials.forget_failures(now);
    }

    /// A peer has proved its identity; the session begins with a hello of both sides.
    pub(crate) fn opened(
        &mut self,
        session: SessionId,
        peer: Identity,
        link: Link,
        now: Timestamp,
    ) {
        let greets = !matches!(link, Link::Simulated);
        self.sessions.open(session, peer, link, now);
        if greets {
            self.send(session, &Message::Hello(self.rules.hello.clone()));
        }
    }

    /// A session has ended. What its identity registered stays: it may have another session, or
    /// can be dialled.
    pub(crate) fn closed(&mut self, session: SessionId, reason: String, now: Timestamp) {
        let Some(closed) = self.sessions.close(session) else {
            return;
        };
        self.dials.forget_sender(session, &closed.waits_for);
        match closed.link {
            Link::Simulated => {}
            _ if closed.greeted => self.tell(Event::Disconnected {
                identity: closed.peer,
                reason,
            }),
            Link::Dialled { dial, .. } => self.dial_failed(dial, &reason, now),
            Link::Accepted { origin } => self.tell(Event::HandshakeFailed {
                place: origin.to_string(),
                reason,
            }),
        }
    }

    /// A session received a frame with this message in it.
    pub(crate) fn received(&mut self, session: SessionId, bytes: &[u8], now: Timestamp) {
        let Some(state) = self
            .sessions
            .get_mut(session)
            .filter(|state| !state.silenced)
        else {
            return;
        };
        state.last_heard = now;
        let greeted = state.greeted;
        match Message::decode(bytes) {
            Err(error) => self.undecodable(session, &error),
            Ok(Message::Hello(hello)) if !greeted => self.hello(session, &hello, now),
            Ok(message) if greeted => self.message(session, message, now),
            Ok(message) => {
                let text = format!(
                    "expected a hello as the first message, found the message {}",
                    message.name()
                );
                self.end(session, RejectCode::Unexpected, &text);
            }
        }
    }

    fn hello(&mut self, session: SessionId, hello: &Hello, now: Timestamp) {
        let agreement = match self.rules.hello.negotiate(hello) {
            Ok(agreement) => agreement,
            Err(error) => return self.end(session, RejectCode::Version, &error.to_string()),
        };
        debug_assert_eq!(agreement.version, VERSION);
        let max_frame = usize::try_from(agreement.max_frame).unwrap_or(usize::MAX);
        let lookup = agreement.has(capability::LOOKUP);
        let Some(state) = self.sessions.greet(session, max_frame, lookup) else {
            return;
        };
        let (identity, link) = (state.peer, state.link.clone());
        let (place, agent) = (link.to_string(), hello.agent().to_owned());
        self.tell(Event::Connected {
            identity,
            place,
            agent,
        });
        match (link, hello.role()) {
            (Link::Dialled { dial, .. }, Role::Service) => self.dialled(dial, session),
            (_, Role::Service) => self.hand_over_waiting(identity, session),
            (link, _) => {
                let text = "expected the role of a service, found that of a router; \
                            this router has no links to others";
                if let Link::Dialled { dial, .. } = link {
                    self.dial_failed(dial, text, now);
                }
                self.end(session, RejectCode::Unexpected, text);
            }
        }
    }

    fn message(&mut self, session: SessionId, message: Message<'_>, now: Timestamp) {
        match message {
            Message::Listen { request, record } => {
                if self.take_request(session, request)
                    && self.permit(session, request, Deed::Listen, None)
                {
                    self.listen(session, request, record, now);
                }
            }
            Message::Unlisten {
                request,
                withdrawal,
            } => {
                if self.take_request(session, request) {
                    self.unlisten(session, request, withdrawal);
                }
            }
            Message::Send { request, to, body } => {
                if self.take_request(session, request)
                    && self.permit(session, request, Deed::Send, Some(&to))
                {
                    self.deliver(session, request, to, body, now);
                }
            }
            Message::Lookup { request, identity } => {
                if self.may_look_up(session)
                    && self.take_request(session, request)
                    && self.permit(session, request, Deed::Send, Some(&identity))
                {
                    self.look_up(session, request, &identity, now);
                }
            }
            Message::Reject {
                request: None,
                code,
                text,
            } => {
                self.close(
                    session,
                    &format!("the peer ended the session: {code}: {text}"),
                );
            }
            // The router asks for no receipts in this version, so these name nothing.
            Message::Accept { .. } | Message::Reject { .. } => {}
            Message::Hello(_) => {
                let text = "expected one hello in a session, found a second one";
                self.end(session, RejectCode::Unexpected, text);
            }
            other => {
                let text = format!(
                    "expected listen, unlisten or send, found the message {}, \
                     which a router does not take",
                    other.name()
                );
                self.end(session, RejectCode::Unexpected, &text);
            }
        }
    }

    /// Whether the number of a request is greater than all before; the session ends if not.
    fn take_request(&mut self, session: SessionId, request: u64) -> bool {
        let Some(state) = self.sessions.get_mut(session) else {
            return false;
        };
        let last = state.last_request;
        if last.is_some_and(|last| request <= last) {
            let last = last.unwrap_or_default();
            let text = format!(
                "expected a request number greater than {last}, the one before, found {request}"
            );
            self.end(session, RejectCode::Malformed, &text);
            return false;
        }
        state.last_request = Some(request);
        true
    }

    /// A message that could not be decoded: its request is refused, or else the session.
    fn undecodable(&mut self, session: SessionId, error: &DecodeError) {
        let text = tuyau_core::Chain(error).to_string();
        match error.request() {
            Some(request) if self.sessions.is_greeted(session) => {
                if self.take_request(session, request) {
                    self.reject(session, request, error.reject_code(), &text);
                }
            }
            _ => self.end(session, error.reject_code(), &text),
        }
    }

    /// A request was carried out and counts as processed.
    fn accept(&mut self, session: SessionId, request: u64) {
        // A restored state may count as far as a number goes.
        self.state.processed = self.state.processed.saturating_add(1);
        self.changed = true;
        self.send(session, &Message::Accept { request });
    }

    fn reject(&mut self, session: SessionId, request: u64, code: RejectCode, text: &str) {
        if let Some(state) = self.sessions.get(session) {
            let (identity, text) = (state.peer, text.to_owned());
            self.tell(Event::Rejected {
                identity,
                code,
                text,
            });
        }
        self.send(
            session,
            &Message::Reject {
                request: Some(request),
                code,
                text,
            },
        );
    }

    /// What came over a session's connection, or did not come, ends it. Whoever waits for the
    /// session of a dial is told at once.
    pub(crate) fn refuse_session(
        &mut self,
        session: SessionId,
        code: RejectCode,
        text: &str,
        now: Timestamp,
    ) {
        let link = self.sessions.get(session).map(|it| (&it.link, it.greeted));
        if let Some((Link::Dialled { dial, .. }, false)) = link {
            self.dial_failed(*dial, text, now);
        }
        self.end(session, code, text);
    }

    /// Refuses the session itself and closes it.
    pub(crate) fn end(&mut self, session: SessionId, code: RejectCode, text: &str) {
        self.send(
            session,
            &Message::Reject {
                request: None,
                code,
                text,
            },
        );
        self.close(session, &format!("{code}: {text}"));
    }

    /// Closes a session once what is queued for it has been sent; nothing of it is heard from now on.
    fn close(&mut self, session: SessionId, reason: &str) {
        self.sessions.silence(session);
        self.actions.push(Action::Close {
            session,
            reason: reason.to_owned(),
        });
    }

    /// Sends a message, unless the session has ended: an answer may come later than that.
    fn send(&mut self, session: SessionId, message: &Message<'_>) {
        if self.sessions.get(session).is_none() {
            return;
        }
        let mut frame = Vec::new();
        message.encode_frame(&mut frame);
        self.actions.push(Action::Send { session, frame });
    }

    fn tell(&mut self, event: Event) {
        self.actions.push(Action::Tell(event));
    }
}

#[cfg(test)]
mod tests;
