//! What the router decides, without any I/O.
//!
//! Events and the time go in, [actions](Action) come out. A driver performs them, in their order.

mod bind;
mod deliver;
mod dial;
mod group;
mod lookup;
mod members;
mod permit;
mod recall;
mod register;
mod reload;
mod session;

use std::{mem, time::Duration};

use tuyau_core::Address;
use tuyau_wire::{
    Announcement, DecodeError, Hello, Identity, Level, Message, Parameter, RejectCode, Role,
    VERSION, capability,
};

use crate::{
    State, Timestamp,
    journal::Event,
    kept::Kept,
    mail::Member,
    policy::{Action as Deed, Policy},
    session::not_greater,
};

use dial::Dials;
use members::Members;
use recall::Away;
use session::{Peer, Sessions};

pub(crate) use bind::Bound;
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
    /// Whether durable messages are kept.
    pub(crate) keeps: bool,
    /// The longest lifetime of a registration.
    pub(crate) max_lifetime: Duration,
    /// The most entries of the table.
    pub(crate) max_entries: usize,
    /// The most handles that a session has bound at a time.
    pub(crate) max_handles: usize,
    /// The most groups that a session is in.
    pub(crate) max_groups: usize,
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
    /// Queue a frame with an answer.
    Send { session: SessionId, frame: Vec<u8> },
    /// Keep something of the state as it is now, and then tell a session that what it said with
    /// this number was accepted.
    Keep {
        kept: Kept,
        answer: Option<(SessionId, u64)>,
    },
    /// Keep the whole state, in the place of the one that is kept.
    KeepAll,
    /// A session's peer has said hello, and accepts so many messages of up to so many bytes.
    Greet {
        session: SessionId,
        max_frame: usize,
        /// How many messages may wait for its acknowledgement or reply.
        unacknowledged: u64,
    },
    /// From now on an identity is reached in this session, or in none.
    Reach {
        identity: Identity,
        session: Option<SessionId>,
    },
    /// A session has bound a handle.
    Bind {
        session: SessionId,
        handle: u64,
        bound: Bound,
        announcement: Announcement,
    },
    /// A handle of a session leads nowhere any more. What was sent on it before goes its way.
    Unbind {
        session: SessionId,
        handle: u64,
        /// The number of the binding.
        binding: u64,
    },
    /// A message waits until its recipient can be reached; it is delivered or refused later.
    Wait { ticket: Ticket },
    /// A session of an identity gets what is published to a group.
    Join {
        session: SessionId,
        identity: Identity,
        group: Identity,
    },
    /// A session does not get it any more.
    Leave { session: SessionId, group: Identity },
    /// What is published to a group is kept for an identity. Whoever asked for that by this number is
    /// told when it is on the disk.
    Enlist {
        member: Member,
        asker: Option<(SessionId, u64)>,
    },
    /// It is not any more.
    Dismiss {
        identity: Identity,
        group: Identity,
        asker: Option<(SessionId, u64)>,
    },
    /// Look whether messages are kept for an identity, and say if so.
    Recall { identity: Identity },
    /// Queue a message for a session, and tell its sender what came of it.
    Deliver {
        session: SessionId,
        ticket: Ticket,
        body: Vec<u8>,
    },
    /// A message came to the router itself.
    Take { ticket: Ticket },
    /// Refuse a message.
    Refuse {
        ticket: Ticket,
        code: RejectCode,
        text: String,
    },
    /// Queue a message of the router itself.
    Say { session: SessionId, body: Vec<u8> },
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
pub(crate) struct Ticket {
    pub(crate) session: SessionId,
    /// The number of the binding by which it was sent; its handle may be bound anew by now.
    pub(crate) binding: u64,
    pub(crate) sequence: u64,
    /// Whether it has waited.
    pub(crate) waited: bool,
    /// When it is of no use any more.
    pub(crate) until: Option<Timestamp>,
    /// What it cost its sender, in bytes.
    pub(crate) cost: u64,
}

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
        let peer = Peer {
            epoch: hello.parameter(Parameter::Epoch),
            receives: hello.parameter(Parameter::Receives) != 0,
            durable: agreement.has(capability::DURABLE),
            lookup: agreement.has(capability::LOOKUP),
        };
        let Some(state) = self.sessions.greet(session, peer) else {
            return;
        };
        let (identity, link) = (state.peer, state.link.clone());
        let (place, agent) = (link.to_string(), hello.agent().to_owned());
        self.tell(Event::Connected {
            identity,
            place,
            agent,
        });
        self.actions.push(Action::Greet {
            session,
            max_frame,
            unacknowledged: hello.parameter(Parameter::Unacknowledged),
        });
        match (link, hello.role()) {
            (Link::Dialled { dial, .. }, Role::Service) if !peer.receives => {
                let text = "the service behind its route takes nothing over this session \
                            (parameter receives)";
                self.dial_failed(dial, text, now);
                self.close(session, text);
            }
            (Link::Dialled { dial, .. }, Role::Service) => {
                self.dialled(dial, session);
                self.reach(identity);
            }
            (_, Role::Service) => {
                if peer.receives {
                    self.hand_over_waiting(identity, session);
                }
                self.reach(identity);
            }
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
            Message::Listen { sequence, record } => {
                if self.take_sequence(session, sequence)
                    && self.permit(session, sequence, Deed::Listen, None)
                {
                    self.listen(session, sequence, record, now);
                }
            }
            Message::Unlisten {
                sequence,
                withdrawal,
            } => {
                if self.take_sequence(session, sequence) {
                    self.unlisten(session, sequence, withdrawal);
                }
            }
            Message::Bind {
                sequence,
                handle,
                binding,
            } => {
                if self.take_sequence(session, sequence)
                    && self.may_bind(session, sequence, handle, &binding)
                {
                    self.bind(session, sequence, handle, binding, now);
                }
            }
            Message::Unbind { handle } => self.unbind(session, handle),
            Message::Send {
                handle,
                sequence,
                body,
            } => {
                if self.take_sequence(session, sequence) {
                    self.deliver(session, handle, sequence, body, now);
                }
            }
            Message::Join {
                sequence,
                group,
                durable,
                grant,
            } => {
                if self.take_sequence(session, sequence)
                    && self.permit(session, sequence, Deed::Join, Some(&group))
                {
                    self.join(session, sequence, group, durable, grant, now);
                }
            }
            Message::Leave { sequence, group } => {
                if self.take_sequence(session, sequence) {
                    self.leave(session, sequence, group);
                }
            }
            Message::Declare { sequence, rules } => {
                if self.take_sequence(session, sequence) {
                    self.declare(session, sequence, rules, now);
                }
            }
            Message::Lookup { sequence, identity } => {
                if self.may_look_up(session)
                    && self.take_sequence(session, sequence)
                    && self.permit(session, sequence, Deed::Send, Some(&identity))
                {
                    self.look_up(session, sequence, &identity, now);
                }
            }
            Message::Reject {
                sequence: None,
                code,
                text,
            } => {
                self.close(
                    session,
                    &format!("the peer ended the session: {code}: {text}"),
                );
            }
            // It would name something that the router sent, and the router asks for nothing.
            Message::Reject { .. } => {}
            Message::Pong { .. } => {}
            Message::Hello(_) => {
                let text = "expected one hello in a session, found a second one";
                self.end(session, RejectCode::Unexpected, text);
            }
            other => {
                let text = format!(
                    "found the message {}, which a router does not take; \
                     only routers send it",
                    other.name()
                );
                self.end(session, RejectCode::Unexpected, &text);
            }
        }
    }

    /// Whether a sequence number is greater than all before; the session ends if not.
    fn take_sequence(&mut self, session: SessionId, sequence: u64) -> bool {
        let Some(state) = self.sessions.get_mut(session) else {
            return false;
        };
        let last = state.last_sequence;
        if last.is_some_and(|last| sequence <= last) {
            let last = last.unwrap_or_default();
            let text = not_greater(last, sequence);
            self.end(session, RejectCode::Malformed, &text);
            return false;
        }
        state.last_sequence = Some(sequence);
        true
    }

    /// A message that could not be decoded: it is refused, or else the session.
    fn undecodable(&mut self, session: SessionId, error: &DecodeError) {
        let text = tuyau_core::Chain(error).to_string();
        match error.sequence() {
            Some(sequence) if self.sessions.is_greeted(session) => {
                if self.take_sequence(session, sequence) {
                    self.reject(session, sequence, error.reject_code(), &text);
                }
            }
            _ => self.end(session, error.reject_code(), &text),
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
