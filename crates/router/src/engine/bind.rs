//! Bind: what a sender's handle leads to.

use tuyau_wire::{Announcement, Binding, Class, Identity, Level, RejectCode, Target};

use super::{Action, Engine, SessionId, session::Session};
use crate::Timestamp;

/// Why a request was refused, for a program and for a person.
pub(super) type Reason = (RejectCode, String);

/// What a handle leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The sequence number of its bind: never used twice in a session.
    pub(crate) number: u64,
    pub(crate) to: Target,
    pub(crate) level: Level,
    /// How long a message is of use, in milliseconds; 0 for no end.
    pub(crate) ttl: u64,
}

/// The time for a reply when the requester did not say one, in milliseconds.
const REPLY: u64 = 30_000;

/// The longest time for a reply, in milliseconds: a day.
const REPLY_MAX: u64 = 24 * 3_600 * 1_000;

impl Engine {
    pub(super) fn bind(
        &mut self,
        session: SessionId,
        sequence: u64,
        handle: u64,
        binding: Binding,
        now: Timestamp,
    ) {
        match self.check_binding(session, handle, &binding, now) {
            Ok(announcement) => {
                self.take_binding(session, sequence, handle, binding, announcement);
                self.accept(session, sequence);
            }
            Err((code, text)) => {
                self.unbind(session, handle);
                self.reject(session, sequence, code, &text);
            }
        }
    }

    /// What recipients are told of it.
    fn check_binding(
        &self,
        session: SessionId,
        handle: u64,
        binding: &Binding,
        now: Timestamp,
    ) -> Result<Announcement, Reason> {
        let Some(state) = self.sessions.get(session) else {
            return Err((RejectCode::Internal, "the session is closed".into()));
        };
        let most = self.rules.max_handles as u64;
        if handle >= most {
            let text = format!("expected a handle below {most} (limits.handles), found {handle}");
            return Err((RejectCode::Limit, text));
        }
        check_combination(binding, self.rules.identity)?;
        if binding.class == Class::Durable {
            self.check_durable(session)?;
        }
        let group = match &binding.target {
            Target::Identity(_) => None,
            Target::Group { group, grant } => {
                self.may_publish(state.peer, group, grant.as_deref(), now)?;
                Some(*group)
            }
            _ => return Err(unsupported("a target of another kind")),
        };
        let ttl = match (binding.class, binding.ttl) {
            (Class::Request, 0) => REPLY,
            (Class::Request, ttl) => ttl.min(REPLY_MAX),
            (_, ttl) => ttl,
        };
        // Durable members of a group are told of it otherwise, and nobody waits for the others.
        let waits = binding.class == Class::Fast || group.is_none();
        Ok(Announcement {
            identity: state.peer,
            epoch: state.said.epoch,
            group,
            class: binding.class,
            acknowledge: binding.level == Level::Delivered && waits,
            ttl,
        })
    }

    fn take_binding(
        &mut self,
        session: SessionId,
        number: u64,
        handle: u64,
        binding: Binding,
        announcement: Announcement,
    ) {
        self.unbind(session, handle);
        let Some(state) = self.sessions.get_mut(session) else {
            return;
        };
        let bound = Bound {
            number,
            to: binding.target,
            level: binding.level,
            ttl: announcement.ttl,
        };
        state.bound.insert(handle, bound.clone());
        if let Target::Group { grant, .. } = &bound.to {
            self.note_expiry(grant.as_deref());
        }
        self.actions.push(Action::Bind {
            session,
            handle,
            bound,
            announcement,
        });
    }

    /// Frees a handle; one that is not bound stays so.
    pub(super) fn unbind(&mut self, session: SessionId, handle: u64) {
        let Some(state) = self.sessions.get_mut(session) else {
            return;
        };
        state.revoked.remove(&handle);
        if let Some(bound) = state.bound.remove(&handle) {
            self.actions.push(Action::Unbind {
                session,
                handle,
                binding: bound.number,
            });
        }
    }

    /// Frees what a session that has ended had bound and joined.
    pub(super) fn release(&mut self, session: SessionId, closed: &mut Session) {
        for (handle, bound) in std::mem::take(&mut closed.bound) {
            self.actions.push(Action::Unbind {
                session,
                handle,
                binding: bound.number,
            });
        }
        for (group, _) in std::mem::take(&mut closed.groups) {
            self.actions.push(Action::Leave { session, group });
        }
    }

    /// Frees the handles by which one of these groups is published to and which are not allowed any
    /// more. What is sent on them is refused for that reason until they are bound anew.
    pub(super) fn check_publishers(&mut self, is_one: impl Fn(&Identity) -> bool, now: Timestamp) {
        let mut over = Vec::new();
        for (id, session) in self.sessions.greeted() {
            for (handle, bound) in &session.bound {
                if let Target::Group { group, grant } = &bound.to
                    && is_one(group)
                    && self
                        .may_publish(session.peer, group, grant.as_deref(), now)
                        .is_err()
                {
                    over.push((id, *handle));
                }
            }
        }
        for (session, handle) in over {
            let text = "the right to publish to the group has ended; bind the handle anew \
                        with a grant that counts";
            self.revoke(session, handle, (RejectCode::NoGrant, text.into()));
        }
    }

    /// Frees a handle to what is not allowed any more. What is sent on it is refused for that reason
    /// until it is bound anew.
    pub(super) fn revoke(&mut self, session: SessionId, handle: u64, reason: Reason) {
        self.unbind(session, handle);
        if let Some(state) = self.sessions.get_mut(session) {
            state.revoked.insert(handle, reason);
        }
    }
}

/// Whether a target, a class and a level go together.
fn check_combination(binding: &Binding, router: Identity) -> Result<(), Reason> {
    let plain = binding.class == Class::Fast && binding.level != Level::Delivered;
    if binding.target == Target::Identity(router) && !plain {
        return Err(unsupported(
            "more than fast messages to the router itself, which shows them to its operator",
        ));
    }
    let group = matches!(binding.target, Target::Group { .. });
    match (binding.class, binding.level) {
        (Class::Fast, Level::Stored) => Err(unsupported(
            "the level stored for a fast message, which is not stored",
        )),
        (Class::Fast, Level::Delivered) if group => Err(unsupported(
            "the level delivered for a fast message to a group, which has many recipients",
        )),
        (Class::Request, _) if group => {
            Err(unsupported("a request to a group, which has many to reply"))
        }
        (Class::Request, Level::None) | (Class::Fast | Class::Durable, _) => Ok(()),
        (Class::Request, _) => Err(unsupported(
            "a level for a request, whose reply is the answer",
        )),
        _ => Err(unsupported("a class that this router does not know")),
    }
}

fn unsupported(what: &str) -> Reason {
    let text = format!("the binding asks for {what}; choose another class or level");
    (RejectCode::Unsupported, text)
}
