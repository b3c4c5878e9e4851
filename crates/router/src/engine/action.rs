//! What the engine is told once, and what it has its driver do.

use std::time::Duration;

use tuyau_core::Address;
use tuyau_wire::{Announcement, Hello, Identity, RejectCode};

use super::{Bound, DialId, SessionId};
use crate::{Timestamp, journal::Event, kept::Kept, mail::Member, policy::Policy};

/// What the engine is told once.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// The router's own identity.
    pub(crate) identity: Identity,
    /// The router's hello.
    pub(crate) hello: Hello,
    /// What is sent over each newly registered route.
    pub(crate) greeting: Option<String>,
    /// Who may do what.
    pub(crate) policy: Policy,
    /// Whether durable messages are kept.
    pub(crate) keeps: bool,
    /// The longest lifetime of a registration.
    pub(crate) max_lifetime: Duration,
    /// The most entries of the table.
    pub(crate) max_entries: usize,
    /// The most handles that a session has bound at a time.
    pub(crate) max_handles: usize,
    /// The most groups that a session is in.
    pub(crate) max_groups: usize,
    /// The most dials at one time.
    pub(crate) max_dials: usize,
    /// The most bytes of one sender that wait for dials.
    pub(crate) max_waiting_bytes: usize,
    /// How long a dialled session without traffic is kept.
    pub(crate) idle: Duration,
    /// How long an identity counts as unreachable after all its routes failed.
    pub(crate) retry: Duration,
}

/// What the driver is to do.
#[derive(Debug)]
pub(crate) enum Action {
    /// Queue a frame with an answer.
    Send { session: SessionId, frame: Vec<u8> },
    /// Keep something of the state as it is now, and then tell a session that what it said with
    /// this number was accepted.
    Keep {
        kept: Kept,
        answer: Option<(SessionId, u64)>,
    },
    /// Keep the whole state, in the place of the one that is kept.
    KeepAll,
    /// A session's peer has said hello, and accepts so many messages of up to so many bytes.
    Greet {
        session: SessionId,
        max_frame: usize,
        /// How many messages may wait for its acknowledgement or reply.
        unacknowledged: u64,
    },
    /// From now on an identity is reached in this session, or in none.
    Reach {
        identity: Identity,
        session: Option<SessionId>,
    },
    /// A session has bound a handle.
    Bind {
        session: SessionId,
        handle: u64,
        bound: Bound,
        announcement: Announcement,
    },
    /// A handle of a session leads nowhere any more. What was sent on it before goes its way.
    Unbind {
        session: SessionId,
        handle: u64,
        /// The number of the binding.
        binding: u64,
    },
    /// A message waits until its recipient can be reached; it is delivered or refused later.
    Wait { ticket: Ticket },
    /// A session of an identity gets what is published to a group.
    Join {
        session: SessionId,
        identity: Identity,
        group: Identity,
    },
    /// A session does not get it any more.
    Leave { session: SessionId, group: Identity },
    /// What is published to a group is kept for an identity. Whoever asked for that by this number is
    /// told when it is on the disk.
    Enlist {
        member: Member,
        asker: Option<(SessionId, u64)>,
    },
    /// It is not any more.
    Dismiss {
        identity: Identity,
        group: Identity,
        asker: Option<(SessionId, u64)>,
    },
    /// Look whether messages are kept for an identity, and say if so.
    Recall { identity: Identity },
    /// Queue a message for a session, and tell its sender what came of it.
    Deliver {
        session: SessionId,
        ticket: Ticket,
        body: Vec<u8>,
    },
    /// A message came to the router itself.
    Take { ticket: Ticket },
    /// Refuse a message.
    Refuse {
        ticket: Ticket,
        code: RejectCode,
        text: String,
    },
    /// Queue a message of the router itself.
    Say { session: SessionId, body: Vec<u8> },
    /// Close a session once its queue is empty.
    Close { session: SessionId, reason: String },
    /// Dial the routes of an identity, in their order.
    Dial {
        id: DialId,
        identity: Identity,
        routes: Vec<Address>,
    },
    /// Tell whoever watches.
    Tell(Event),
}

/// A message on its way, and whom to tell what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) session: SessionId,
    /// The number of the binding by which it was sent; its handle may be bound anew by now.
    pub(crate) binding: u64,
    pub(crate) sequence: u64,
    /// Whether it has waited.
    pub(crate) waited: bool,
    /// When it is of no use any more.
    pub(crate) until: Option<Timestamp>,
    /// What it cost its sender, in bytes.
    pub(crate) cost: u64,
}
