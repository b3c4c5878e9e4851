//! As much of a policy as decides about a few identities.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tuyau_wire::Identity;

use super::{KeySet, Party, Policy, Rule};

impl Policy {
    /// A policy that says of these identities what this one says, by the same rules: its sets hold
    /// nobody else.
    pub(crate) fn excerpt(&self, about: &[Identity]) -> Self {
        let mut sets = Excerpts {
            about,
            made: HashMap::new(),
        };
        let rules = self.rules().iter().map(|rule| sets.rule(rule));
        Self::new(self.default_effect(), rules.collect())
    }

    /// The sets that rules name, each once, in the order in which they first do.
    pub(crate) fn sets(&self) -> Vec<&Arc<KeySet>> {
        let mut known = HashSet::new();
        let parties = self.rules().iter();
        let parties = parties.flat_map(|rule| rule.who().iter().chain(rule.to()));
        let sets = parties.filter_map(|party| match party {
            Party::Set(set) => Some(set),
            _ => None,
        });
        sets.filter(|set| known.insert(Arc::as_ptr(set))).collect()
    }
}

/// The sets of a policy with nobody else in them: one that several rules name stays one.
struct Excerpts<'a> {
    about: &'a [Identity],
    made: HashMap<*const KeySet, Arc<KeySet>>,
}

impl Excerpts<'_> {
    fn rule(&mut self, rule: &Rule) -> Rule {
        let (who, to) = (self.parties(rule.who()), self.parties(rule.to()));
        let mut short = Rule::new(rule.effect(), rule.actions().iter().copied(), who).towards(to);
        if let Some(name) = rule.name() {
            short = short.named(name);
        }
        match rule.place() {
            Some(place) => short.at(place.clone()),
            None => short,
        }
    }

    fn parties(&mut self, parties: &[Party]) -> Vec<Party> {
        let parties = parties.iter().map(|party| match party {
            Party::Set(set) => Party::Set(self.set(set)),
            party => party.clone(),
        });
        parties.collect()
    }

    fn set(&mut self, set: &Arc<KeySet>) -> Arc<KeySet> {
        let made = self.made.entry(Arc::as_ptr(set)).or_insert_with(|| {
            let members = self.about.iter().filter(|one| set.contains(one)).copied();
            let short = KeySet::new(set.name(), members);
            Arc::new(match set.place() {
                Some(place) => short.at(place.clone()),
                None => short,
            })
        });
        made.clone()
    }
}
