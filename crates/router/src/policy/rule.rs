//! Rules: who may, or may not, do what towards whom.

use std::fmt;
use std::sync::Arc;

use tuyau_wire::Identity;

use super::{Action, Effect, KeySet};

/// Somebody that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Party {
    /// Every identity.
    Everyone,
    /// One identity: a service, a router, a group.
    Identity(Identity),
    /// Every identity in a set.
    Set(Arc<KeySet>),
}

/// Where a rule or a set stands in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlace {
    /// The file as its user named it.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
}

/// One rule of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    name: Option<String>,
    place: Option<RulePlace>,
    effect: Effect,
    actions: Vec<Action>,
    who: Vec<Party>,
    towards: Vec<Party>,
}

impl Party {
    /// Whether an identity is meant.
    pub fn includes(&self, identity: &Identity) -> bool {
        match self {
            Self::Everyone => true,
            Self::Identity(meant) => meant == identity,
            Self::Set(set) => set.contains(identity),
        }
    }
}

impl fmt::Display for RulePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

impl Rule {
    /// A rule that says `effect` of these actions of these parties, towards anyone.
    pub fn new(
        effect: Effect,
        actions: impl IntoIterator<Item = Action>,
        who: impl IntoIterator<Item = Party>,
    ) -> Self {
        Self {
            name: None,
            place: None,
            effect,
            actions: actions.into_iter().collect(),
            who: who.into_iter().collect(),
            towards: vec![Party::Everyone],
        }
    }

    /// Gives it a name, for people.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says where it stands.
    pub fn at(mut self, place: RulePlace) -> Self {
        self.place = Some(place);
        self
    }

    /// Limits it to actions towards these parties.
    pub fn towards(mut self, parties: impl IntoIterator<Item = Party>) -> Self {
        self.towards = parties.into_iter().collect();
        self
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it stands, if it comes from a file.
    pub fn place(&self) -> Option<&RulePlace> {
        self.place.as_ref()
    }

    /// What it says.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// The actions that it is about.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// Whose actions it is about.
    pub fn who(&self) -> &[Party] {
        &self.who
    }

    /// Whom those actions are towards; [`Party::Everyone`] is in it, too, for the actions that are
    /// towards nobody.
    pub fn to(&self) -> &[Party] {
        &self.towards
    }
}

/// What the rule is called: "the rule `its name` (file:line)", as much of it as there is.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, &self.place) {
            (Some(name), Some(place)) => write!(f, "the rule `{name}` ({place})"),
            (Some(name), None) => write!(f, "the rule `{name}`"),
            (None, Some(place)) => write!(f, "the rule at {place}"),
            (None, None) => f.write_str("a rule without a name"),
        }
    }
}
