//! What becomes different when one policy takes the place of another one.

use tuyau_wire::Identity;

use super::{Action, Decision, Effect, Party, Policy};

/// Two policies side by side, to ask again what has been asked of the older one.
#[derive(Debug)]
pub struct Comparison<'p> {
    older: &'p Policy,
    newer: &'p Policy,
    affected: [bool; Action::ALL.len()],
}

/// What becomes of one decision.
#[derive(Clone, Copy, Debug)]
pub enum Change<'p> {
    /// Both policies say the same, though perhaps by different rules.
    None,
    /// The newer policy allows what the older one denied.
    Granted(Decision<'p>),
    /// The newer policy denies what the older one allowed.
    Revoked(Decision<'p>),
}

impl<'p> Comparison<'p> {
    pub(super) fn new(older: &'p Policy, newer: &'p Policy) -> Self {
        let affected = Action::ALL.map(|action| {
            older.default_effect() != newer.default_effect() || !agree(older, newer, action)
        });
        Self {
            older,
            newer,
            affected,
        }
    }

    /// Whether no decision differs. It may miss that, but never says so wrongly.
    pub fn is_same(&self) -> bool {
        self.affected.iter().all(|affected| !affected)
    }

    /// Whether decisions about an action may differ: if not, nothing that was allowed or denied of
    /// it need be asked again.
    pub fn affects(&self, action: Action) -> bool {
        self.affected[action.position()]
    }

    /// What becomes of one decision; `target` is as for [`Policy::decide`].
    pub fn of(&self, identity: &Identity, action: Action, target: Option<&Identity>) -> Change<'p> {
        if !self.affects(action) {
            return Change::None;
        }
        let before = self.older.decide(identity, action, target);
        let after = self.newer.decide(identity, action, target);
        match (before.allowed(), after.allowed()) {
            (true, false) => Change::Revoked(after),
            (false, true) => Change::Granted(after),
            _ => Change::None,
        }
    }
}

/// Whether two policies have the same rules about an action, but for names and places.
fn agree(older: &Policy, newer: &Policy, action: Action) -> bool {
    rules_about(older, action).eq(rules_about(newer, action))
}

fn rules_about(
    policy: &Policy,
    action: Action,
) -> impl Iterator<Item = (Effect, &[Party], &[Party])> {
    let rules = policy.rules().iter();
    let rules = rules.filter(move |rule| rule.actions().contains(&action));
    rules.map(|rule| (rule.effect(), rule.who(), rule.to()))
}
