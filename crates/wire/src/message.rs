//! What two peers say to each other.

mod decode;
mod encode;

use crate::{Hello, Identity, Record, RejectCode, Signed, Withdrawal};

/// One message between a service and a router.
///
/// Decoding borrows the body of a message from the buffer it came in; encoding it into a frame
/// copies it once, to where it is sent from.
///
/// A `request` is a number that the sender of the message chooses, greater than all it used before
/// in the session, and by which an answer names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// What the sender speaks and can do. The first message in either direction, and only that.
    Hello(Hello),
    /// The sender can be reached at the routes of this record. From a service to a router.
    Listen {
        /// What the answer will name.
        request: u64,
        /// Where the sender can be reached, signed by itself.
        record: Signed<Record>,
    },
    /// The sender can no longer be reached. From a service to a router.
    Unlisten {
        /// What the answer will name.
        request: u64,
        /// What takes the record back, signed by the sender.
        withdrawal: Signed<Withdrawal>,
    },
    /// A body for another service. From a service to a router.
    Send {
        /// What the answer will name.
        request: u64,
        /// For whom.
        to: Identity,
        /// What the recipient gets; the router does not look at it.
        body: &'a [u8],
    },
    /// A body from another service, or from the router itself. From a router to a service.
    Deliver {
        /// Who sent it. The router vouches for it: the handshake proved it.
        from: Identity,
        /// The number that its sender gave it.
        request: u64,
        /// What the sender sent.
        body: &'a [u8],
    },
    /// A question for the record of an identity. From a service to a router that agreed on
    /// [`LOOKUP`](crate::capability::LOOKUP).
    Lookup {
        /// What the answer will name.
        request: u64,
        /// Whose record.
        identity: Identity,
    },
    /// The record that was asked for. From a router to a service.
    Found {
        /// Which request is answered.
        request: u64,
        /// Where the identity can be reached, signed by itself: the router need not be believed.
        record: Signed<Record>,
    },
    /// A request was carried out.
    Accept {
        /// Which one.
        request: u64,
    },
    /// A request was refused, or the session is.
    Reject {
        /// Which request; none when it is the session, which then ends.
        request: Option<u64>,
        /// Why, for a program.
        code: RejectCode,
        /// Why, for a person: at most [`MAX_REJECT_TEXT`](crate::MAX_REJECT_TEXT) bytes without
        /// control characters. Encoding cuts a longer text and replaces control characters by
        /// spaces.
        text: &'a str,
    },
}

/// The number that stands first in a message and says which one it is.
mod number {
    pub(super) const HELLO: u64 = 0;
    pub(super) const LISTEN: u64 = 1;
    pub(super) const UNLISTEN: u64 = 2;
    pub(super) const SEND: u64 = 3;
    pub(super) const DELIVER: u64 = 4;
    pub(super) const ACCEPT: u64 = 5;
    pub(super) const REJECT: u64 = 6;
    pub(super) const LOOKUP: u64 = 7;
    pub(super) const FOUND: u64 = 8;
}

impl Message<'_> {
    /// The name of the message's type, in lower case, as the specification has it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hello(_) => "hello",
            Self::Listen { .. } => "listen",
            Self::Unlisten { .. } => "unlisten",
            Self::Send { .. } => "send",
            Self::Deliver { .. } => "deliver",
            Self::Lookup { .. } => "lookup",
            Self::Found { .. } => "found",
            Self::Accept { .. } => "accept",
            Self::Reject { .. } => "reject",
        }
    }
}
