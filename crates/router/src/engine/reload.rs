//! Another access policy: what it does not allow any more ends at once.

use std::{collections::BTreeSet, mem};

use tuyau_wire::{Identity, RejectCode, Target};

use super::{Engine, SessionId, permit::Denial};
use crate::{
    journal::Event,
    policy::{Action, Comparison, Policy, Replaced},
};

/// A right of a session that has ended: the handle or the group, and why.
type Ended<T> = Vec<(SessionId, Identity, T, Denial)>;

impl Engine {
    /// Puts another policy in the place of the present one. What is registered, bound or joined and not
    /// allowed by it is so no longer, and its owners are told; what was sent before goes its way.
    pub(crate) fn set_policy(&mut self, policy: Policy) -> Replaced {
        let older = mem::replace(&mut self.rules.policy, policy.clone());
        let comparison = older.compare(&policy);
        let registrations = match comparison.affects(Action::Listen) {
            true => self.revoke_registrations(),
            false => 0,
        };
        let replaced = Replaced {
            same: comparison.is_same(),
            registrations,
            handles: self.revoke_handles(&comparison),
            memberships: self.revoke_memberships(&comparison),
        };
        self.tell(Event::PolicyReplaced(replaced));
        replaced
    }

    /// Frees the handles to whom may not be sent or published any more.
    fn revoke_handles(&mut self, comparison: &Comparison<'_>) -> usize {
        let mut over: Ended<u64> = Vec::new();
        for (id, session) in self.sessions.greeted() {
            for (handle, bound) in &session.bound {
                let action = action_of(&bound.to);
                if !comparison.affects(action) {
                    continue;
                }
                let (peer, to) = (session.peer, bound.to.identity());
                if let Some(denial) = self.denial(peer, action, Some(&to)) {
                    over.push((id, peer, *handle, denial));
                }
            }
        }
        let count = over.len();
        for (session, identity, handle, denial) in over {
            self.revoke(session, handle, (RejectCode::NotAllowed, denial.text));
            let reason = denial.journal;
            self.tell(Event::HandleRevoked { identity, reason });
        }
        count
    }

    /// Ends the memberships of those who may not join any more, whose joins are refused after all.
    fn revoke_memberships(&mut self, comparison: &Comparison<'_>) -> usize {
        if !comparison.affects(Action::Join) {
            return 0;
        }
        let mut over: Ended<Identity> = Vec::new();
        for (id, session) in self.sessions.greeted() {
            for group in session.groups.keys() {
                if let Some(denial) = self.denial(session.peer, Action::Join, Some(group)) {
                    over.push((id, session.peer, *group, denial));
                }
            }
        }
        // One for good and for a session is one.
        let mut ended = BTreeSet::new();
        for (session, identity, group, denial) in over {
            if let Some(sequence) = self.end_membership(session, group) {
                self.deny(session, identity, sequence, denial);
                ended.insert((identity, group));
            }
        }
        for (identity, group) in self.revoke_durable_memberships() {
            if ended.insert((identity, group)) {
                self.tell(Event::Left { identity, group });
            }
        }
        ended.len()
    }

    /// Ends the durable memberships of those who may not join any more, and gives them.
    pub(super) fn revoke_durable_memberships(&mut self) -> Vec<(Identity, Identity)> {
        let all = self.members.all();
        let over = all.filter(|(identity, group, _)| {
            self.denial(**identity, Action::Join, Some(group)).is_some()
        });
        let over: Vec<_> = over
            .map(|(identity, group, _)| (*identity, *group))
            .collect();
        for (identity, group) in &over {
            self.dismiss(*identity, *group, None);
        }
        over
    }
}

/// What a policy is asked about whoever binds a handle to something.
pub(super) fn action_of(target: &Target) -> Action {
    match target {
        Target::Group { .. } => Action::Publish,
        _ => Action::Send,
    }
}
