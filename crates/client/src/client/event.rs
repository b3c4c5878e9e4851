//! What happens to a client.

use std::{error::Error, fmt, time::Duration};

use tuyau_core::Address;
use tuyau_wire::Identity;

use crate::{LinkError, Notice, Peer, Rejection};

/// Durable messages that had no receipt when a client was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unsettled {
    /// How many.
    pub messages: usize,
}

impl fmt::Display for Unsettled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let messages = self.messages;
        write!(
            f,
            "{messages} durable messages have no receipt from any router"
        )
    }
}

impl Error for Unsettled {}

/// Something that happened to a [`Client`](super::Client).
#[derive(Debug)]
#[non_exhaustive]
pub enum ClientEvent {
    /// A router answered, proved its identity and said hello.
    Connected {
        /// Where it is.
        router: Address,
        /// Who it is and what it said of itself.
        peer: Box<Peer>,
    },
    /// There is no session with a router any more, or an attempt to have one failed.
    Lost {
        /// Where it is.
        router: Address,
        /// Why.
        reason: LinkError,
        /// When the next attempt begins.
        retry_in: Duration,
    },
    /// A router refused that this service joins or leaves a group.
    GroupRefused {
        /// The group.
        group: Identity,
        /// Why.
        rejection: Rejection,
    },
    /// A router told something without having been asked.
    Notice {
        /// Where it is.
        router: Address,
        /// What it told.
        notice: Notice,
    },
}
