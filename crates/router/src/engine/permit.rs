//! Asking the access policy.

use std::collections::BTreeSet;

use tuyau_wire::{Binding, Identity, Message, RejectCode};

use super::{Engine, SessionId, reload::action_of};
use crate::{journal::Event, kept::Kept, policy::Action, table::Source};

/// Why something is not allowed.
#[derive(Debug)]
pub(super) struct Denial {
    /// For the journal: by which rule.
    pub(super) journal: String,
    /// For the peer.
    pub(super) text: String,
}

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
        let Some(denial) = self.denial(identity, action, target) else {
            return true;
        };
        self.deny(session, identity, sequence, denial);
        false
    }

    /// Why an identity may not do something; `None` when it may.
    pub(super) fn denial(
        &self,
        identity: Identity,
        action: Action,
        target: Option<&Identity>,
    ) -> Option<Denial> {
        let decision = self.rules.policy.decide(&identity, action, target);
        if decision.allowed() {
            return None;
        }
        let asked = match target {
            Some(target) => format!("to {} {target}", action.phrase()),
            None => format!("to {}", action.phrase()),
        };
        Some(Denial {
            journal: format!("{asked}: {decision}"),
            text: format!(
                "{identity} is not allowed {asked} by the access policy of this router; ask \
                 whoever runs it"
            ),
        })
    }

    /// Refuses what has this number, as the policy wants it.
    pub(super) fn deny(
        &mut self,
        session: SessionId,
        identity: Identity,
        sequence: u64,
        denial: Denial,
    ) {
        let (sequence, code) = (Some(sequence), RejectCode::NotAllowed);
        self.tell(Event::Rejected {
            identity,
            code,
            text: denial.journal,
        });
        let text = &denial.text;
        self.send(
            session,
            &Message::Reject {
                sequence,
                code,
                text,
            },
        );
    }

    /// Whether the peer of a session may bind a handle to what it names; the handle is free if not.
    pub(super) fn may_bind(
        &mut self,
        session: SessionId,
        sequence: u64,
        handle: u64,
        binding: &Binding,
    ) -> bool {
        let action = action_of(&binding.target);
        let may = self.permit(session, sequence, action, Some(&binding.target.identity()));
        if !may {
            self.unbind(session, handle);
        }
        may
    }

    /// Takes registrations out of the table whose owners may not listen, tells those that registered in
    /// a session that is still there, and gives how many there were: a state is kept longer than a
    /// policy, and a policy can change.
    pub(super) fn revoke_registrations(&mut self) -> usize {
        let policy = &self.rules.policy;
        let registered = self
            .state
            .table
            .rows()
            .filter(|row| row.source != Source::Static);
        let revoked = registered.map(|row| row.identity);
        let revoked = revoked.filter(|who| !policy.decide(who, Action::Listen, None).allowed());
        let revoked: Vec<_> = revoked.collect();
        for identity in &revoked {
            self.state.table.revoke(identity);
            self.keep(Kept::Claim(*identity));
            self.tell(Event::Revoked {
                identity: *identity,
            });
        }
        self.tell_revoked(&revoked.iter().copied().collect());
        revoked.len()
    }

    /// Refuses after all what registered these identities.
    fn tell_revoked(&mut self, revoked: &BTreeSet<Identity>) {
        if revoked.is_empty() {
            return;
        }
        let sessions = self.sessions.greeted();
        let registered = sessions.filter(|(_, session)| revoked.contains(&session.peer));
        let registered = registered.filter_map(|(id, it)| Some((id, it.peer, it.registered?)));
        for (session, identity, sequence) in registered.collect::<Vec<_>>() {
            if let Some(state) = self.sessions.get_mut(session) {
                state.registered = None;
            }
            if let Some(denial) = self.denial(identity, Action::Listen, None) {
                let (sequence, code) = (Some(sequence), RejectCode::NotAllowed);
                let text = &denial.text;
                self.send(
                    session,
                    &Message::Reject {
                        sequence,
                        code,
                        text,
                    },
                );
            }
        }
    }
}
