//! Access policies: what a file gives, and what a person reads when it is wrong, word for word.

use std::fs;

use tuyau_cli::config::{ConfigErrorKind, check, policy};
use tuyau_router::policy::{Action, Decision, Policy};
use tuyau_wire::{Identity, SecretKey};

const KEYS: &str = "`default`, `sets`, `rules`";

fn identity(seed: u8) -> Identity {
    SecretKey::from_seed([seed; 32]).identity()
}

/// The text with `ID1` and so on replaced by identities.
fn with_identities(text: &str) -> String {
    (1..=3).fold(text.to_owned(), |text, seed| {
        text.replace(&format!("ID{seed}"), &identity(seed).to_string())
    })
}

fn read(text: &str) -> Policy {
    let text = with_identities(text);
    let read = policy::from_bytes("x.yaml", text.as_bytes());
    read.unwrap_or_else(|errors| panic!("{errors}")).policy
}

/// The problems of a text, without the source lines.
fn problems(text: &str) -> Vec<String> {
    let text = with_identities(text);
    let errors = policy::from_bytes("x.yaml", text.as_bytes()).expect_err(&text);
    errors.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_problem(text: &str, expected: &str) {
    assert_eq!(problems(text), [with_identities(expected)], "{text}");
}

#[test]
fn rules_are_asked_in_the_order_of_the_file() {
    let text = "\
sets:
  services: [ID1, ID2]
rules:
  - name: not this one
    deny: [send]
    who: [ID2]
    to: [ID3]
  - allow: [send, listen]
    who: [services]
";
    let policy = read(text);
    let ask = |seed, action, target: Option<u8>| {
        let target = target.map(identity);
        let decision: Decision<'_> = policy.decide(&identity(seed), action, target.as_ref());
        decision.to_string()
    };
    assert_eq!(
        ask(2, Action::Send, Some(3)),
        "denied by the rule `not this one` (x.yaml:4)"
    );
    assert_eq!(
        ask(1, Action::Send, Some(3)),
        "allowed by the rule at x.yaml:8"
    );
    assert_eq!(
        ask(2, Action::Listen, None),
        "allowed by the rule at x.yaml:8"
    );
    assert_eq!(ask(3, Action::Listen, None), "denied by default");
}

#[test]
fn an_empty_policy_denies_and_the_default_can_be_to_allow() {
    let ask = |text| {
        read(text)
            .decide(&identity(1), Action::Listen, None)
            .allowed()
    };
    for text in [
        "",
        "# nothing",
        "rules: []",
        "rules:",
        "sets: {}\nrules: []",
    ] {
        assert!(!ask(text), "{text}");
    }
    assert!(ask("default: allow"));
    assert_problem(
        "default: maybe",
        "x.yaml:1:10: `default`: expected `allow` or `deny`, found the text `maybe`",
    );
    assert_problem(
        "default:",
        "x.yaml:1:8: `default` has no value: write one, or remove the key",
    );
}

#[test]
fn mistyped_keys_are_told_with_the_nearest_and_the_known_ones() {
    assert_problem(
        "rule: []",
        &format!("x.yaml:1:1: unknown key `rule`, did you mean `rules`? known keys here: {KEYS}"),
    );
    assert_problem(
        "rules:\n  - allow: [listen]\n    whom: [everyone]\n    who: [everyone]",
        "x.yaml:3:5: unknown key `whom`, did you mean `who`? known keys here: `name`, `allow`, \
         `deny`, `who`, `to`",
    );
    assert_problem(
        "listen: []",
        &format!(
            "x.yaml:1:1: unknown key `listen`: it is a key of a router, and this is an access \
             policy; known keys here: {KEYS}"
        ),
    );
}

#[test]
fn sets_hold_identities_each_once() {
    let wrong = format!("{}6", &identity(1).to_string()[..63]);
    let told = problems(&format!(
        "sets:\n  a: [ID1, ID2, ID1]\n  b: [a]\n  c: [{wrong}]"
    ));
    assert_eq!(
        told[..2],
        [
            with_identities(
                "x.yaml:2:139: `sets.a`: `ID1` is in the set already, on line 2: keep one of them"
            ),
            "x.yaml:3:7: `sets.b`: `a` is no identity, and a set holds nothing else: list its \
             identities, or name both sets in the rules"
                .into(),
        ]
    );
    assert!(
        told[2].starts_with(&format!(
            "x.yaml:4:7: `sets.c`: `{wrong}` is not an identity: the checksum"
        )),
        "{}",
        told[2]
    );
    assert_eq!(told.len(), 3);
}

#[test]
fn sets_are_lists_under_names_of_their_own() {
    assert_problem(
        "sets: [ID1]",
        "x.yaml:1:7: `sets`: expected lists of identities by names, found a list",
    );
    assert_problem(
        "sets:\n  a:\n",
        "x.yaml:2:4: `sets.a`: this set has no value: write [] for one that is empty",
    );
    assert_problem(
        "sets: {a: ID1}",
        "x.yaml:1:11: `sets.a`: expected a list of identities, found the text `ID1`: a list of \
         one is written [ID1]",
    );
    assert_problem(
        "sets: {a: []}\nsets: {}",
        "x.yaml:2:1: the key `sets` is given twice, first on line 1: keep one of them",
    );
    assert_problem(
        "sets:\n  a: []\n  a: [ID1]",
        "x.yaml:3:3: the key `a` is given twice, first on line 2: keep one of them",
    );
    assert_problem(
        "sets: {a b: []}",
        "x.yaml:1:8: `sets`: `a b` cannot be a name: write 1 to 64 letters, digits, `-`, `_` or \
         `.`, and no `.` first",
    );
    for name in ["everyone", "TUYAU1x"] {
        assert_problem(
            &format!("sets: {{{name}: []}}"),
            &format!(
                "x.yaml:1:8: `sets`: `{name}` means something else in rules: give the set another \
                 name"
            ),
        );
    }
}

#[test]
fn a_rule_says_one_thing_of_somebody() {
    assert_problem(
        "rules: [{who: [everyone]}]",
        "x.yaml:1:9: this rule says nothing: add `allow` or `deny` with a list of actions",
    );
    assert_problem(
        "rules: [{allow: [send], deny: [join], who: [everyone]}]",
        "x.yaml:1:31: both `allow` and `deny` are in this rule: make two rules of it, and put \
         first the one that is to win",
    );
    assert_problem(
        "rules: [{allow: [send]}]",
        "x.yaml:1:9: the key `who` is missing from this entry: add it",
    );
    assert_problem(
        "rules: [{allow: [send], who: [everyone], to: }]",
        "x.yaml:1:44: `rules[0].to` has no value: write one, or remove the key",
    );
    assert_problem(
        "rules: [{allow: [], who: [everyone]}]",
        "x.yaml:1:17: `rules[0].allow`: no action is in this list: write one or more of `listen`, \
         `send`, `join`, `publish`, `admin`",
    );
    assert_problem(
        "rules: [{allow: [send], who: []}]",
        "x.yaml:1:30: `rules[0].who`: nobody is in this list: write identities, names of sets, or \
         `everyone` alone",
    );
    assert_problem(
        "rules: 5",
        "x.yaml:1:8: `rules`: expected a list of groups of keys, found the number `5`",
    );
}

#[test]
fn actions_are_told_by_name() {
    for (action, complaint) in [
        (
            "sned",
            "`sned` is no action, did you mean `send`? actions: `listen`, `send`, `join`, \
             `publish`, `admin`",
        ),
        (
            "request",
            "`request` is no action: a request is a send, write `send`",
        ),
        (
            "all",
            "`all` is no action: write one of `listen`, `send`, `join`, `publish`, `admin`",
        ),
        (
            "5",
            "expected an action, found the number `5`: if it is meant as text, write \"5\"",
        ),
        ("join", "`join` is in the list twice: keep one"),
    ] {
        assert_problem(
            &format!("rules: [{{allow: [join, {action}], who: [everyone]}}]"),
            &format!("x.yaml:1:24: `rules[0].allow`: {complaint}"),
        );
    }
    assert_problem(
        "rules: [{allow: join, who: [everyone]}]",
        "x.yaml:1:17: `rules[0].allow`: expected a list of actions, found the text `join`: a list \
         of one is written [join]",
    );
}

#[test]
fn parties_are_identities_known_sets_or_everyone() {
    for (party, complaint) in [
        (
            "sensor",
            "there is no set `sensor`, did you mean `sensors`? sets: `sensors`",
        ),
        (
            "clients",
            "there is no set `clients`: write an identity (`tuyau1…`), `everyone` or a set; sets: \
             `sensors`",
        ),
        (
            "anyone",
            "there is no set `anyone`, did you mean `everyone`?",
        ),
        (
            "everyone",
            "`everyone` makes the others in this list needless: keep `everyone` alone, or the \
             others",
        ),
        ("sensors", "`sensors` is in the list twice: keep one"),
    ] {
        assert_problem(
            &format!(
                "sets: {{sensors: [ID1]}}\nrules: [{{allow: [send], who: [sensors, {party}]}}]"
            ),
            &format!("x.yaml:2:40: `rules[0].who`: {complaint}"),
        );
    }
    assert_problem(
        "rules: [{allow: [send], who: [everyone], to: [sensors]}]",
        "x.yaml:1:47: `rules[0].to`: there is no set `sensors`: write an identity (`tuyau1…`), \
         `everyone` or a set; add it to `sets`",
    );
    let many: String = (0..12).map(|number| format!("  s{number}: []\n")).collect();
    assert_problem(
        &format!("sets:\n{many}rules: [{{allow: [send], who: [others]}}]"),
        "x.yaml:14:31: `rules[0].who`: there is no set `others`: write an identity (`tuyau1…`), \
         `everyone` or a set; sets: `s0`, `s1`, `s2`, `s3`, `s4`, `s5`, `s6`, `s7`, `s8`, `s9` \
         and 2 more",
    );
    let many: Vec<String> = (0..101).map(|number| format!("s{number}")).collect();
    assert_problem(
        &format!("rules: [{{allow: [send], who: [{}]}}]", many.join(", ")),
        "x.yaml:1:30: `rules[0].who`: 101 entries in this list: write at most 100, and put \
         identities into a set",
    );
}

#[test]
fn a_rule_with_targets_is_about_actions_that_have_some() {
    assert_problem(
        "rules: [{allow: [listen, send, admin], who: [everyone], to: [ID1]}]",
        "x.yaml:1:61: what is towards nobody (`listen`, `admin`) has no place in a rule with \
         `to`: write another rule for it, without `to`",
    );
}

#[test]
fn two_rules_of_one_name_are_told() {
    let rule = "- {name: a rule, allow: [send], who: [ID1]}";
    let other = rule.replace("ID1", "ID2");
    assert_problem(
        &format!("rules:\n{rule}\n{other}"),
        "x.yaml:3:10: another rule has the name `a rule` already, on line 2: give each its own",
    );
}

#[test]
fn a_name_that_could_steer_a_terminal_is_refused() {
    for (name, shown) in [("a\\e[2Jb", "a\u{fffd}[2Jb"), ("", ""), ("a ", "a ")] {
        assert_problem(
            &format!("rules: [{{name: \"{name}\", allow: [send], who: [ID1]}}]"),
            &format!(
                "x.yaml:1:16: `{shown}` cannot be the name of a rule: write some text that prints, \
                 on one line, without spaces at its end"
            ),
        );
    }
}

#[test]
fn a_rule_that_never_applies_is_told_with_what_stands_before_it() {
    assert_problem(
        "sets: {few: [ID1], many: [ID1, ID2]}\nrules:\n\
         - {deny: [send, join], who: [many]}\n- {allow: [send], who: [few]}",
        "x.yaml:4:3: this rule never applies, because the rule on line 3 matches first in every \
         case: remove this one, or put it before line 3",
    );
    assert_problem(
        "rules:\n- {deny: [send], who: [everyone]}\n- {deny: [join], who: [everyone]}\n\
         - {allow: [join, send], who: [ID1]}",
        "x.yaml:4:3: this rule never applies, because the rules on line 2 and line 3 match first \
         in every case: remove this one, or put it before line 2",
    );
}

#[test]
fn every_problem_is_told_at_once_and_has_a_kind() {
    let text = "default: no\nsets: {a: [b]}\nrules: [{allow: [x], who: [c]}]";
    let errors = policy::from_bytes("x.yaml", text.as_bytes()).unwrap_err();
    let told: Vec<_> = errors
        .iter()
        .map(|error| (error.line(), error.kind()))
        .collect();
    assert_eq!(
        told,
        [
            (Some(1), ConfigErrorKind::WrongType),
            (Some(2), ConfigErrorKind::BadValue),
            (Some(3), ConfigErrorKind::BadValue),
            (Some(3), ConfigErrorKind::BadValue),
        ]
    );
}

#[test]
fn a_set_may_have_more_than_a_hundred_thousand_lines() {
    // None is an identity, which is told of each: the file was read to its end.
    let line = "    - nobody, at the length that an identity has, to weigh as much....\n";
    let text = format!("sets:\n  many:\n{}", line.repeat(120_000));
    let errors = policy::from_bytes("x.yaml", text.as_bytes()).unwrap_err();
    assert_eq!(
        (errors.iter().count(), errors.omitted()),
        (50, 120_000 - 50)
    );
}

#[test]
fn a_small_file_that_stands_for_a_huge_one_is_refused() {
    let copies: String = (0..900)
        .map(|number| format!("  s{number}: *first\n"))
        .collect();
    let text = format!("sets:\n  first: &first [{}]\n{copies}", "x, ".repeat(1_000));
    let told = problems(&text);
    assert_eq!(told.len(), 1);
    let what = "too many values, aliases counted as what they stand for: a configuration is never \
                that large";
    assert!(told[0].ends_with(what), "{}", told[0]);
}

#[test]
fn the_check_of_a_router_reads_the_policy_that_it_names() {
    let directory = tempfile::tempdir().unwrap();
    let (router, policy) = (
        directory.path().join("router.yaml"),
        directory.path().join("policy.yaml"),
    );
    fs::write(&router, "policy_file: policy.yaml").unwrap();
    let error = check(&router, None).unwrap_err().to_string();
    assert!(
        error.contains("policy.yaml: there is no such file"),
        "{error}"
    );
    fs::write(&policy, "rules: [5]").unwrap();
    let error = check(&router, None).unwrap_err().to_string();
    assert!(
        error.contains("policy.yaml:1:9: expected a group of keys"),
        "{error}"
    );
    fs::write(&policy, "rules: []").unwrap();
    check(&router, None).unwrap();
}
