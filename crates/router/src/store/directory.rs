//! The directory: what identities and groups have stated, and who has them for now.

mod log;
mod memory;
mod subject;

use std::sync::Arc;

#[cfg(fuzzing)]
pub(super) use log::assert_decodes_soundly;
pub use log::{LogDirectory, LogDirectorySettings};
pub use memory::MemoryDirectory;
pub use subject::Subject;

use super::{Id, Loss, StoreError};
use crate::Timestamp;

/// Statements of identities and groups, each superseding the older one of its subject; counters;
/// and leases, which say which router an identity or a group belongs to.
///
/// Every change gets a *revision*, a number that only grows. What a call does is seen by the next
/// one at once, and outlives the process from the next [`Directory::commit`] on.
///
/// Calls come from one thread, and may wait for the disk.
pub trait Directory: Send {
    /// Puts an item in the place of the older one of its subject.
    ///
    /// # Errors
    /// [`TooLarge`](super::StoreErrorKind::TooLarge) for a statement above [`MAX_STATEMENT`],
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn put(&mut self, item: Item) -> Result<Put, StoreError>;

    /// Removes an item, and gives whether there was one.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn remove(&mut self, subject: Subject) -> Result<bool, StoreError>;

    /// The item of a subject.
    fn item(&self, subject: &Subject) -> Option<Item>;

    /// At most `most` items behind `after`, sorted by subject.
    fn items(&self, after: Option<Subject>, most: usize) -> Vec<Item>;

    /// How many items there are.
    fn len(&self) -> usize;

    /// Whether there are no items.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the items whose time is over and gives their subjects, sorted; ends the leases
    /// whose time is over too, which those who watch are told.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn expire(&mut self, now: Timestamp) -> Result<Vec<Subject>, StoreError>;

    /// Sets a counter, whose name has at most 255 bytes.
    ///
    /// # Errors
    /// [`TooLarge`](super::StoreErrorKind::TooLarge) for a longer name,
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn set_counter(&mut self, name: &str, value: u64) -> Result<(), StoreError>;

    /// A counter; zero until it is set.
    fn counter(&self, name: &str) -> u64;

    /// Takes a subject for a holder until some moment, or renews what the holder has. A lease that
    /// another one has must end first.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn lease(
        &mut self,
        subject: Subject,
        holder: Id,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Leased, StoreError>;

    /// Gives a lease back, when it is the one of this epoch, and gives whether it was.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when the directory has failed.
    fn release(&mut self, subject: Subject, epoch: u64) -> Result<bool, StoreError>;

    /// Who has a subject.
    fn holder(&self, subject: &Subject, now: Timestamp) -> Option<Lease>;

    /// The revision of the last change; zero before the first.
    fn revision(&self) -> u64;

    /// What changed after a revision, in order, at most `most` changes.
    fn changes(&self, since: u64, most: usize) -> Changes;

    /// Returns once everything before is on the disk.
    ///
    /// # Errors
    /// [`Disk`](super::StoreErrorKind::Disk) when it is not certain that all of it is there; see
    /// [`Spool::commit`](super::Spool::commit).
    fn commit(&mut self) -> Result<(), StoreError>;

    /// The damage found since the last call.
    fn take_losses(&mut self) -> Vec<Loss>;
}

/// The longest statement in bytes.
pub const MAX_STATEMENT: usize = 1 << 20;

/// How many changes are kept for those who watch.
pub const KEPT_CHANGES: usize = 4096;

/// What a subject has stated last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is about.
    pub subject: Subject,
    /// The number of the statement: a higher one takes the place of a lower one.
    pub sequence: u64,
    /// Until when it holds.
    pub expires: Timestamp,
    /// Whether it takes an earlier statement back. It stays until it expires, so that the earlier
    /// one does not come again.
    pub withdrawn: bool,
    /// The statement as it was signed.
    pub bytes: Arc<[u8]>,
}

/// What became of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is there.
    Stored,
    /// The same was there.
    Same,
    /// A statement that is as new or newer was there, with this number.
    Stale {
        /// The number.
        known: u64,
    },
}

/// Who has a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who.
    pub holder: Id,
    /// A number that is higher for each new holder. What a holder of a lower one says is past.
    pub epoch: u64,
    /// Until when.
    pub until: Timestamp,
}

/// What became of the wish for a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leased {
    /// It is granted or renewed.
    Granted(Lease),
    /// Another one has it.
    Held(Lease),
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changes {
    /// These, in order.
    Some(Vec<Change>),
    /// Too much to tell one by one: read everything, and go on from [`Directory::revision`].
    All,
}

/// One change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its number.
    pub revision: u64,
    /// What changed: its item, or its lease.
    pub subject: Subject,
}
