//! Access policies: any bytes give one that decides as its rules say, or errors that only print.

#![no_main]

// The module instead of its crate keeps the terminal and the network out of this build.
#[allow(
    dead_code,
    unused_imports,
    reason = "a target uses a part of what its crate does"
)]
#[path = "../../crates/cli/src/config/mod.rs"]
mod config;

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use tuyau_router::policy::{Action, Party, Policy};
use tuyau_wire::Identity;

use config::policy;

/// Identities that are asked about; of each two of them, and each action.
const ASKED_MAX: usize = 8;

fuzz_target!(|bytes: &[u8]| {
    match policy::from_bytes("fuzz.yaml", bytes) {
        Ok(file) => assert_decides_as_its_rules_say(&file.policy),
        Err(errors) => {
            assert!(errors.iter().count() > 0);
            for line in errors.to_string().lines() {
                assert!(!line.contains(char::is_control), "{line:?}");
            }
        }
    }
});

fn assert_decides_as_its_rules_say(policy: &Policy) {
    let rules = policy.rules();
    assert!(policy.shadowed().is_empty() && policy.compare(policy).is_same());
    let parties = rules
        .iter()
        .flat_map(|rule| rule.who().iter().chain(rule.to()));
    let named: BTreeSet<Identity> = parties.flat_map(identities).collect();
    let asked: Vec<_> = named.into_iter().take(ASKED_MAX).collect();
    for action in Action::ALL {
        for who in &asked {
            for target in asked.iter().map(Some).chain([None]) {
                let includes = |parties: &[Party], identity: Option<&Identity>| {
                    parties.iter().any(|party| match identity {
                        Some(identity) => party.includes(identity),
                        None => *party == Party::Everyone,
                    })
                };
                let first = rules.iter().find(|rule| {
                    rule.actions().contains(&action)
                        && includes(rule.who(), Some(who))
                        && includes(rule.to(), target)
                });
                let decision = policy.decide(who, action, target);
                let effect = first.map_or(policy.default_effect(), |rule| rule.effect());
                assert_eq!(decision.allowed(), effect.allows());
                let place =
                    |rule: Option<&tuyau_router::policy::Rule>| rule.map(|rule| rule as *const _);
                assert_eq!(place(decision.rule()), place(first));
            }
        }
    }
}

/// Whom a party means by name.
fn identities(party: &Party) -> Vec<Identity> {
    match party {
        Party::Everyone => Vec::new(),
        Party::Identity(identity) => vec![*identity],
        Party::Set(set) => set.iter().copied().collect(),
    }
}
