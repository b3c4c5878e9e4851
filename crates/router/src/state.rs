//! What a router knows and keeps over a restart.

use std::collections::BTreeMap;

use tuyau_wire::{Identity, Rules, Signed};

use crate::Table;

/// The state of a router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How many messages were accepted: decoded, verified and applied.
    pub processed: u64,
    /// The routing table.
    pub table: Table,
    /// What the keys of groups said about them.
    pub groups: BTreeMap<Identity, Signed<Rules>>,
}
