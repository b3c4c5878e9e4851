//! Asking the access policy.

use tuyau_wire::{Binding, Identity, Message, RejectCode, Target};

use super::{Engine, SessionId};
use crate::{journal::Event, policy::Action, table::Source};

impl Engine {
    /// Whether the peer of a session may do something; its request is refused if not. The peer is
    /// told that, and the journal also by which rule.
    pub(super) fn permit(
        &mut self,
        session: SessionId,
        sequence: u64,
        action: Action,
        target: Option<&Identity>,
    ) -> bool {
        let Some(identity) = self.sessions.get(session).map(|session| session.peer) else {
            return false;
        };
        let decision = self.rules.policy.decide(&identity, action, target);
        if decision.allowed() {
            return true;
        }
        let asked = match target {
            Some(target) => format!("to {} {target}", action.phrase()),
            None => format!("to {}", action.phrase()),
        };
        let journal = format!("{asked}: {decision}");
        let text = format!(
            "{identity} is not allowed {asked} by the access policy of this router; ask whoever \
             runs it"
        );
        let (sequence, code) = (Some(sequence), RejectCode::NotAllowed);
        self.tell(Event::Rejected {
            identity,
            code,
            text: journal,
        });
        self.send(
            session,
            &Message::Reject {
                sequence,
                code,
                text: &text,
            },
        );
        false
    }

    /// Whether the peer of a session may bind a handle to what it names; the handle is free if not.
    pub(super) fn may_bind(
        &mut self,
        session: SessionId,
        sequence: u64,
        handle: u64,
        binding: &Binding,
    ) -> bool {
        let action = match binding.target {
            Target::Group { .. } => Action::Publish,
            _ => Action::Send,
        };
        let may = self.permit(session, sequence, action, Some(&binding.target.identity()));
        if !may {
            self.unbind(session, handle);
        }
        may
    }

    /// Takes registrations out of the table whose owners may not listen: a state is kept longer than
    /// a policy.
    pub(super) fn revoke_registrations(&mut self) {
        let policy = &self.rules.policy;
        let registered = self
            .state
            .table
            .rows()
            .filter(|row| row.source != Source::Static);
        let revoked = registered.map(|row| row.identity);
        let revoked = revoked.filter(|who| !policy.decide(who, Action::Listen, None).allowed());
        for identity in revoked.collect::<Vec<_>>() {
            self.state.table.revoke(&identity);
            self.changed = true;
            self.tell(Event::Revoked { identity });
        }
    }
}
