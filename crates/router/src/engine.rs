//! What the router decides, without any I/O.
//!
//! Events and the time go in, [actions](Action) come out. A driver performs them, in their order.

mod action;
mod bind;
mod deliver;
mod dial;
mod group;
mod lookup;
mod members;
mod permit;
mod recall;
mod received;
mod register;
mod reload;
mod session;

use std::mem;

use tuyau_core::Address;
use tuyau_wire::{Identity, Level, Message, RejectCode};

use crate::{State, Timestamp, journal::Event, kept::Kept, policy::Policy};

use dial::Dials;
use members::Members;
use recall::Away;
use session::Sessions;

pub(crate) use action::{Action, Rules, Ticket};
pub(crate) use bind::Bound;
pub(crate) use dial::DialId;
pub(crate) use session::{Link, SessionId};

/// The pure core of a router.
#[derive(Debug)]
pub(crate) struct Engine {
    rules: Rules,
    state: State,
    sessions: Sessions,
    dials: Dials,
    /// The durable members of groups.
    members: Members,
    /// Who has messages that are kept, and could not be reached.
    away: Away,
    /// When the next grant expires by which something is bound or joined, in seconds.
    next_expiry: Option<u64>,
    actions: Vec<Action>,
}

impl Engine {
    pub(crate) fn new(rules: Rules, state: State) -> Self {
        let mut engine = Self {
            rules,
            state,
            sessions: Sessions::default(),
            dials: Dials::default(),
            members: Members::default(),
            away: Away::default(),
            next_expiry: None,
            actions: Vec::new(),
        };
        engine.revoke_registrations();
        engine
    }

    /// The router's own identity.
    pub(crate) fn identity(&self) -> Identity {
        self.rules.identity
    }

    /// Who may do what now.
    pub(crate) fn policy(&self) -> &Policy {
        &self.rules.policy
    }

    /// The present state.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Whether a peer has a session.
    pub(crate) fn is_connected(&self, identity: &Identity) -> bool {
        self.sessions.of(identity).next().is_some()
    }

    /// Whether anything more is taken from a session's peer: not from one that is to be closed.
    pub(crate) fn hears(&self, session: SessionId) -> bool {
        let session = self.sessions.get(session);
        session.is_some_and(|session| !session.silenced)
    }

    /// What is to be done since the last call.
    pub(crate) fn take_actions(&mut self) -> Vec<Action> {
        mem::take(&mut self.actions)
    }

    /// Replaces the state. Who may not be in a group or publish to it by the rules that count then
    /// does so no longer.
    pub(crate) fn restore(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.actions.push(Action::KeepAll);
        let (rows, processed) = (self.state.table.len(), self.state.processed);
        self.tell(Event::Restored { rows, processed });
        self.revoke_registrations();
        self.check_groups(|_| true, now);
    }

    /// Time has passed: registrations end, idle sessions that the router dialled are closed.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        for identity in self.state.table.expire(now) {
            self.keep(Kept::Claim(identity));
            self.tell(Event::Expired { identity });
        }
        for session in self.sessions.idle(now, self.rules.idle) {
            self.close(session, "idle");
        }
        self.dials.forget_failures(now);
        self.expire_waiting(now);
        self.expire_grants(now);
        self.recall_those_away(now);
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
        let Some(mut closed) = self.sessions.close(session) else {
            return;
        };
        self.dials.forget_sender(session, &closed.waits_for);
        self.release(session, &mut closed);
        self.reach(closed.peer);
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

    /// A request was carried out and counts as processed.
    fn accept(&mut self, session: SessionId, sequence: u64) {
        self.count(1);
        let (level, first, last) = (Level::Accepted, sequence, sequence);
        self.send(session, &Message::Receipt { level, first, last });
    }

    /// The same, once what it changed is kept.
    fn accept_kept(&mut self, session: SessionId, sequence: u64, kept: Kept) {
        self.count(1);
        let answer = Some((session, sequence));
        self.actions.push(Action::Keep { kept, answer });
    }

    /// Something of the state changed.
    fn keep(&mut self, kept: Kept) {
        let answer = None;
        self.actions.push(Action::Keep { kept, answer });
    }

    /// So many messages were processed.
    pub(crate) fn count(&mut self, messages: u64) {
        // A restored state may count as far as a number goes.
        self.state.processed = self.state.processed.saturating_add(messages);
    }

    /// The last sequence number that a session's peer used.
    pub(crate) fn sequence(&self, session: SessionId) -> Option<u64> {
        self.sessions.get(session)?.last_sequence
    }

    /// Takes over the last sequence number that a session's peer used before.
    pub(crate) fn set_sequence(&mut self, session: SessionId, sequence: Option<u64>) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.last_sequence = sequence;
        }
    }

    /// Something went in either direction on a session.
    pub(crate) fn heard(&mut self, session: SessionId, now: Timestamp) {
        if let Some(session) = self.sessions.get_mut(session) {
            session.last_heard = now;
        }
    }

    /// The sessions that the router dialled.
    pub(crate) fn dialled_sessions(&self) -> impl Iterator<Item = SessionId> {
        self.sessions.dialled()
    }

    /// Tells the driver where an identity is reached now.
    fn reach(&mut self, identity: Identity) {
        let session = self.session_for(&identity);
        if session.is_some() {
            self.away.reached(&identity);
        } else if self.rules.keeps && self.state.table.get(&identity).is_some() {
            self.away.left(identity);
        }
        self.actions.push(Action::Reach { identity, session });
    }

    fn reject(&mut self, session: SessionId, sequence: u64, code: RejectCode, text: &str) {
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
                sequence: Some(sequence),
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

    /// Tells every peer that its session ends in so many milliseconds, and where else it can go.
    pub(crate) fn drain(&mut self, milliseconds: u64, routes: &[Address]) {
        let greeted: Vec<_> = self.sessions.greeted().map(|(id, _)| id).collect();
        for session in greeted {
            let routes = routes.to_vec();
            self.send(
                session,
                &Message::Drain {
                    milliseconds,
                    routes,
                },
            );
        }
    }

    /// Refuses the session itself and closes it.
    pub(crate) fn end(&mut self, session: SessionId, code: RejectCode, text: &str) {
        self.send(
            session,
            &Message::Reject {
                sequence: None,
                code,
                text,
            },
        );
        self.close(session, &format!("{code}: {text}"));
    }

    /// Closes a session once what is queued for it has been sent; nothing of it is heard from now on.
    fn close(&mut self, session: SessionId, reason: &str) {
        self.sessions.silence(session);
        if let Some(identity) = self.sessions.get(session).map(|it| it.peer) {
            self.reach(identity);
        }
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
