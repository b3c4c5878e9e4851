//! The keys of an access policy.

use super::{Key, Preset, Takes, key};

/// More rules than this are a mistake in a generated file: identities that are alike share a set.
const RULES_MAX: usize = 10_000;

/// What is longer belongs into a set.
const PARTIES_MAX: usize = 100;

/// A name is a line for a person.
const NAME_BYTES_MAX: usize = 200;

pub(in super::super) const KEYS: &[Key] = &[
    key(
        "default",
        Takes::Effect,
        Preset::Text("deny"),
        "What holds where no rule matches.",
    ),
    key(
        "sets",
        Takes::Sets,
        Preset::Nothing,
        "Identities that rules name together. A set may be empty; it holds no other sets.",
    ),
    key(
        "rules",
        Takes::Groups {
            keys: RULE,
            max: RULES_MAX,
        },
        Preset::Nothing,
        "Who may, or may not, do what. The first rule that matches decides.",
    ),
];

const RULE: &[Key] = &[
    key(
        "name",
        Takes::Text {
            max: NAME_BYTES_MAX,
        },
        Preset::Nothing,
        "What the rule is called where a decision is explained; no two have the same name.",
    ),
    key(
        "allow",
        Takes::Actions,
        Preset::Follows("either this or `deny`"),
        "What may be done.",
    ),
    key(
        "deny",
        Takes::Actions,
        Preset::Follows("either this or `allow`"),
        "What may not be done.",
    ),
    key(
        "who",
        Takes::Parties { max: PARTIES_MAX },
        Preset::Required,
        "Who does it.",
    ),
    key(
        "to",
        Takes::Parties { max: PARTIES_MAX },
        Preset::Follows("everyone"),
        "Whom it is towards: the recipients of what is sent, the groups that are joined or \
         published to. `listen` and `admin` are towards nobody, and stand in rules without it.",
    ),
];
