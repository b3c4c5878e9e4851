//! Finding the first rule that matches without asking each.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tuyau_wire::Identity;

use super::{Action, KeySet, Party, Rule};

/// The position of a set among those that the rules name.
pub(super) type SetNumber = usize;

/// The position of a rule.
pub(super) type RuleNumber = usize;

/// What the rules say, by who it is about.
#[derive(Debug)]
pub(super) struct Index {
    sets: Vec<Arc<KeySet>>,
    /// The combinations of sets that identities are in; the first is that of no set.
    memberships: Vec<Vec<SetNumber>>,
    /// Which combination an identity is in.
    membership_of: HashMap<Identity, usize>,
    actions: [Doers; Action::ALL.len()],
    /// Whom each rule is about, and whom it is towards.
    sides: Vec<(Parties, Parties)>,
}

/// The rules about one action by who does it, each list in the order of the rules.
#[derive(Debug, Default)]
struct Doers {
    everyone: Vec<RuleNumber>,
    identities: HashMap<Identity, Vec<RuleNumber>>,
    sets: HashMap<SetNumber, Vec<RuleNumber>>,
}

/// The parties of one side of a rule.
#[derive(Debug, Default)]
pub(super) struct Parties {
    pub(super) everyone: bool,
    pub(super) identities: HashSet<Identity>,
    pub(super) sets: Vec<SetNumber>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let sets = Sets::of(rules);
        let (memberships, membership_of) = memberships(&sets.found);
        let sides = rules
            .iter()
            .map(|rule| (sets.parties(rule.who()), sets.parties(rule.to())));
        let sides: Vec<_> = sides.collect();
        let mut actions: [Doers; Action::ALL.len()] = Default::default();
        for (number, (rule, (who, _))) in rules.iter().zip(&sides).enumerate() {
            for action in rule.actions() {
                actions[action.position()].add(number, who);
            }
        }
        Self {
            sets: sets.found,
            memberships,
            membership_of,
            actions,
            sides,
        }
    }

    /// The first rule that matches.
    pub(super) fn first(
        &self,
        identity: &Identity,
        action: Action,
        target: Option<&Identity>,
    ) -> Option<RuleNumber> {
        let target = target.map(|target| (target, self.set_numbers(target)));
        let mut first = None;
        for rules in self.rules_about(identity, action) {
            let earlier = rules
                .iter()
                .copied()
                .take_while(|rule| first.is_none_or(|first| *rule < first));
            let mut matching = earlier.filter(|rule| self.target(*rule).match_target(target));
            first = matching.next().or(first);
        }
        first
    }

    /// The rules about an action of an identity, as lists that are each in the order of the rules.
    pub(super) fn rules_about(
        &self,
        identity: &Identity,
        action: Action,
    ) -> impl Iterator<Item = &[RuleNumber]> {
        let doers = &self.actions[action.position()];
        let sets = self.set_numbers(identity).iter();
        let of_sets = sets.filter_map(|set| doers.sets.get(set));
        let of_identity = doers.identities.get(identity);
        let lists = of_identity.into_iter().chain(of_sets);
        lists.chain([&doers.everyone]).map(Vec::as_slice)
    }

    /// The rules about an action of everyone.
    pub(super) fn rules_about_everyone(&self, action: Action) -> &[RuleNumber] {
        &self.actions[action.position()].everyone
    }

    /// The sets that an identity is in.
    pub(super) fn set_numbers(&self, identity: &Identity) -> &[SetNumber] {
        let membership = self.membership_of.get(identity);
        &self.memberships[membership.copied().unwrap_or_default()]
    }

    /// The sets that an identity is in.
    pub(super) fn sets_of(&self, identity: &Identity) -> impl Iterator<Item = &Arc<KeySet>> {
        self.set_numbers(identity)
            .iter()
            .map(|set| &self.sets[*set])
    }

    /// A set by its number.
    pub(super) fn set(&self, number: SetNumber) -> &KeySet {
        &self.sets[number]
    }

    /// Whom a rule is about.
    pub(super) fn who(&self, rule: RuleNumber) -> &Parties {
        &self.sides[rule].0
    }

    /// Whom a rule is towards.
    pub(super) fn target(&self, rule: RuleNumber) -> &Parties {
        &self.sides[rule].1
    }
}

impl Doers {
    fn add(&mut self, rule: RuleNumber, who: &Parties) {
        if who.everyone {
            // Whoever else is listed is meant by this already.
            return push(&mut self.everyone, rule);
        }
        for identity in &who.identities {
            push(self.identities.entry(*identity).or_default(), rule);
        }
        for set in &who.sets {
            push(self.sets.entry(*set).or_default(), rule);
        }
    }
}

/// A rule that lists something twice is still one rule.
fn push(rules: &mut Vec<RuleNumber>, rule: RuleNumber) {
    if rules.last() != Some(&rule) {
        rules.push(rule);
    }
}

impl Parties {
    /// Whether somebody is meant who is in these sets.
    pub(super) fn include(&self, identity: &Identity, sets: &[SetNumber]) -> bool {
        self.everyone
            || self.identities.contains(identity)
            || self.sets.iter().any(|set| sets.contains(set))
    }

    fn match_target(&self, target: Option<(&Identity, &[SetNumber])>) -> bool {
        match target {
            None => self.everyone,
            Some((identity, sets)) => self.include(identity, sets),
        }
    }
}

/// The sets of some rules, each once, with their numbers.
struct Sets {
    found: Vec<Arc<KeySet>>,
    numbers: HashMap<*const KeySet, SetNumber>,
}

impl Sets {
    fn of(rules: &[Rule]) -> Self {
        let parties = rules
            .iter()
            .flat_map(|rule| rule.who().iter().chain(rule.to()));
        let sets = parties.filter_map(|party| match party {
            Party::Set(set) => Some(set),
            _ => None,
        });
        let (mut found, mut numbers) = (Vec::new(), HashMap::new());
        for set in sets {
            numbers.entry(Arc::as_ptr(set)).or_insert_with(|| {
                found.push(Arc::clone(set));
                found.len() - 1
            });
        }
        Self { found, numbers }
    }

    fn parties(&self, parties: &[Party]) -> Parties {
        let mut sorted = Parties::default();
        for party in parties {
            match party {
                Party::Everyone => sorted.everyone = true,
                Party::Identity(identity) => drop(sorted.identities.insert(*identity)),
                Party::Set(set) => sorted.sets.push(self.numbers[&Arc::as_ptr(set)]),
            }
        }
        sorted
    }
}

/// Which sets each identity is in. Many identities share a combination, which is kept once.
fn memberships(sets: &[Arc<KeySet>]) -> (Vec<Vec<SetNumber>>, HashMap<Identity, usize>) {
    let mut memberships: Vec<Vec<SetNumber>> = vec![Vec::new()];
    let mut longer: HashMap<(usize, SetNumber), usize> = HashMap::new();
    let mut of: HashMap<Identity, usize> = HashMap::new();
    for (number, set) in sets.iter().enumerate() {
        for identity in set.iter() {
            let membership = of.entry(*identity).or_default();
            *membership = *longer.entry((*membership, number)).or_insert_with(|| {
                let mut sets = memberships[*membership].clone();
                sets.push(number);
                memberships.push(sets);
                memberships.len() - 1
            });
        }
    }
    (memberships, of)
}
