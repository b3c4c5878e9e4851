//! Send: what the sender's task could not deliver by itself.

use std::time::Duration;

use tuyau_wire::{Identity, RejectCode, Target, fast};

use super::{Action, Engine, Link, SessionId, Ticket, dial::Waiting};
use crate::{
    Timestamp,
    journal::{self, Event},
};

impl Engine {
    /// Delivers a message over a session of its recipient, or dials one.
    pub(super) fn deliver(
        &mut self,
        session: SessionId,
        handle: u64,
        sequence: u64,
        body: &[u8],
        now: Timestamp,
    ) {
        let Some(sender) = self.sessions.get(session) else {
            return;
        };
        let Some(bound) = sender.bound.get(&handle) else {
            if let Some((code, text)) = sender.revoked.get(&handle).cloned() {
                return self.reject(session, sequence, code, &text);
            }
            let text = format!(
                "handle {handle} is not bound; bind it first, and look at the answer to that"
            );
            return self.reject(session, sequence, RejectCode::Unbound, &text);
        };
        let ticket = Ticket {
            session,
            binding: bound.number,
            sequence,
            waited: false,
            until: (bound.ttl > 0).then(|| now + Duration::from_millis(bound.ttl)),
            cost: fast::length(handle, sequence, body.len()) as u64,
        };
        let (from, to) = (sender.peer, bound.to.identity());
        if let Target::Group { .. } = bound.to {
            let text = "only fast messages go to a group";
            return self.refuse_message(ticket, RejectCode::Unsupported, text);
        }
        if to == self.rules.identity {
            let text = journal::excerpt(body);
            self.actions.push(Action::Take { ticket });
            return self.tell(Event::Received { from, text });
        }
        match self.session_for(&to) {
            Some(session) => self.hand_over(session, ticket, body.to_vec()),
            None => {
                let body = body.to_vec();
                self.dial(to, Waiting::Message { body, ticket }, now);
            }
        }
    }

    /// The session over which an identity is reached: one that it opened, else one that the router
    /// dialled; of these the newest.
    pub(super) fn session_for(&self, identity: &Identity) -> Option<SessionId> {
        let accepted = |link: &Link| matches!(link, Link::Accepted { .. });
        let newest = self.sessions.of(identity).next().map(|(id, _)| id);
        let mut of = self.sessions.of(identity);
        of.find(|(_, session)| accepted(&session.link))
            .map(|(id, _)| id)
            .or(newest)
    }

    /// Queues a message for a recipient's session.
    pub(super) fn hand_over(&mut self, session: SessionId, ticket: Ticket, body: Vec<u8>) {
        self.actions.push(Action::Deliver {
            session,
            ticket,
            body,
        });
    }

    /// Refuses a message that was sent on a bound handle.
    pub(super) fn refuse_message(&mut self, ticket: Ticket, code: RejectCode, text: &str) {
        if let Some(state) = self.sessions.get(ticket.session) {
            let (identity, text) = (state.peer, text.to_owned());
            self.tell(Event::Rejected {
                identity,
                code,
                text,
            });
        }
        self.actions.push(Action::Refuse {
            ticket,
            code,
            text: text.to_owned(),
        });
    }
}
