//! Identities, sets and rules, short to write.

use std::sync::{Arc, LazyLock};

use tuyau_router::policy::{Action, Effect, KeySet, Party, Rule};
use tuyau_wire::{Identity, SecretKey};

/// How many identities there are to choose from.
const IDENTITIES: u8 = 10;

/// The identity of that number, below ten.
pub(crate) fn identity(number: u8) -> Identity {
    static ALL: LazyLock<Vec<Identity>> = LazyLock::new(|| {
        let seeds = (0..IDENTITIES).map(|number| [number; 32]);
        seeds
            .map(|seed| SecretKey::from_seed(seed).identity())
            .collect()
    });
    ALL[usize::from(number)]
}

pub(crate) fn one(number: u8) -> Party {
    Party::Identity(identity(number))
}

pub(crate) fn set(name: &str, members: impl IntoIterator<Item = u8>) -> Arc<KeySet> {
    Arc::new(KeySet::new(name, members.into_iter().map(identity)))
}

pub(crate) fn all_of(set: &Arc<KeySet>) -> Party {
    Party::Set(Arc::clone(set))
}

pub(crate) fn allow<const N: usize>(actions: [Action; N], who: Party) -> Rule {
    Rule::new(Effect::Allow, actions, [who])
}

pub(crate) fn deny<const N: usize>(actions: [Action; N], who: Party) -> Rule {
    Rule::new(Effect::Deny, actions, [who])
}
