//! What a policy decides, and why.

use std::fmt;

use super::{Effect, Rule};

/// What a policy decides, and by which rule.
///
/// Displays as "allowed by the rule `its name` (file:line)" or "denied by default".
#[derive(Clone, Copy, Debug)]
pub struct Decision<'p> {
    rule: Option<&'p Rule>,
    effect: Effect,
}

impl<'p> Decision<'p> {
    pub(super) fn new(rule: Option<&'p Rule>, default: Effect) -> Self {
        let effect = rule.map_or(default, Rule::effect);
        Self { rule, effect }
    }

    /// Whether it may be done.
    pub fn allowed(&self) -> bool {
        self.effect.allows()
    }

    /// The rule that decided; `None` for the default.
    pub fn rule(&self) -> Option<&'p Rule> {
        self.rule
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.allowed() { "allowed" } else { "denied" };
        match self.rule {
            Some(rule) => write!(f, "{verdict} by {rule}"),
            None => write!(f, "{verdict} by default"),
        }
    }
}
