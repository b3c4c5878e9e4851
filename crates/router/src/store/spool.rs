//! Mailboxes: messages that are kept until they are acknowledged or expire.

mod log;
mod memory;

use std::{ops::RangeInclusive, sync::Arc, time::Duration};

#[cfg(fuzzing)]
pub(super) use log::assert_decodes_soundly;
pub use log::{LogSpool, LogSpoolSettings};
pub use memory::MemorySpool;

use super::{Id, Loss, StoreError};
use crate::Timestamp;

/// Mailboxes: append, read in order, acknowledge, expire.
///
/// Each message that is stored gets a *position*, a number that only grows, the same in the
/// mailboxes of all its recipients; a mailbox is read in the order of positions. What a call does
/// is seen by the next one at once, outlives the process from the next [`Spool::flush`] on, and a
/// power cut from the next [`Spool::commit`] on.
///
/// Calls come from one thread, and may wait for the disk.
pub trait Spool: Send {
    /// Stores a message for each of its recipients, unless it came before.
    ///
    /// A message with the sender, epoch and sequence number of one that was stored is a duplicate
    /// for as long as [`Window`] says. One that was refused because mailboxes are full was not
    /// stored, and may come again.
    ///
    /// # Errors
    /// [`TooLarge`](super::StoreErrorKind::TooLarge) for a body above [`SpoolSettings::max_body`],
    /// [`Disk`](super::StoreErrorKind::Disk) when the spool has failed.
    fn append(&mut self, message: &Message, now: Timestamp) -> Result<Appended, StoreError>;

    /// Removes the messages at these positions from a mailbox, in any order and more than once;
    /// `0..=position` is everything up to a position.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the spool has failed.
    fn acknowledge(
        &mut self,
        mailbox: Id,
        positions: RangeInclusive<u64>,
    ) -> Result<Usage, StoreError>;

    /// Removes the messages whose time is over, and forgets senders that sent nothing for as long
    /// as [`Window::time`]. Gives what was removed, in the order of mailboxes and positions.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the spool has failed.
    fn expire(&mut self, now: Timestamp) -> Result<Vec<Expired>, StoreError>;

    /// Hands everything before to the operating system, and does not wait for the disk: it outlives
    /// the process from now on, and a power cut from the next commit on. Meant for
    /// acknowledgements, which cost nothing but a message that comes again when they are lost.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when it was not taken, or the spool has failed.
    fn flush(&mut self) -> Result<(), StoreError>;

    /// Returns once everything before is on the disk, what was flushed among it.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when it is not certain that all of it is there.
    /// Nothing since the last commit may be believed then, every later call fails, and opening the
    /// spool again shows what is there.
    fn commit(&mut self) -> Result<(), StoreError>;

    /// Adds the messages of a mailbox from a position on to `entries`, in order, and stops before
    /// one with which a limit would be passed. The first one is given however long it is.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the files cannot be read or the spool has failed.
    /// A damaged message is left out and told by [`Spool::take_losses`].
    fn read(
        &mut self,
        mailbox: Id,
        from: u64,
        limit: ReadLimit,
        entries: &mut Vec<Entry>,
    ) -> Result<(), StoreError>;

    /// The positions in a range at which a mailbox holds messages, in order.
    fn held(&self, mailbox: Id, positions: RangeInclusive<u64>) -> Vec<u64>;

    /// How much a mailbox holds; nothing when there is none.
    fn usage(&self, mailbox: Id) -> Usage;

    /// The mailboxes that hold something, sorted, at most `most` of those after `after`.
    fn mailboxes(&self, after: Option<Id>, most: usize) -> Vec<(Id, Usage)>;

    /// What is in it and what it did.
    fn counters(&self) -> SpoolCounters;

    /// The damage found since the last call.
    fn take_losses(&mut self) -> Vec<Loss>;
}

/// A message to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// In whose mailboxes.
    pub recipients: Recipients,
    /// The group to which it was published.
    pub group: Option<Id>,
    /// Who sent it.
    pub sender: Id,
    /// The epoch of the sender's sequence numbers.
    pub epoch: u64,
    /// Its number within the epoch.
    pub sequence: u64,
    /// When it is of no use any more.
    pub expires: Timestamp,
    /// What it says.
    pub body: Arc<[u8]>,
}

/// In whose mailboxes a message belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recipients {
    /// One.
    One(Id),
    /// The members of a group, as they were when it was published. One that stands twice gets it
    /// once. At most 65,535.
    Many(Arc<[Id]>),
}

impl Recipients {
    /// All of them, in order.
    pub fn as_slice(&self) -> &[Id] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Appended {
    /// It is stored.
    Stored {
        /// Where.
        position: u64,
        /// The recipients whose mailboxes are full, and why: for them it is not stored.
        refused: Vec<(Id, Full)>,
    },
    /// It came before, and is or was stored.
    Duplicate {
        /// Who still has to acknowledge it; nobody when all have, or its time is over.
        held: Option<Held>,
    },
    /// Its number is so old, or its epoch so long past, that it cannot be told whether it came
    /// before.
    Stale,
    /// It is stored for nobody.
    Full(Full),
}

/// How a message is held that came before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Held {
    /// Where it stands.
    pub position: u64,
    /// How many mailboxes hold it, at least one.
    pub mailboxes: u64,
}

/// Which limit of [`Quota`] a message would have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Full {
    /// [`Quota::mailbox_messages`].
    MailboxMessages,
    /// [`Quota::mailbox_bytes`].
    MailboxBytes,
    /// [`Quota::messages`].
    Messages,
    /// [`Quota::bytes`].
    Bytes,
}

/// A message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: u64,
    /// Who sent it.
    pub sender: Id,
    /// The group to which it was published.
    pub group: Option<Id>,
    /// The epoch of the sender's sequence numbers.
    pub epoch: u64,
    /// Its number within the epoch.
    pub sequence: u64,
    /// When it was stored.
    pub stored: Timestamp,
    /// When it is of no use any more.
    pub expires: Timestamp,
    /// Whether it was stored before the spool was opened: it may have been delivered then.
    pub recovered: bool,
    /// What it says.
    pub body: Arc<[u8]>,
}

/// A message that was removed because its time was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// From whose mailbox.
    pub mailbox: Id,
    /// Where it stood.
    pub position: u64,
}

/// How much one reading gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimit {
    /// At most so many messages.
    pub messages: usize,
    /// At most so many bytes of bodies, unless the first is longer.
    pub bytes: usize,
}

/// How much there is of something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Messages.
    pub messages: u64,
    /// Bytes of their bodies.
    pub bytes: u64,
}

impl Usage {
    pub(crate) fn add(&mut self, bytes: u64) {
        self.messages += 1;
        self.bytes += bytes;
    }

    pub(crate) fn remove(&mut self, other: Self) {
        self.messages -= other.messages;
        self.bytes -= other.bytes;
    }
}

/// What is in a spool, and what it did since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpoolCounters {
    /// What all mailboxes hold; a message to many counts once for each.
    pub held: Usage,
    /// How many mailboxes hold something.
    pub mailboxes: u64,
    /// How many epochs of senders are remembered.
    pub windows: u64,
    /// The position that the next message gets.
    pub next_position: u64,
    /// Messages that were stored.
    pub stored: u64,
    /// Messages that came before, or were too old to tell.
    pub duplicates: u64,
    /// Messages that were stored for nobody because of a limit.
    pub full: u64,
    /// Messages that were acknowledged, by mailbox.
    pub acknowledged: u64,
    /// Messages whose time was over, by mailbox.
    pub expired: u64,
}

/// How much may be in a spool; a message to many counts once for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Messages in one mailbox.
    pub mailbox_messages: u64,
    /// Bytes of bodies in one mailbox.
    pub mailbox_bytes: u64,
    /// Messages in all mailboxes.
    pub messages: u64,
    /// Bytes of bodies in all mailboxes.
    pub bytes: u64,
}

/// How long a message is known to have come before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// So many numbers below the highest of the sender's epoch; older ones are
    /// [`Stale`](Appended::Stale).
    pub messages: u64,
    /// So long after the last message of the sender's epoch.
    pub time: Duration,
}

/// How many epochs of one sender are remembered; messages of older ones than these are stale.
pub const MAX_EPOCHS: usize = 8;

/// How a spool is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolSettings {
    /// How much it may hold.
    pub quota: Quota,
    /// How long duplicates are known.
    pub window: Window,
    /// The longest body in bytes.
    pub max_body: usize,
}

impl Quota {
    /// The first limit that a mailbox with this content in a spool with that content would pass.
    pub(crate) fn refuses(&self, mailbox: Usage, all: Usage, bytes: u64) -> Option<Full> {
        if mailbox.messages >= self.mailbox_messages {
            Some(Full::MailboxMessages)
        } else if mailbox.bytes + bytes > self.mailbox_bytes {
            Some(Full::MailboxBytes)
        } else if all.messages >= self.messages {
            Some(Full::Messages)
        } else if all.bytes + bytes > self.bytes {
            Some(Full::Bytes)
        } else {
            None
        }
    }
}

impl Default for Quota {
    /// 1 million messages and 1 GiB in one mailbox, 16 million and 16 GiB in all.
    fn default() -> Self {
        Self {
            mailbox_messages: 1_000_000,
            mailbox_bytes: 1 << 30,
            messages: 16_000_000,
            bytes: 16 << 30,
        }
    }
}

impl Default for Window {
    /// 4,096 messages and 24 hours.
    fn default() -> Self {
        Self {
            messages: 4096,
            time: Duration::from_secs(24 * 60 * 60),
        }
    }
}

impl Default for SpoolSettings {
    /// The defaults of [`Quota`] and [`Window`], and bodies of 1 MiB.
    fn default() -> Self {
        Self {
            quota: Quota::default(),
            window: Window::default(),
            max_body: 1 << 20,
        }
    }
}
