//! What two peers say to each other.

mod decode;
mod encode;
mod form;

use alloc::vec::Vec;

use tuyau_core::Address;

use crate::{
    Announcement, Binding, Grant, Hello, Identity, Level, Record, RejectCode, Role, Rules, Signed,
    Withdrawal,
};

/// One message between a service and a router.
///
/// Decoding borrows the body of a message from the buffer it came in; encoding it into a frame
/// copies it once, to where it is sent from.
///
/// A `sequence` is a number that a service gives to what it sends, greater than all it used before
/// in the session, and by which an answer names it. With the service's identity and the epoch of its
/// [`Hello`] it is the id of a message.
///
/// A `handle` is a small number for what would be long. A service numbers those that it binds, a
/// router those that it announces.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message<'a> {
    /// What the sender speaks and can do. The first message in either direction, and only that.
    Hello(Hello),
    /// The sender can be reached at the routes of this record. From a service.
    Listen {
        /// What the answer will name.
        sequence: u64,
        /// Where the sender can be reached, signed by itself.
        record: Signed<Record>,
    },
    /// The sender can no longer be reached. From a service.
    Unlisten {
        /// What the answer will name.
        sequence: u64,
        /// What takes the record back, signed by the sender.
        withdrawal: Signed<Withdrawal>,
    },
    /// A handle stands for this from now on. From a service.
    Bind {
        /// What the answer will name.
        sequence: u64,
        /// A number of the sender's choice; one that is bound already is bound anew.
        handle: u64,
        /// What it stands for.
        binding: Binding,
    },
    /// A handle is not needed any more. From a service; there is no answer.
    Unbind {
        /// Which one.
        handle: u64,
    },
    /// A body for where the handle leads. From a service.
    Send {
        /// Where it goes, see [`Bind`](Self::Bind).
        handle: u64,
        /// Its number.
        sequence: u64,
        /// What the recipient gets; the router does not look at it.
        body: &'a [u8],
    },
    /// A handle of the router stands for this, in this session. From a router.
    Announce {
        /// Which one; the router gives it the same number in every session.
        handle: u64,
        /// What it stands for.
        announcement: Announcement,
    },
    /// A body that was sent. From a router.
    Deliver {
        /// Whence it comes, see [`Announce`](Self::Announce).
        handle: u64,
        /// The number that its sender gave it.
        sequence: u64,
        /// What was sent.
        body: &'a [u8],
    },
    /// The same, when the recipient may have got it before. From a router.
    Redeliver {
        /// Whence it comes.
        handle: u64,
        /// The number that its sender gave it.
        sequence: u64,
        /// What was sent.
        body: &'a [u8],
    },
    /// The recipient is done with what came under a handle. From a service.
    Acknowledge {
        /// Whence it came.
        handle: u64,
        /// The first number of the range.
        first: u64,
        /// The last number of the range, not less than the first.
        last: u64,
    },
    /// How far messages that the peer sent have come; or that another request of its was carried
    /// out. From a router.
    Receipt {
        /// How far; not [`Level::None`].
        level: Level,
        /// The first number of the range.
        first: u64,
        /// The last number of the range, not less than the first.
        last: u64,
    },
    /// Something was refused, or the session is.
    Reject {
        /// What; none when it is the session, which then ends.
        sequence: Option<u64>,
        /// Why, for a program.
        code: RejectCode,
        /// Why, for a person: at most [`MAX_REJECT_TEXT`](crate::MAX_REJECT_TEXT) bytes without
        /// control characters. Encoding cuts a longer text and replaces control characters by
        /// spaces.
        text: &'a str,
    },
    /// How much may be sent on a handle. From a router.
    Credit {
        /// Which one.
        handle: u64,
        /// The bytes of all `send` messages on it since it was bound, at most.
        limit: u64,
    },
    /// The reply to a request that was delivered. From a service.
    Reply {
        /// Under which handle of the router the request came.
        handle: u64,
        /// The number of the request.
        sequence: u64,
        /// The reply.
        body: &'a [u8],
    },
    /// The reply to a request that was sent. From a router.
    Replied {
        /// The number of the request.
        sequence: u64,
        /// The reply.
        body: &'a [u8],
    },
    /// The sender wants what is published to a group. From a service.
    Join {
        /// What the answer will name.
        sequence: u64,
        /// The group.
        group: Identity,
        /// Whether durable messages are kept for it from now on, until it leaves; otherwise it is a
        /// member for as long as the session lasts.
        durable: bool,
        /// What allows it to join, where the group is restricted.
        grant: Option<Signed<Grant>>,
    },
    /// The sender is no member of a group any more. From a service.
    Leave {
        /// What the answer will name.
        sequence: u64,
        /// The group.
        group: Identity,
    },
    /// What a group's key says about it. From a service, whichever has it.
    Declare {
        /// What the answer will name.
        sequence: u64,
        /// Who may join and publish.
        rules: Signed<Rules>,
    },
    /// A question for the record of an identity. From a service to a router that agreed on
    /// [`LOOKUP`](crate::capability::LOOKUP).
    Lookup {
        /// What the answer will name.
        sequence: u64,
        /// Whose record.
        identity: Identity,
    },
    /// The record that was asked for. From a router to a service.
    Found {
        /// Which question is answered.
        sequence: u64,
        /// Where the identity can be reached, signed by itself: the router need not be believed.
        record: Signed<Record>,
    },
    /// A question whether the peer is there. It is answered at once, behind all that was said
    /// before.
    Ping {
        /// What the answer repeats.
        token: u64,
    },
    /// The answer to a ping.
    Pong {
        /// What the ping had.
        token: u64,
    },
    /// The router is about to end the session. From a router.
    Drain {
        /// In how many milliseconds it closes.
        milliseconds: u64,
        /// Where else the service can go; none when it is to come back later.
        routes: Vec<Address>,
    },
    /// Messages of a group that did not reach this session, because it did not read as fast as they
    /// came. From a router.
    Missed {
        /// Whence they came.
        handle: u64,
        /// The first number that is missing.
        first: u64,
        /// The last number that is missing.
        last: u64,
    },
}

impl Message<'_> {
    /// The name of the message's type, in lower case, as the specification has it.
    pub fn name(&self) -> &'static str {
        form::FORMS[self.number()].name
    }

    /// The names of all types, each at the index of its number.
    pub fn names() -> impl Iterator<Item = &'static str> {
        form::FORMS.iter().map(|form| form.name)
    }

    /// Whether a peer of this role may send it.
    pub fn is_from(&self, role: Role) -> bool {
        form::FORMS[self.number()]
            .sender
            .is_none_or(|sender| sender == role)
    }

    /// The number that stands first in the message and says which one it is.
    fn number(&self) -> usize {
        match self {
            Self::Hello(_) => form::HELLO,
            Self::Listen { .. } => form::LISTEN,
            Self::Unlisten { .. } => form::UNLISTEN,
            Self::Bind { .. } => form::BIND,
            Self::Unbind { .. } => form::UNBIND,
            Self::Send { .. } => form::SEND,
            Self::Announce { .. } => form::ANNOUNCE,
            Self::Deliver { .. } => form::DELIVER,
            Self::Redeliver { .. } => form::REDELIVER,
            Self::Acknowledge { .. } => form::ACKNOWLEDGE,
            Self::Receipt { .. } => form::RECEIPT,
            Self::Reject { .. } => form::REJECT,
            Self::Credit { .. } => form::CREDIT,
            Self::Reply { .. } => form::REPLY,
            Self::Replied { .. } => form::REPLIED,
            Self::Join { .. } => form::JOIN,
            Self::Leave { .. } => form::LEAVE,
            Self::Declare { .. } => form::DECLARE,
            Self::Lookup { .. } => form::LOOKUP,
            Self::Found { .. } => form::FOUND,
            Self::Ping { .. } => form::PING,
            Self::Pong { .. } => form::PONG,
            Self::Drain { .. } => form::DRAIN,
            Self::Missed { .. } => form::MISSED,
        }
    }
}
