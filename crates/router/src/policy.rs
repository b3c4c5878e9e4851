//! The access policy: who may do what, towards whom.
//!
//! A policy is an ordered list of [rules](Rule) and a default. The first rule that matches decides,
//! and the default where none does. It is compiled once, so that a decision costs a few hash lookups
//! however many identities the sets hold, and it never changes: to put another one into force is to
//! put another value in its place.
//!
//! ```
//! use tuyau_router::policy::{Action, Effect, Party, Policy, Rule};
//! use tuyau_wire::SecretKey;
//!
//! let [alice, bob] = [1, 2].map(|seed| SecretKey::from_seed([seed; 32]).identity());
//! let rule = Rule::new(Effect::Allow, [Action::Send], [Party::Identity(alice)])
//!     .named("alice writes to bob")
//!     .towards([Party::Identity(bob)]);
//! let policy = Policy::new(Effect::Deny, vec![rule]);
//!
//! assert!(policy.decide(&alice, Action::Send, Some(&bob)).allowed());
//! let decision = policy.decide(&bob, Action::Send, Some(&alice));
//! assert!(!decision.allowed());
//! assert_eq!(decision.to_string(), "denied by default");
//! ```

mod action;
mod compare;
mod cover;
mod decision;
mod excerpt;
mod index;
mod replaced;
mod rule;
mod set;

use std::sync::Arc;

use tuyau_wire::Identity;

pub use action::{Action, Effect};
pub use compare::{Change, Comparison};
pub use cover::Shadowed;
pub use decision::Decision;
pub use replaced::Replaced;
pub use rule::{Party, Rule, RulePlace};
pub use set::KeySet;

use index::Index;

/// Who may do what, towards whom.
///
/// It never changes, and a clone is the same policy, at the cost of a counter.
#[derive(Clone, Debug)]
pub struct Policy(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    default: Effect,
    rules: Vec<Rule>,
    index: Index,
}

/// Two policies are equal when their rules are, with their names and places.
impl PartialEq for Policy {
    fn eq(&self, other: &Self) -> bool {
        let (this, other) = (&self.0, &other.0);
        this.default == other.default && this.rules == other.rules
    }
}

impl Eq for Policy {}

impl Policy {
    /// A policy of these rules, in their order; `default` holds where no rule matches.
    ///
    /// It takes time and memory in proportion to what the rules and their sets list.
    pub fn new(default: Effect, rules: Vec<Rule>) -> Self {
        let index = Index::new(&rules);
        Self(Arc::new(Compiled {
            default,
            rules,
            index,
        }))
    }

    /// The policy of a router without a policy file: everything is allowed to every identity.
    pub fn allow_all() -> Self {
        Self::new(Effect::Allow, Vec::new())
    }

    /// Whether an identity may do something.
    ///
    /// `target` is whom the action is towards: the recipient of what is sent, the group that is
    /// joined or published to. Without one, rules that name a target do not match.
    pub fn decide(
        &self,
        identity: &Identity,
        action: Action,
        target: Option<&Identity>,
    ) -> Decision<'_> {
        let rule = self.0.index.first(identity, action, target);
        let rule = rule.map(|number| &self.0.rules[number]);
        Decision::new(rule, self.0.default)
    }

    /// The rules, in the order in which they are asked.
    pub fn rules(&self) -> &[Rule] {
        &self.0.rules
    }

    /// What holds where no rule matches.
    pub fn default_effect(&self) -> Effect {
        self.0.default
    }

    /// The sets of the rules that an identity is in, in the order in which rules first name them.
    pub fn sets_of(&self, identity: &Identity) -> impl Iterator<Item = &Arc<KeySet>> {
        self.0.index.sets_of(identity)
    }

    /// The rules that can never decide anything, because earlier ones match whatever they match.
    ///
    /// Found is what an earlier rule covers alone, for each action: one that is covered only by
    /// several others taken together is not found. A rule about an empty set is not counted, for the
    /// set may be filled one day.
    pub fn shadowed(&self) -> Vec<Shadowed> {
        cover::shadowed(&self.0.rules, &self.0.index)
    }

    /// What becomes different when `newer` takes the place of this policy.
    pub fn compare<'p>(&'p self, newer: &'p Self) -> Comparison<'p> {
        Comparison::new(self, newer)
    }
}
