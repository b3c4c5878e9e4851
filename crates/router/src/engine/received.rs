//! What comes from peers: each message goes to where it is decided about.

use tuyau_wire::{DecodeError, Hello, Message, Parameter, RejectCode, Role, VERSION, capability};

use super::{Action, Engine, Link, SessionId, session::Peer};
use crate::{Timestamp, journal::Event, policy::Action as Deed, session::not_greater};

impl Engine {
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
}
