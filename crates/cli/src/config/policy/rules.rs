//! The rules of a policy.

use std::collections::HashMap;

use tuyau_router::policy::{Action, Effect, Party, Policy, Rule, Shadowed};

use super::super::error::ConfigErrorKind;
use super::super::schema::Takes;
use super::quote::{clean_line, quoted, quoted_list};
use super::sets::Sets;
use super::{Notes, Place, Problem, Section, party, rule_place};

/// The rules of a file with their places.
#[derive(Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    places: Vec<Place>,
}

/// Reads every rule that can be read; `None` when there is no list of them.
pub(super) fn read(section: &Section<'_>, sets: &Sets, notes: &mut Notes) -> Option<Rules> {
    let mut names: HashMap<String, Place> = HashMap::new();
    let mut rules = Rules::default();
    for entry in section.groups("rules", notes)? {
        let name = entry.text("name", notes);
        if let Some(Some(name)) = &name {
            check_name(name, &entry.place("name"), &mut names, notes);
        }
        let said = said(&entry, notes);
        let who = parties(&entry, "who", sets, notes);
        let to = parties(&entry, "to", sets, notes);
        if let (Some((_, actions)), Some(Some(_))) = (&said, &to) {
            check_target(actions, &entry.place("to"), notes);
        }
        let (Some((effect, actions)), Some(name), Some(Some(who)), Some(to)) =
            (said, name, who, to)
        else {
            continue;
        };
        let place = entry.own_place();
        let mut rule = Rule::new(effect, actions, who);
        if let Some(to) = to {
            rule = rule.towards(to);
        }
        if let Some(name) = name {
            rule = rule.named(name);
        }
        if let Some(place) = rule_place(place) {
            rule = rule.at(place);
        }
        rules.places.push(place.clone());
        rules.rules.push(rule);
    }
    Some(rules)
}

/// What a rule says of which actions.
fn said(entry: &Section<'_>, notes: &mut Notes) -> Option<(Effect, Vec<Action>)> {
    let allow = entry.read("allow", notes, |node, _| party::actions(node));
    let deny = entry.read("deny", notes, |node, _| party::actions(node));
    let (kind, place, message) = match (allow?, deny?) {
        (Some(actions), None) => return Some((Effect::Allow, actions)),
        (None, Some(actions)) => return Some((Effect::Deny, actions)),
        (Some(_), Some(_)) => {
            let message = "both `allow` and `deny` are in this rule: make two rules of it, and put \
                           first the one that is to win";
            (ConfigErrorKind::Conflict, entry.place("deny"), message)
        }
        (None, None) => {
            let message = "this rule says nothing: add `allow` or `deny` with a list of actions";
            (ConfigErrorKind::Missing, entry.own_place().clone(), message)
        }
    };
    notes.note(Problem::new(kind, message), &place);
    None
}

fn parties(
    entry: &Section<'_>,
    name: &str,
    sets: &Sets,
    notes: &mut Notes,
) -> Option<Option<Vec<Party>>> {
    let Takes::Parties { max } = entry.takes(name) else {
        unreachable!("the schema has no parties {name}");
    };
    entry.read(name, notes, |node, _| party::parties(node, *max, sets))
}

/// A name is printed in logs, and tells one rule from the others.
fn check_name(name: &str, place: &Place, names: &mut HashMap<String, Place>, notes: &mut Notes) {
    if name.is_empty() || clean_line(name) != name {
        let message = format!(
            "{} cannot be the name of a rule: write some text that prints, on one line, without \
             spaces at its end",
            quoted(name)
        );
        notes.note(Problem::bad_value(message), place);
    }
    if let Some(first) = names.get(name) {
        let message = format!(
            "another rule has the name {} already, on {}: give each its own",
            quoted(name),
            first.brief()
        );
        notes.note(Problem::new(ConfigErrorKind::Conflict, message), place);
    }
    names
        .entry(name.to_owned())
        .or_insert_with(|| place.clone());
}

/// A rule that names targets says nothing of actions that have none.
fn check_target(actions: &[Action], place: &Place, notes: &mut Notes) {
    let without = actions.iter().filter(|action| !action.has_target());
    let names: Vec<_> = without.map(|action| action.name()).collect();
    if names.is_empty() {
        return;
    }
    let message = format!(
        "what is towards nobody ({}) has no place in a rule with `to`: write another rule for it, \
         without `to`",
        quoted_list(names)
    );
    notes.note(Problem::new(ConfigErrorKind::Conflict, message), place);
}

impl Rules {
    /// The policy of these rules; notes those that can never apply.
    pub(super) fn policy(self, default: Effect, notes: &mut Notes) -> Policy {
        let policy = Policy::new(default, self.rules);
        for Shadowed { rule, by } in policy.shadowed() {
            let lines: Vec<_> = by.iter().map(|by| self.places[*by].brief()).collect();
            let (those, match_first) = match lines.len() {
                1 => ("the rule on ", "matches"),
                _ => ("the rules on ", "match"),
            };
            let message = format!(
                "this rule never applies, because {those}{} {match_first} first in every case: \
                 remove this one, or put it before {}",
                lines.join(" and "),
                self.places[by[0]].brief()
            );
            let problem = Problem::new(ConfigErrorKind::Conflict, message);
            notes.note(problem, &self.places[rule]);
        }
        policy
    }
}
