//! As much of a policy as decides about a few identities.

use std::sync::Arc;

use tuyau_wire::Identity;

use super::{KeySet, Party, Policy, Rule};

impl Policy {
    /// A policy that says of these identities what this one says, by the same rules: its sets hold
    /// nobody else.
    pub(crate) fn excerpt(&self, about: &[Identity]) -> Self {
        let rules = self.rules().iter().map(|rule| excerpt(rule, about));
        Self::new(self.default_effect(), rules.collect())
    }
}

fn excerpt(rule: &Rule, about: &[Identity]) -> Rule {
    let parties = |parties: &[Party]| -> Vec<_> {
        let parties = parties.iter().map(|party| match party {
            Party::Set(set) => Party::Set(Arc::new(members(set, about))),
            party => party.clone(),
        });
        parties.collect()
    };
    let mut short = Rule::new(
        rule.effect(),
        rule.actions().iter().copied(),
        parties(rule.who()),
    );
    short = short.towards(parties(rule.to()));
    if let Some(name) = rule.name() {
        short = short.named(name);
    }
    if let Some(place) = rule.place() {
        short = short.at(place.clone());
    }
    short
}

fn members(set: &KeySet, about: &[Identity]) -> KeySet {
    let members = about.iter().filter(|one| set.contains(one)).copied();
    let short = KeySet::new(set.name(), members);
    match set.place() {
        Some(place) => short.at(place.clone()),
        None => short,
    }
}
