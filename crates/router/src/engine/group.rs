//! Groups: who may join them and publish to them, and who is in them.

use std::collections::BTreeSet;

use tuyau_wire::{Grant, Identity, RejectCode, Rights, Rules, Signed, Target};

use super::{Action, Engine, SessionId, bind::Reason};
use crate::{Timestamp, journal::Event, kept::Kept, mail::Member};

/// That a session is in a group, and why it may.
#[derive(Clone, Debug)]
pub(super) struct Membership {
    /// The number of the join.
    sequence: u64,
    grant: Option<Signed<Grant>>,
}

impl Engine {
    pub(super) fn join(
        &mut self,
        session: SessionId,
        sequence: u64,
        group: Identity,
        durable: bool,
        grant: Option<Signed<Grant>>,
        now: Timestamp,
    ) {
        let identity = match self.check_join(session, &group, durable, grant.as_ref(), now) {
            Ok(identity) => identity,
            Err((code, text)) => return self.reject(session, sequence, code, &text),
        };
        self.note_expiry(grant.as_ref());
        if durable {
            let member = Member {
                group,
                identity,
                grant: grant.clone(),
            };
            self.enlist(member, (session, sequence));
        } else {
            self.accept(session, sequence);
        }
        let membership = Membership { sequence, grant };
        let state = self.sessions.get_mut(session);
        let before = state.and_then(|state| state.groups.insert(group, membership));
        if before.is_none() {
            self.actions.push(Action::Join {
                session,
                identity,
                group,
            });
            self.tell(Event::Joined { identity, group });
        }
    }

    fn check_join(
        &self,
        session: SessionId,
        group: &Identity,
        durable: bool,
        grant: Option<&Signed<Grant>>,
        now: Timestamp,
    ) -> Result<Identity, Reason> {
        let Some(state) = self.sessions.get(session) else {
            return Err((RejectCode::Internal, "the session is closed".into()));
        };
        if durable {
            self.check_durable(session)?;
        }
        let most = self.rules.max_groups;
        if state.groups.len() >= most && !state.groups.contains_key(group) {
            let text = format!(
                "this session is in {most} groups already (limits.groups); leave some first"
            );
            return Err((RejectCode::Limit, text));
        }
        self.may_join(state.peer, group, grant, now)?;
        if durable {
            self.check_member(&state.peer, group)?;
        }
        Ok(state.peer)
    }

    pub(super) fn leave(&mut self, session: SessionId, sequence: u64, group: Identity) {
        self.end_membership(session, group);
        let Some(identity) = self.sessions.get(session).map(|session| session.peer) else {
            return;
        };
        // Who was a durable member is told when nothing is kept any more.
        if !self.dismiss(identity, group, Some((session, sequence))) {
            self.accept(session, sequence);
        }
    }

    /// Ends a membership, and gives the number of its join, if there was one.
    pub(super) fn end_membership(&mut self, session: SessionId, group: Identity) -> Option<u64> {
        let state = self.sessions.get_mut(session)?;
        let membership = state.groups.remove(&group)?;
        let identity = state.peer;
        self.actions.push(Action::Leave { session, group });
        self.tell(Event::Left { identity, group });
        Some(membership.sequence)
    }

    /// Takes what a group's key says about it.
    pub(super) fn declare(
        &mut self,
        session: SessionId,
        sequence: u64,
        rules: Signed<Rules>,
        now: Timestamp,
    ) {
        let rules = match rules.verify() {
            Ok(rules) => rules,
            Err(error) => {
                let text = format!("{error}; sign the rules with the key of the group");
                return self.reject(session, sequence, RejectCode::BadSignature, &text);
            }
        };
        let known = self.state.groups.get(&rules.group);
        if let Some(known) = known.filter(|known| *known != rules.signed()) {
            let known = known.claims().sequence;
            if rules.sequence <= known {
                let found = rules.sequence;
                let text = format!(
                    "expected rules with a sequence number greater than {known}, found {found}; \
                     sign them anew with a greater one"
                );
                return self.reject(session, sequence, RejectCode::StaleSequence, &text);
            }
        } else if known.is_none() && self.state.groups.len() >= self.rules.max_entries {
            let text = "there are as many groups with rules as there may be (limits.routes)";
            return self.reject(session, sequence, RejectCode::Limit, text);
        }
        let (group, number) = (rules.group, rules.sequence);
        self.state.groups.insert(group, rules.into_signed());
        self.tell(Event::Declared {
            group,
            sequence: number,
        });
        self.check_groups(|of| *of == group, now);
        // Whoever hears the answer may count on it that the rules hold.
        self.accept_kept(session, sequence, Kept::Rules(group));
    }

    /// Looks again at who publishes to these groups, and who is in them.
    pub(super) fn check_groups(&mut self, is_one: impl Fn(&Identity) -> bool, now: Timestamp) {
        self.check_publishers(&is_one, now);
        self.check_members(&is_one, now);
        self.check_durable_members(&is_one, now);
    }

    /// Ends the membership of those who may not be in one of these groups any more, and tells them.
    fn check_members(&mut self, is_one: impl Fn(&Identity) -> bool, now: Timestamp) {
        let mut over = Vec::new();
        for (id, session) in self.sessions.greeted() {
            for (group, membership) in session.groups.iter().filter(|(group, _)| is_one(group)) {
                let grant = membership.grant.as_ref();
                if let Err(reason) = self.may_join(session.peer, group, grant, now) {
                    over.push((id, *group, reason));
                }
            }
        }
        for (session, group, (code, text)) in over {
            if let Some(sequence) = self.end_membership(session, group) {
                self.reject(session, sequence, code, &text);
            }
        }
    }

    /// Notes when a grant expires that is made use of.
    pub(super) fn note_expiry(&mut self, grant: Option<&Signed<Grant>>) {
        if let Some(expires) = grant.map(|grant| grant.claims().expires) {
            self.next_expiry = Some(self.next_expiry.map_or(expires, |next| next.min(expires)));
        }
    }

    /// Looks again at who made use of grants that have expired.
    pub(super) fn expire_grants(&mut self, now: Timestamp) {
        if self.next_expiry.is_none_or(|next| next > now.seconds()) {
            return;
        }
        let (mut next, mut over) = (None::<u64>, BTreeSet::new());
        for (_, session) in self.sessions.greeted() {
            let published = session.bound.values().filter_map(|bound| match &bound.to {
                Target::Group { group, grant } => Some((group, grant.as_deref()?)),
                _ => None,
            });
            let joined = session.groups.iter();
            let joined = joined.filter_map(|(group, it)| Some((group, it.grant.as_ref()?)));
            for (group, grant) in published.chain(joined) {
                match grant.claims().expires {
                    at if at <= now.seconds() => drop(over.insert(*group)),
                    at => next = Some(next.map_or(at, |next| next.min(at))),
                }
            }
        }
        for (_, group, grant) in self.members.all() {
            match grant.map(|grant| grant.claims().expires) {
                Some(at) if at <= now.seconds() => drop(over.insert(*group)),
                Some(at) => next = Some(next.map_or(at, |next| next.min(at))),
                None => {}
            }
        }
        self.next_expiry = next;
        if !over.is_empty() {
            self.check_groups(|group| over.contains(group), now);
        }
    }

    pub(super) fn may_join(
        &self,
        peer: Identity,
        group: &Identity,
        grant: Option<&Signed<Grant>>,
        now: Timestamp,
    ) -> Result<(), Reason> {
        match self.state.groups.get(group).map(Signed::claims) {
            Some(rules) if rules.join_restricted => {
                check_grant(peer, rules, grant, Rights::join, "join", now)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn may_publish(
        &self,
        peer: Identity,
        group: &Identity,
        grant: Option<&Signed<Grant>>,
        now: Timestamp,
    ) -> Result<(), Reason> {
        match self.state.groups.get(group).map(Signed::claims) {
            Some(rules) if rules.publish_restricted => {
                check_grant(peer, rules, grant, Rights::publish, "publish", now)
            }
            _ => Ok(()),
        }
    }
}

/// Whether a grant lets a peer do something in a restricted group.
fn check_grant(
    peer: Identity,
    rules: &Rules,
    grant: Option<&Signed<Grant>>,
    right: fn(Rights) -> bool,
    action: &str,
    now: Timestamp,
) -> Result<(), Reason> {
    let group = rules.group;
    let refuse = |why: String| Err((RejectCode::NoGrant, why));
    // The key of the group is its owner's.
    if peer == group {
        return Ok(());
    }
    let Some(grant) = grant else {
        return refuse(format!(
            "the group {group} is restricted, and there is no grant to {action}; \
             ask the owner of its key for one"
        ));
    };
    let claims = grant.claims();
    if claims.group != group || claims.identity != peer {
        return refuse(format!(
            "the grant is for {} in the group {}, not for {peer} in {group}",
            claims.identity, claims.group
        ));
    }
    if !right(claims.rights) {
        return refuse(format!("the grant does not allow to {action}"));
    }
    if claims.expires <= now.seconds() {
        let ago = now.seconds() - claims.expires;
        return refuse(format!(
            "the grant expired {ago} s ago by the router's clock"
        ));
    }
    if claims.sequence < rules.grants_from {
        return refuse(format!(
            "the grant has the number {}, and the group's owner has taken back all below {}",
            claims.sequence, rules.grants_from
        ));
    }
    match grant.clone().verify() {
        Ok(_) => Ok(()),
        Err(error) => Err((RejectCode::BadSignature, format!("{error}"))),
    }
}
