//! Lookup: what an identity said about its routes, for a service that connects to it itself.

use tuyau_wire::{Identity, Message, RejectCode};

use super::{Engine, SessionId};
use crate::Timestamp;

impl Engine {
    /// Whether a session agreed on lookups; it ends if not.
    pub(super) fn may_look_up(&mut self, session: SessionId) -> bool {
        let may = self.sessions.get(session).is_some_and(|it| it.said.lookup);
        if !may {
            let text = "a lookup wants the capability `lookup`, which was not agreed on; \
                        name it in the hello";
            self.end(session, RejectCode::Unexpected, text);
        }
        may
    }

    /// Gives the record that an identity signed, as it is in the table.
    pub(super) fn look_up(
        &mut self,
        session: SessionId,
        sequence: u64,
        identity: &Identity,
        now: Timestamp,
    ) {
        let record = self.state.table.record(identity);
        // One that has expired leaves the table with the next tick only.
        let record = record.filter(|record| record.claims().expires > now.seconds());
        if let Some(record) = record.cloned() {
            return self.send(session, &Message::Found { sequence, record });
        }
        let text = match self.state.table.get(identity) {
            Some(row) if row.expires.is_none() => format!(
                "{identity} has routes in the configuration of the router only, and signed none; \
                 send to it by the router, or let it register"
            ),
            _ => {
                format!("{identity} is not registered here; check the identity, or try again later")
            }
        };
        self.reject(session, sequence, RejectCode::Unreachable, &text);
    }
}
