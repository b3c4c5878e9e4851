//! Rules that can never apply.

use std::collections::HashMap;

use tuyau_wire::Identity;

use super::index::{Index, Parties, RuleNumber, SetNumber};
use super::{Action, Rule};

/// A rule that can never decide anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The position of that rule, counted from 0.
    pub rule: usize,
    /// The positions of the earlier rules that decide first, in their order.
    pub by: Vec<usize>,
}

/// The rules that earlier ones cover.
pub(super) fn shadowed(rules: &[Rule], index: &Index) -> Vec<Shadowed> {
    let mut search = Search {
        index,
        within: HashMap::new(),
    };
    let numbered = rules.iter().enumerate();
    let found = numbered.filter_map(|(number, rule)| search.shadow(number, rule.actions()));
    found.collect()
}

struct Search<'i> {
    index: &'i Index,
    /// Which set is within which other one, as far as it has been asked.
    within: HashMap<(SetNumber, SetNumber), bool>,
}

impl Search<'_> {
    fn shadow(&mut self, rule: RuleNumber, actions: &[Action]) -> Option<Shadowed> {
        if self.is_vain(self.index.who(rule)) || self.is_vain(self.index.target(rule)) {
            return None;
        }
        let mut by = Vec::new();
        for action in actions {
            by.push(self.covering(rule, *action)?);
        }
        by.sort_unstable();
        by.dedup();
        (!by.is_empty()).then_some(Shadowed { rule, by })
    }

    /// Whether nobody is meant, or only sets that are empty so far are.
    fn is_vain(&self, parties: &Parties) -> bool {
        let mut sets = parties.sets.iter();
        let empty = sets.all(|set| self.index.set(*set).is_empty());
        !parties.everyone && parties.identities.is_empty() && empty
    }

    /// The first rule that decides about an action before `rule` can, always.
    fn covering(&mut self, rule: RuleNumber, action: Action) -> Option<RuleNumber> {
        let index = self.index;
        let lists: Vec<_> = match self.someone(rule) {
            // Whatever covers the rule is about this one, too.
            Some(identity) => index.rules_about(&identity, action).collect(),
            None => vec![index.rules_about_everyone(action)],
        };
        let mut first = rule;
        for rules in lists {
            let mut earlier = rules.iter().copied().take_while(|other| *other < first);
            first = earlier
                .find(|other| self.covers(*other, rule))
                .unwrap_or(first);
        }
        (first < rule).then_some(first)
    }

    /// Somebody whom a rule is about, if it is not everyone.
    fn someone(&self, rule: RuleNumber) -> Option<Identity> {
        let who = self.index.who(rule);
        let sets = who.sets.iter();
        let mut members = sets.flat_map(|set| self.index.set(*set).iter());
        let first = who.identities.iter().next().or_else(|| members.next());
        first.copied().filter(|_| !who.everyone)
    }

    fn covers(&mut self, earlier: RuleNumber, later: RuleNumber) -> bool {
        let (index, within) = (self.index, &mut self.within);
        includes(index, within, index.target(earlier), index.target(later))
            && includes(index, within, index.who(earlier), index.who(later))
    }
}

/// Whether all who are meant by `few` are meant by `many`.
fn includes(
    index: &Index,
    within: &mut HashMap<(SetNumber, SetNumber), bool>,
    many: &Parties,
    few: &Parties,
) -> bool {
    if many.everyone || few.everyone {
        return many.everyone;
    }
    let mut identities = few.identities.iter();
    identities.all(|identity| many.include(identity, index.set_numbers(identity)))
        && few.sets.iter().all(|set| {
            let mut others = many.sets.iter();
            others.any(|other| is_within(index, within, *set, *other))
                || is_listed(index, *set, many)
        })
}

/// Whether each member of a set is named by itself.
fn is_listed(index: &Index, set: SetNumber, parties: &Parties) -> bool {
    let set = index.set(set);
    set.len() <= parties.identities.len()
        && set
            .iter()
            .all(|identity| parties.identities.contains(identity))
}

fn is_within(
    index: &Index,
    known: &mut HashMap<(SetNumber, SetNumber), bool>,
    set: SetNumber,
    other: SetNumber,
) -> bool {
    let ask = || index.set(set).is_within(index.set(other));
    set == other || *known.entry((set, other)).or_insert_with(ask)
}
