//! Random policies decide as a model does that asks each rule in turn.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use tuyau_router::policy::{Action, Effect, KeySet, Party, Policy, Rule};
use tuyau_wire::Identity;

use crate::support::{all_of, identity, one, set};

/// Few identities, so that rules meet; the last one is in no set and no rule.
const IDENTITIES: u8 = 6;

fn identities() -> Vec<Identity> {
    (0..IDENTITIES).map(identity).collect()
}

fn sets() -> impl Strategy<Value = Vec<Arc<KeySet>>> {
    let members = subsequence((0..IDENTITIES - 1).collect::<Vec<_>>(), 0..4);
    let sets = prop::collection::vec(members, 3);
    sets.prop_map(|sets| {
        sets.into_iter()
            .map(|members| set("set", members))
            .collect()
    })
}

fn parties(sets: &[Arc<KeySet>]) -> impl Strategy<Value = Vec<Party>> + use<> {
    let sets = sets.iter().map(all_of);
    let identities = (0..IDENTITIES - 1).map(one);
    let party = select(sets.chain(identities).collect::<Vec<_>>());
    let some = prop::collection::vec(party, 0..4);
    prop_oneof![1 => Just(vec![Party::Everyone]), 3 => some]
}

fn effect() -> impl Strategy<Value = Effect> {
    select(vec![Effect::Allow, Effect::Deny])
}

fn rule(sets: &[Arc<KeySet>]) -> impl Strategy<Value = Rule> + use<> {
    let actions = subsequence(Action::ALL.to_vec(), 1..4);
    let (who, towards) = (parties(sets), parties(sets));
    (effect(), actions, who, towards).prop_map(|(effect, actions, who, towards)| {
        Rule::new(effect, actions, who).towards(towards)
    })
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    sets().prop_flat_map(|sets| prop::collection::vec(rule(&sets), 0..8))
}

/// Everything that can be asked.
fn questions() -> Vec<(Identity, Action, Option<Identity>)> {
    let mut questions = Vec::new();
    for who in identities() {
        for action in Action::ALL {
            questions.push((who, action, None));
            let targets = identities().into_iter();
            questions.extend(targets.map(|target| (who, action, Some(target))));
        }
    }
    questions
}

/// The position of the first rule that matches, found by reading.
fn model(
    rules: &[Rule],
    who: &Identity,
    action: Action,
    target: Option<&Identity>,
) -> Option<usize> {
    let meant = |parties: &[Party], identity: Option<&Identity>| {
        parties.iter().any(|party| match (party, identity) {
            (Party::Everyone, _) => true,
            (_, None) => false,
            (Party::Identity(one), Some(identity)) => one == identity,
            (Party::Set(set), Some(identity)) => set.iter().any(|member| member == identity),
        })
    };
    rules.iter().position(|rule| {
        rule.actions().contains(&action) && meant(rule.who(), Some(who)) && meant(rule.to(), target)
    })
}

/// The same rules with their positions as names.
fn numbered(rules: &[Rule]) -> Vec<Rule> {
    let rules = rules.iter().cloned().enumerate();
    rules
        .map(|(number, rule)| rule.named(number.to_string()))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decisions_are_those_of_the_model(rules in rules(), default in effect()) {
        let policy = Policy::new(default, numbered(&rules));
        for (who, action, target) in questions() {
            let decision = policy.decide(&who, action, target.as_ref());
            let expected = model(&rules, &who, action, target.as_ref());
            let name = expected.map(|number| number.to_string());
            prop_assert_eq!(decision.rule().and_then(Rule::name), name.as_deref());
            let effect = expected.map_or(default, |number| rules[number].effect());
            prop_assert_eq!(decision.allowed(), effect == Effect::Allow);
        }
    }

    #[test]
    fn what_is_said_to_be_in_vain_never_decides(rules in rules()) {
        let shadowed = Policy::new(Effect::Deny, rules.clone()).shadowed();
        for (who, action, target) in questions() {
            let decides = model(&rules, &who, action, target.as_ref());
            prop_assert!(!shadowed.iter().any(|it| Some(it.rule) == decides));
        }
        for it in shadowed {
            prop_assert!(!it.by.is_empty() && it.by.iter().all(|by| *by < it.rule));
        }
    }

    #[test]
    fn a_comparison_misses_no_difference(
        rules in rules(),
        changed in any::<prop::sample::Index>(),
        how in 0..3,
        other_default in any::<bool>(),
    ) {
        let mut newer = numbered(&rules);
        if !newer.is_empty() {
            let changed = changed.index(newer.len());
            match how {
                0 => drop(newer.remove(changed)),
                1 => newer.swap(0, changed),
                _ => {}
            }
        }
        let default = if other_default { Effect::Allow } else { Effect::Deny };
        let older = Policy::new(Effect::Deny, rules);
        let newer = Policy::new(default, newer);
        let comparison = older.compare(&newer);
        for (who, action, target) in questions() {
            let ask = |policy: &Policy| policy.decide(&who, action, target.as_ref()).allowed();
            let differs = ask(&older) != ask(&newer);
            prop_assert!(!differs || comparison.affects(action) && !comparison.is_same());
            let told = !matches!(
                comparison.of(&who, action, target.as_ref()),
                tuyau_router::policy::Change::None
            );
            prop_assert_eq!(told, differs);
        }
    }
}
