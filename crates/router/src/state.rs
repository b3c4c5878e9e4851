//! What a router knows and keeps over a restart.

use crate::Table;

/// The state of a router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How many messages were accepted: decoded, verified and applied.
    pub processed: u64,
    /// The routing table.
    pub table: Table,
}
