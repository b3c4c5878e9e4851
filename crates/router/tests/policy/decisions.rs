//! What a policy decides, case by case.

use std::sync::Arc;

use tuyau_router::policy::{
    Action, Action::*, Change, Effect, KeySet, Party, Party::Everyone, Policy, Rule, RulePlace,
    Shadowed,
};

use crate::support::{all_of, allow, deny, identity, one, set};

fn policy(rules: Vec<Rule>) -> Policy {
    Policy::new(Effect::Deny, rules)
}

#[track_caller]
fn assert_decides(policy: &Policy, who: u8, action: Action, target: Option<u8>, expected: &str) {
    let target = target.map(identity);
    let decision = policy.decide(&identity(who), action, target.as_ref());
    assert_eq!(decision.to_string(), expected);
    assert_eq!(decision.allowed(), expected.starts_with("allowed"));
}

#[test]
fn without_rules_the_default_decides() {
    for action in Action::ALL {
        let target = action.has_target().then_some(2);
        assert_decides(
            &Policy::allow_all(),
            1,
            action,
            target,
            "allowed by default",
        );
        assert_decides(&policy(vec![]), 1, action, target, "denied by default");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = vec![
        allow([Send], one(1)).named("first").towards([one(2)]),
        deny([Send], Everyone).named("second").towards([one(2)]),
        allow([Send, Listen], Everyone).named("third"),
    ];
    let policy = policy(rules);
    assert_decides(&policy, 1, Send, Some(2), "allowed by the rule `first`");
    assert_decides(&policy, 3, Send, Some(2), "denied by the rule `second`");
    assert_decides(&policy, 3, Send, Some(1), "allowed by the rule `third`");
    assert_decides(&policy, 3, Listen, None, "allowed by the rule `third`");
    assert_decides(&policy, 3, Publish, Some(2), "denied by default");
}

#[test]
fn sets_count_on_both_sides_and_may_overlap() {
    let (sensors, collectors) = (set("sensors", [1, 2]), set("collectors", [2, 3]));
    let rules = vec![
        deny([Send], one(2)).named("not this one").towards([one(9)]),
        allow([Send], all_of(&sensors))
            .named("report")
            .towards([all_of(&collectors), one(9)]),
    ];
    let policy = policy(rules);
    assert_decides(&policy, 1, Send, Some(3), "allowed by the rule `report`");
    assert_decides(&policy, 2, Send, Some(2), "allowed by the rule `report`");
    assert_decides(&policy, 1, Send, Some(9), "allowed by the rule `report`");
    assert_decides(
        &policy,
        2,
        Send,
        Some(9),
        "denied by the rule `not this one`",
    );
    assert_decides(&policy, 1, Send, Some(1), "denied by default");
    assert_decides(&policy, 3, Send, Some(2), "denied by default");
    let names = |who| -> Vec<_> {
        let who = identity(who);
        policy
            .sets_of(&who)
            .map(|set| set.name().to_owned())
            .collect()
    };
    assert_eq!(names(2), ["sensors", "collectors"]);
    assert_eq!(names(9), [""; 0]);
}

#[test]
fn a_rule_that_names_targets_needs_one() {
    let policy = policy(vec![allow([Send], Everyone).towards([one(2)])]);
    assert_decides(&policy, 1, Send, None, "denied by default");
    assert_decides(
        &policy,
        1,
        Send,
        Some(2),
        "allowed by a rule without a name",
    );
}

#[test]
fn a_decision_says_where_its_rule_stands() {
    let place = RulePlace {
        file: "policy.yaml".into(),
        line: 7,
    };
    let rules = vec![
        allow([Listen], one(1)).at(place.clone()),
        allow([Listen], one(2)).at(place.clone()).named("two"),
    ];
    let policy = policy(rules);
    assert_decides(
        &policy,
        1,
        Listen,
        None,
        "allowed by the rule at policy.yaml:7",
    );
    assert_decides(
        &policy,
        2,
        Listen,
        None,
        "allowed by the rule `two` (policy.yaml:7)",
    );
    let who = identity(2);
    let rule = policy.decide(&who, Listen, None).rule().unwrap();
    assert_eq!((rule.place(), rule.name()), (Some(&place), Some("two")));
}

#[test]
fn a_clone_is_the_same_policy_and_can_go_to_another_thread() {
    fn is_shared<T: Clone + std::marker::Send + Sync + 'static>() {}
    is_shared::<Policy>();
}

#[track_caller]
fn assert_shadowed(rules: Vec<Rule>, expected: &[(usize, &[usize])]) {
    let expected = expected.iter().map(|(rule, by)| Shadowed {
        rule: *rule,
        by: by.to_vec(),
    });
    assert_eq!(policy(rules).shadowed(), expected.collect::<Vec<_>>());
}

#[test]
fn a_rule_behind_a_wider_one_is_in_vain() {
    assert_shadowed(
        vec![deny([Send, Join], Everyone), allow([Send], one(1))],
        &[(1, &[0])],
    );
    let (few, many) = (set("few", [1, 2]), set("many", [1, 2, 3]));
    assert_shadowed(
        vec![
            allow([Send], all_of(&many)).towards([Everyone]),
            deny([Send], all_of(&few)).towards([all_of(&few)]),
            deny([Send], one(3)),
        ],
        &[(1, &[0]), (2, &[0])],
    );
}

#[test]
fn each_action_may_be_decided_by_another_rule() {
    let rules = vec![
        allow([Send], Everyone),
        allow([Join, Publish], Everyone),
        deny([Send, Publish], one(1)),
        deny([Send, Listen], one(1)),
    ];
    assert_shadowed(rules, &[(2, &[0, 1])]);
}

#[test]
fn a_rule_that_says_something_of_its_own_is_not_in_vain() {
    let (few, many) = (set("few", [1, 2]), set("many", [1, 2, 3]));
    assert_shadowed(
        vec![
            allow([Send], all_of(&few)),
            deny([Send], all_of(&many)),
            allow([Send], Everyone).towards([one(1)]),
            deny([Send], Everyone),
        ],
        &[],
    );
}

#[test]
fn a_rule_about_an_empty_set_waits_for_its_members() {
    let empty = set("empty", []);
    assert_shadowed(
        vec![
            deny([Listen, Send], Everyone),
            allow([Listen], all_of(&empty)),
            allow([Send], one(1)).towards([all_of(&empty)]),
        ],
        &[],
    );
}

#[test]
fn a_comparison_tells_what_is_granted_and_revoked() {
    let before = policy(vec![allow(
        [Listen, Send],
        all_of(&set("services", [1, 2])),
    )]);
    let after = policy(vec![
        allow([Listen], all_of(&set("services", [1, 2]))).named("another name"),
        allow([Send], all_of(&set("services", [2, 3]))),
    ]);
    let comparison = before.compare(&after);
    assert!(!comparison.is_same());
    assert!(comparison.affects(Send) && !comparison.affects(Listen));
    let target = identity(9);
    let send = |who| comparison.of(&identity(who), Send, Some(&target));
    assert!(matches!(send(1), Change::Revoked(decision) if decision.rule().is_none()));
    assert!(matches!(send(2), Change::None));
    assert!(matches!(send(3), Change::Granted(decision) if decision.rule().is_some()));
    assert!(before.compare(&before.clone()).is_same());
    assert!(!Policy::allow_all().compare(&policy(vec![])).is_same());
}

#[test]
fn a_hundred_thousand_keys_are_compiled_and_found() {
    // The bytes of a key are y coordinates; nearly every second number is one of a point.
    let keys = (0_u32..).filter_map(|number| {
        let mut bytes = [7; 32];
        bytes[..4].copy_from_slice(&number.to_le_bytes());
        tuyau_wire::Identity::from_bytes(bytes).ok()
    });
    let keys: Vec<_> = keys.take(100_000).collect();
    let (first, second) = keys.split_at(50_000);
    let sets = [first, second, &keys[..]].map(|keys| {
        let keys = keys.iter().copied();
        Party::Set(Arc::new(KeySet::new("keys", keys)))
    });
    let [first, second, all] = sets;
    let policy = policy(vec![
        allow([Send], first).named("first").towards([second]),
        deny([Send], all).named("all"),
    ]);
    for pair in keys.chunks(2) {
        let (from, to) = (&pair[0], &pair[1]);
        assert!(!policy.decide(from, Send, Some(to)).allowed());
    }
    for (from, to) in keys.iter().zip(&keys[50_000..]) {
        assert!(policy.decide(from, Send, Some(to)).allowed());
    }
}
