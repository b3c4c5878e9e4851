//! What the holder of a group's key signs.

use std::time::Duration;

use tuyau_wire::{Grant, Identity, Rights, Rules, SecretKey, Signed};

use crate::{Sequence, sequence::since_1970};

/// The key of a group, which says who may join and publish. A group is its key: everyone can make
/// one, and nobody has to be asked.
///
/// ```
/// use std::time::Duration;
///
/// use tuyau_client::GroupKey;
/// use tuyau_wire::{Rights, SecretKey};
///
/// let group = GroupKey::new(SecretKey::generate()?);
/// let member = SecretKey::generate()?.identity();
/// // Everyone may publish; joining wants a grant.
/// let rules = group.rules(true, false);
/// let grant = group.grant(member, Rights::Join, Duration::from_secs(3_600));
/// assert_eq!(grant.claims().group, rules.claims().group);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GroupKey {
    key: SecretKey,
    sequence: Sequence,
}

impl GroupKey {
    /// The group with this key.
    pub fn new(key: SecretKey) -> Self {
        let sequence = Sequence::new();
        Self { key, sequence }
    }

    /// The group.
    pub fn identity(&self) -> Identity {
        self.key.identity()
    }

    /// Rules in place of all that were signed before, by this machine's clock. Grants stay in force;
    /// see [`rules_without_old_grants`](Self::rules_without_old_grants).
    pub fn rules(&self, join_restricted: bool, publish_restricted: bool) -> Signed<Rules> {
        self.sign_rules(join_restricted, publish_restricted, 0)
    }

    /// Rules by which no grant counts that was signed before them.
    pub fn rules_without_old_grants(
        &self,
        join_restricted: bool,
        publish_restricted: bool,
    ) -> Signed<Rules> {
        let grants_from = self.sequence.advance();
        self.sign_rules(join_restricted, publish_restricted, grants_from)
    }

    fn sign_rules(
        &self,
        join_restricted: bool,
        publish_restricted: bool,
        grants_from: u64,
    ) -> Signed<Rules> {
        let rules = Rules {
            group: self.identity(),
            sequence: self.sequence.advance(),
            join_restricted,
            publish_restricted,
            grants_from,
        };
        Signed::sign(&self.key, rules).expect("the rules are of this very key")
    }

    /// What allows an identity to join or publish for `lifetime`, in whole seconds from now by this
    /// machine's clock.
    pub fn grant(&self, identity: Identity, rights: Rights, lifetime: Duration) -> Signed<Grant> {
        let grant = Grant {
            group: self.identity(),
            identity,
            sequence: self.sequence.advance(),
            rights,
            expires: since_1970().saturating_add(lifetime).as_secs(),
        };
        Signed::sign(&self.key, grant).expect("the grant is of this very key")
    }
}
