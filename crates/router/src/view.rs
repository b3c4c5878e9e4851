//! The state of a router as it is shown.

use tuyau_core::Address;
use tuyau_wire::{Identity, RejectCode};

use crate::{Source, Timestamp};

/// The state of a router at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    /// The router's identity.
    pub identity: Identity,
    /// Where it accepts connections.
    pub listen: Vec<Address>,
    /// When it started.
    pub started: Timestamp,
    /// How many messages were accepted: decoded, verified and applied.
    pub processed: u64,
    /// How many rows the table has.
    pub total: usize,
    /// The rows that were asked for.
    pub rows: Vec<RowView>,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct RowView {
    /// Who can be reached.
    pub identity: Identity,
    /// Where, best first.
    pub routes: Vec<Address>,
    /// Where the row comes from.
    pub source: Source,
    /// Since when it has been as it is.
    pub since: Timestamp,
    /// Until when it holds, in seconds since the begin of 1970; static rows do not end.
    pub expires: Option<u64>,
    /// Whether the identity has a session now.
    pub connected: bool,
}

/// What the router answered to a message of a simulated service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Simulated {
    /// It accepted the message.
    Accepted,
    /// It refused the message.
    Rejected {
        /// Why, for a program.
        code: RejectCode,
        /// Why, for a person.
        text: String,
    },
}
