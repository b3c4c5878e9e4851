//! What comes from others.

use std::{
    fmt,
    sync::{Arc, Weak},
};

use bytes::Bytes;
use tuyau_wire::{Announcement, Class, Identity};

use crate::seen::{Id, Seen};

use super::{RequestError, SessionError, SessionErrorKind, Shared};

/// A message from another service or from the router itself.
///
/// With [`from`](Self::from) and [`epoch`](Self::epoch) the [`sequence`](Self::sequence) number is
/// the message's id: no other message has the same three.
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Who sent it; the router vouches for it.
    pub from: Identity,
    /// The epoch of its sender, which is another one each time that the sender begins anew.
    pub epoch: u64,
    /// The number that its sender gave it, greater than those before in the same epoch.
    pub sequence: u64,
    /// The group to which it was published; none when it came to this service alone.
    pub group: Option<Identity>,
    /// How it was carried.
    pub class: Class,
    /// Whether this service may have got it before: only durable messages come again.
    pub redelivered: bool,
    /// What was sent. It is a part of what came with it in one read: one that is kept for long
    /// should be copied, so that it does not keep the others' memory.
    pub body: Bytes,
    origin: Arc<Origin>,
    /// How many came under the same handle before it, in its session.
    ordinal: u64,
}

/// What the router announced, and the session on which it did.
pub(super) struct Origin {
    pub(super) handle: u64,
    pub(super) announcement: Announcement,
    pub(super) session: Weak<Shared>,
    pub(super) seen: Seen,
}

impl Delivery {
    pub(super) fn new(
        origin: &Arc<Origin>,
        sequence: u64,
        ordinal: u64,
        redelivered: bool,
        body: Bytes,
    ) -> Self {
        let Announcement {
            identity,
            epoch,
            group,
            class,
            ..
        } = origin.announcement;
        Self {
            from: identity,
            epoch,
            sequence,
            group,
            class,
            redelivered,
            body,
            origin: origin.clone(),
            ordinal,
        }
    }

    fn id(&self) -> Id {
        (self.from, self.epoch, self.sequence)
    }

    /// Whether this service was done with the message before it came again.
    pub(crate) fn is_known(&self) -> bool {
        self.class == Class::Durable && self.origin.seen.contains(&self.id())
    }

    /// Tells the router that this service is done with the message, so that it is not delivered
    /// again and its sender learns of it, where it asked to. What is acknowledged together is told
    /// together, when the session's task has its next turn.
    ///
    /// A durable message that is dropped without this comes again in a later session. One that was
    /// acknowledged and comes again nevertheless, because the router did not learn of it, is not handed
    /// out again while it is remembered, see [`Settings::seen`](crate::Settings::seen). Where nobody
    /// wants to know, this does nothing.
    pub fn acknowledge(&self) {
        if !self.origin.announcement.acknowledge {
            return;
        }
        if self.class == Class::Durable {
            self.origin.seen.insert(self.id());
        }
        if let Some(session) = self.origin.session.upgrade() {
            let (handle, sequence) = (self.origin.handle, self.sequence);
            session.with(|desk| desk.acknowledgements.add(handle, sequence, self.ordinal));
        }
    }
}

impl Delivery {
    /// Replies to a request. It is ready when the reply has its place in the order; nobody tells
    /// whether it got through. A second reply, and one that comes after the deadline, is dropped by
    /// the router, and so is a reply to what was no request.
    ///
    /// # Errors
    /// When the session on which it came has ended, and when the reply is longer than the router
    /// accepts.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    pub async fn reply(&self, body: impl AsRef<[u8]>) -> Result<(), RequestError> {
        let (handle, body) = (self.origin.handle, body.as_ref());
        let Some(session) = self.origin.session.upgrade() else {
            let reason = SessionError::new(SessionErrorKind::Closed);
            return Err(RequestError::Lost(reason));
        };
        let reply = session.when_room(|desk| desk.reply(handle, self.sequence, body));
        reply.await
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("from", &self.from)
            .field("epoch", &self.epoch)
            .field("sequence", &self.sequence)
            .field("group", &self.group)
            .field("class", &self.class)
            .field("redelivered", &self.redelivered)
            .field("body", &self.body)
            .finish()
    }
}

/// By its id and what it says.
impl PartialEq for Delivery {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id() && self.group == other.group && self.body == other.body
    }
}

impl Eq for Delivery {}
