//! Durable members of groups: what is published is kept for them.

use std::collections::BTreeMap;

use tuyau_wire::{Grant, Identity, RejectCode, Signed};

use super::{Action, Engine, SessionId, bind::Reason};
use crate::{Timestamp, journal::Event, mail::Member};

/// Who is a durable member of which groups, and by which grant.
#[derive(Debug, Default)]
pub(super) struct Members {
    by_identity: BTreeMap<Identity, BTreeMap<Identity, Option<Signed<Grant>>>>,
    count: usize,
}

impl Members {
    /// Whether an identity is a durable member of a group.
    fn has(&self, identity: &Identity, group: &Identity) -> bool {
        let groups = self.by_identity.get(identity);
        groups.is_some_and(|groups| groups.contains_key(group))
    }

    fn insert(&mut self, member: Member) {
        let groups = self.by_identity.entry(member.identity).or_default();
        let before = groups.insert(member.group, member.grant);
        self.count += usize::from(before.is_none());
    }

    fn remove(&mut self, identity: &Identity, group: &Identity) -> bool {
        let Some(groups) = self.by_identity.get_mut(identity) else {
            return false;
        };
        let removed = groups.remove(group).is_some();
        if groups.is_empty() {
            self.by_identity.remove(identity);
        }
        self.count -= usize::from(removed);
        removed
    }

    /// Every membership: who, in which group, by which grant.
    pub(super) fn all(
        &self,
    ) -> impl Iterator<Item = (&Identity, &Identity, Option<&Signed<Grant>>)> {
        let all = self.by_identity.iter();
        all.flat_map(|(identity, groups)| {
            let groups = groups.iter();
            groups.map(move |(group, grant)| (identity, group, grant.as_ref()))
        })
    }
}

/// The most durable members of a group: a message is stored once for all of them.
const MAX_MEMBERS: usize = 65_535;

impl Engine {
    /// Takes up who was a durable member when the router ended.
    pub(crate) fn remember(&mut self, members: Vec<Member>, now: Timestamp) {
        for member in members {
            self.note_expiry(member.grant.as_ref());
            self.members.insert(member);
        }
        self.check_groups(|_| true, now);
        for (identity, group) in self.revoke_durable_memberships() {
            self.tell(Event::Left { identity, group });
        }
    }

    /// Whether durable messages can be spoken of in a session.
    pub(super) fn check_durable(&self, session: SessionId) -> Result<(), Reason> {
        let unsupported = |text: &str| Err((RejectCode::Unsupported, text.to_owned()));
        if !self.rules.keeps {
            return unsupported(
                "this router keeps no durable messages, because it has no state directory; choose \
                 another class, or join for the session alone",
            );
        }
        let said = self.sessions.get(session).map(|session| session.said);
        if !said.is_some_and(|said| said.durable) {
            return unsupported(
                "the hello of this session does not name the capability durable; name it first",
            );
        }
        Ok(())
    }

    /// Whether an identity may become a durable member, as far as there is room.
    pub(super) fn check_member(&self, identity: &Identity, group: &Identity) -> Result<(), Reason> {
        if self.members.has(identity, group) {
            return Ok(());
        }
        let limit = |text: String| Err((RejectCode::Limit, text));
        let most = self.rules.max_groups;
        let groups = self.members.by_identity.get(identity);
        if groups.is_some_and(|groups| groups.len() >= most) {
            return limit(format!(
                "{identity} is a durable member of {most} groups already (limits.groups); leave \
                 some first"
            ));
        }
        let most = self.rules.max_entries.min(MAX_MEMBERS);
        if self.members.count >= self.rules.max_entries || self.members_of(group) >= most {
            return limit(format!(
                "there are as many durable members as there may be: {} in all (limits.routes), \
                 {most} in one group",
                self.rules.max_entries
            ));
        }
        Ok(())
    }

    fn members_of(&self, group: &Identity) -> usize {
        // Only where there are so many at all.
        if self.members.count < MAX_MEMBERS.min(self.rules.max_entries) {
            return self.members.count;
        }
        let all = self.members.all();
        all.filter(|(_, of, _)| *of == group).count()
    }

    /// Has what is published kept for a member, who is told when that is so.
    pub(super) fn enlist(&mut self, member: Member, asker: (SessionId, u64)) {
        self.members.insert(member.clone());
        let asker = Some(asker);
        self.actions.push(Action::Enlist { member, asker });
    }

    /// Ends a durable membership, and gives whether there was one.
    pub(super) fn dismiss(
        &mut self,
        identity: Identity,
        group: Identity,
        asker: Option<(SessionId, u64)>,
    ) -> bool {
        let removed = self.members.remove(&identity, &group);
        if removed {
            self.actions.push(Action::Dismiss {
                identity,
                group,
                asker,
            });
        }
        removed
    }

    /// Ends the durable memberships of those who may not be in one of these groups any more.
    pub(super) fn check_durable_members(
        &mut self,
        is_one: impl Fn(&Identity) -> bool,
        now: Timestamp,
    ) {
        let all = self.members.all();
        let over = all.filter(|(identity, group, grant)| {
            is_one(group) && self.may_join(**identity, group, *grant, now).is_err()
        });
        let over: Vec<_> = over
            .map(|(identity, group, _)| (*identity, *group))
            .collect();
        for (identity, group) in over {
            self.dismiss(identity, group, None);
            self.tell(Event::Left { identity, group });
        }
    }
}
