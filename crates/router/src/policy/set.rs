//! Named sets of identities.

use std::collections::HashSet;

use tuyau_wire::Identity;

use super::RulePlace;

/// Identities under one name, so that rules need not list them.
///
/// Two sets are equal when their names and their members are.
#[derive(Clone, Debug)]
pub struct KeySet {
    name: String,
    place: Option<RulePlace>,
    members: HashSet<Identity>,
}

impl KeySet {
    /// A set of these identities.
    pub fn new(name: impl Into<String>, members: impl IntoIterator<Item = Identity>) -> Self {
        Self {
            name: name.into(),
            place: None,
            members: members.into_iter().collect(),
        }
    }

    /// Says where the set stands.
    pub fn at(mut self, place: RulePlace) -> Self {
        self.place = Some(place);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it stands, if it comes from a file.
    pub fn place(&self) -> Option<&RulePlace> {
        self.place.as_ref()
    }

    /// Whether an identity is in it.
    pub fn contains(&self, identity: &Identity) -> bool {
        self.members.contains(identity)
    }

    /// The identities, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Identity> {
        self.members.iter()
    }

    /// How many identities are in it.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is in it.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether every member is in `other`, too.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.len() <= other.len() && self.members.is_subset(&other.members)
    }
}

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.members == other.members
    }
}

impl Eq for KeySet {}
