//! What happened, for people and programs that watch a router.

mod text;

use std::net::IpAddr;

use tuyau_core::Address;
use tuyau_wire::{Identity, RejectCode};

use crate::{Timestamp, policy::Replaced};

pub(crate) use text::excerpt;

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When.
    pub time: Timestamp,
    /// What.
    pub event: Event,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The router does what it is for.
    Info,
    /// A peer or a route misbehaves; the router goes on.
    Warn,
    /// The router cannot do something that it should.
    Error,
}

impl Level {
    /// The name, in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// What can happen. Printing it gives one line in which texts of peers have no control characters.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A peer proved its identity and said hello.
    Connected {
        /// Who.
        identity: Identity,
        /// From where, or where to.
        place: String,
        /// The peer's program.
        agent: String,
    },
    /// A session ended.
    Disconnected {
        /// Who.
        identity: Identity,
        /// Why.
        reason: String,
    },
    /// A peer did not get as far as a session.
    HandshakeFailed {
        /// From where.
        place: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Connections were closed because of a limit.
    Refused {
        /// From where, when the limit is one of an address.
        from: Option<IpAddr>,
        /// How many since the last such entry.
        count: u64,
        /// The configuration key of the limit.
        limit: &'static str,
        /// Its value.
        value: usize,
    },
    /// Accepting failed; it is tried again.
    AcceptFailed {
        /// Where.
        address: Address,
        /// Why.
        reason: String,
    },
    /// An identity registered its routes.
    Registered {
        /// Who.
        identity: Identity,
        /// Where it can be reached.
        routes: Vec<Address>,
        /// The number of its record.
        sequence: u64,
    },
    /// An identity took its registration back.
    Withdrawn {
        /// Who.
        identity: Identity,
    },
    /// A registration ended because it was not renewed.
    Expired {
        /// Who.
        identity: Identity,
    },
    /// A registration that was kept was taken back, because its owner may not listen any more.
    Revoked {
        /// Who.
        identity: Identity,
    },
    /// A handle was freed, because what it led to is not allowed any more.
    HandleRevoked {
        /// Whose it was.
        identity: Identity,
        /// What is not allowed, and by which rule.
        reason: String,
    },
    /// Another access policy is in force.
    PolicyReplaced(Replaced),
    /// The access policy could not be read again; the one that was in force still is.
    PolicyRefused {
        /// Where, why, and what to do.
        reason: String,
    },
    /// A message was refused.
    Rejected {
        /// Whose message.
        identity: Identity,
        /// Why, for a program.
        code: RejectCode,
        /// Why, for a person.
        text: String,
    },
    /// Messages were handed to a session of their recipient. Of those that follow one another
    /// quickly several are in one entry.
    Delivered {
        /// The sender.
        from: Identity,
        /// The recipient.
        to: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// Messages were handed to the members of a group.
    Published {
        /// The sender.
        from: Identity,
        /// The group.
        group: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// Durable messages were stored for their recipient, or for the durable members of a group.
    Stored {
        /// The sender.
        from: Identity,
        /// The recipient or the group.
        to: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// Stored messages were handed to a session of their recipient.
    Collected {
        /// The recipient.
        identity: Identity,
        /// How many messages.
        messages: u64,
        /// The length of their bodies in bytes.
        bytes: u64,
    },
    /// Stored messages were removed before their recipient acknowledged them.
    Dropped {
        /// The recipient.
        identity: Identity,
        /// How many messages.
        messages: u64,
        /// Why.
        reason: &'static str,
    },
    /// Something of the store was found damaged.
    Damaged {
        /// What is lost, where and how.
        text: String,
    },
    /// The store was not written to its end before, as when the power went; nothing is lost by it.
    Mended {
        /// What, and where.
        text: String,
    },
    /// The store has failed: nothing is kept, and no durable messages are taken or delivered, until
    /// the next start.
    StoreFailed {
        /// Where, why, and what to do.
        reason: String,
    },
    /// An identity joined a group.
    Joined {
        /// Who.
        identity: Identity,
        /// The group.
        group: Identity,
    },
    /// An identity left a group.
    Left {
        /// Who.
        identity: Identity,
        /// The group.
        group: Identity,
    },
    /// The key of a group said who may join and publish.
    Declared {
        /// The group.
        group: Identity,
        /// The number of its rules.
        sequence: u64,
    },
    /// The greeting was sent over a route that was registered.
    Greeted {
        /// Who registered it.
        identity: Identity,
        /// Where it was sent.
        place: String,
        /// What was sent.
        text: String,
    },
    /// A message for the router itself came in, as the answer to a greeting does.
    Received {
        /// The sender.
        from: Identity,
        /// The begin of the body as text, at most 401 characters: entries wait
        /// in memory for whoever watches.
        text: String,
    },
    /// No route of an identity could be reached.
    Unreachable {
        /// Who.
        identity: Identity,
        /// Every attempt.
        reason: String,
    },
    /// The state was replaced by a snapshot.
    Restored {
        /// How many rows the table has now.
        rows: usize,
        /// How many messages were processed when it was saved.
        processed: u64,
    },
    /// A snapshot that stood in the state directory was taken over at the start.
    Imported {
        /// Its name there.
        file: String,
        /// How many rows it had.
        rows: usize,
    },
    /// The router is ending.
    Stopping,
}

impl Event {
    /// How much it matters.
    pub fn level(&self) -> Level {
        match self {
            Self::HandshakeFailed { .. }
            | Self::Refused { .. }
            | Self::Revoked { .. }
            | Self::HandleRevoked { .. }
            | Self::Rejected { .. }
            | Self::Dropped { .. }
            | Self::Unreachable { .. } => Level::Warn,
            Self::AcceptFailed { .. }
            | Self::PolicyRefused { .. }
            | Self::Damaged { .. }
            | Self::StoreFailed { .. } => Level::Error,
            _ => Level::Info,
        }
    }

    /// Whom it is about, if it is one identity: the sender of a message that was delivered.
    pub fn identity(&self) -> Option<Identity> {
        match self {
            Self::Connected { identity, .. }
            | Self::Disconnected { identity, .. }
            | Self::Registered { identity, .. }
            | Self::Withdrawn { identity }
            | Self::Expired { identity }
            | Self::Revoked { identity }
            | Self::HandleRevoked { identity, .. }
            | Self::Rejected { identity, .. }
            | Self::Greeted { identity, .. }
            | Self::Joined { identity, .. }
            | Self::Left { identity, .. }
            | Self::Collected { identity, .. }
            | Self::Dropped { identity, .. }
            | Self::Unreachable { identity, .. } => Some(*identity),
            Self::Delivered { from, .. }
            | Self::Stored { from, .. }
            | Self::Published { from, .. }
            | Self::Received { from, .. } => Some(*from),
            _ => None,
        }
    }

    /// The name of the kind, for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::HandshakeFailed { .. } => "handshake-failed",
            Self::Refused { .. } => "refused",
            Self::AcceptFailed { .. } => "accept-failed",
            Self::Registered { .. } => "registered",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired { .. } => "expired",
            Self::Revoked { .. } => "revoked",
            Self::HandleRevoked { .. } => "handle-revoked",
            Self::PolicyReplaced(_) => "policy-replaced",
            Self::PolicyRefused { .. } => "policy-refused",
            Self::Rejected { .. } => "rejected",
            Self::Delivered { .. } => "delivered",
            Self::Published { .. } => "published",
            Self::Stored { .. } => "stored",
            Self::Collected { .. } => "collected",
            Self::Dropped { .. } => "dropped",
            Self::Damaged { .. } => "damaged",
            Self::Mended { .. } => "mended",
            Self::StoreFailed { .. } => "store-failed",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Declared { .. } => "declared",
            Self::Greeted { .. } => "greeted",
            Self::Received { .. } => "received",
            Self::Unreachable { .. } => "unreachable",
            Self::Restored { .. } => "restored",
            Self::Imported { .. } => "imported",
            Self::Stopping => "stopping",
        }
    }
}
