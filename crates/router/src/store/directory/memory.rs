//! A directory in memory.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ops::Bound,
};

use super::{
    Change, Changes, Directory, Item, KEPT_CHANGES, Lease, Leased, MAX_STATEMENT, Put, Subject,
};
use crate::{
    Timestamp,
    store::{Id, Loss, StoreError, StoreErrorKind},
};

/// A directory in memory, which is lost with it.
#[derive(Clone, Debug, Default)]
pub struct MemoryDirectory {
    items: BTreeMap<Subject, Item>,
    expiries: BTreeSet<(Timestamp, Subject)>,
    counters: BTreeMap<String, u64>,
    leases: BTreeMap<Subject, Lease>,
    revision: u64,
    changes: VecDeque<Change>,
}

impl MemoryDirectory {
    /// An empty directory.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it would be if it had been on a disk and were opened now.
    #[must_use]
    pub fn reopened(mut self) -> Self {
        self.changes.clear();
        self
    }

    pub(super) fn changed(&mut self, subject: Subject) -> u64 {
        self.revision += 1;
        if self.changes.len() == KEPT_CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(Change {
            revision: self.revision,
            subject,
        });
        self.revision
    }

    /// Takes an item as it is, whatever was there.
    pub(super) fn insert(&mut self, item: Item) {
        self.take(&item.subject);
        self.expiries.insert((item.expires, item.subject));
        self.items.insert(item.subject, item);
    }

    pub(super) fn take(&mut self, subject: &Subject) -> Option<Item> {
        let item = self.items.remove(subject)?;
        self.expiries.remove(&(item.expires, item.subject));
        Some(item)
    }

    pub(super) fn set_revision(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    pub(super) fn set_lease(&mut self, subject: Subject, lease: Option<Lease>) {
        match lease {
            Some(lease) => self.leases.insert(subject, lease),
            None => self.leases.remove(&subject),
        };
    }

    pub(super) fn lease_of(&self, subject: &Subject) -> Option<&Lease> {
        self.leases.get(subject)
    }

    pub(super) fn forget_counter(&mut self, name: &str) {
        self.counters.remove(name);
    }
}

impl Directory for MemoryDirectory {
    fn put(&mut self, item: Item) -> Result<Put, StoreError> {
        let length = item.bytes.len();
        if length > MAX_STATEMENT {
            let text =
                format!("a statement of {length} bytes, the directory takes {MAX_STATEMENT}");
            return Err(StoreError::new(StoreErrorKind::TooLarge, text));
        }
        match self.items.get(&item.subject) {
            Some(known) if *known == item => return Ok(Put::Same),
            Some(known) if known.sequence >= item.sequence => {
                let known = known.sequence;
                return Ok(Put::Stale { known });
            }
            _ => {}
        }
        self.changed(item.subject);
        self.insert(item);
        Ok(Put::Stored)
    }

    fn remove(&mut self, subject: Subject) -> Result<bool, StoreError> {
        let there = self.take(&subject).is_some();
        if there {
            self.changed(subject);
        }
        Ok(there)
    }

    fn item(&self, subject: &Subject) -> Option<Item> {
        self.items.get(subject).cloned()
    }

    fn items(&self, after: Option<Subject>, most: usize) -> Vec<Item> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let items = self.items.range((start, Bound::Unbounded));
        items.take(most).map(|(_, item)| item.clone()).collect()
    }

    fn len(&self) -> usize {
        self.items.len()
    }

    fn expire(&mut self, now: Timestamp) -> Result<Vec<Subject>, StoreError> {
        let mut gone = Vec::new();
        while let Some(&(expires, subject)) = self.expiries.first() {
            if expires > now {
                break;
            }
            self.take(&subject);
            gone.push(subject);
        }
        gone.sort_unstable();
        for &subject in &gone {
            self.changed(subject);
        }
        let ended = self.leases.iter().filter(|(_, lease)| lease.until <= now);
        let ended: Vec<_> = ended.map(|(subject, _)| *subject).collect();
        for subject in ended {
            self.leases.remove(&subject);
            self.changed(subject);
        }
        Ok(gone)
    }

    fn set_counter(&mut self, name: &str, value: u64) -> Result<(), StoreError> {
        if name.len() > 255 {
            let text = format!("a counter's name of {} bytes, it may have 255", name.len());
            return Err(StoreError::new(StoreErrorKind::TooLarge, text));
        }
        self.counters.insert(name.to_owned(), value);
        Ok(())
    }

    fn counter(&self, name: &str) -> u64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    fn lease(
        &mut self,
        subject: Subject,
        holder: Id,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Leased, StoreError> {
        let epoch = match self.holder(&subject, now) {
            Some(lease) if lease.holder != holder => return Ok(Leased::Held(lease)),
            Some(lease) => {
                self.changed(subject);
                lease.epoch
            }
            // Revisions only grow, so an epoch is higher than every one before it.
            None => self.changed(subject),
        };
        let lease = Lease {
            holder,
            epoch,
            until,
        };
        self.leases.insert(subject, lease);
        Ok(Leased::Granted(lease))
    }

    fn release(&mut self, subject: Subject, epoch: u64) -> Result<bool, StoreError> {
        let ours = self
            .leases
            .get(&subject)
            .is_some_and(|lease| lease.epoch == epoch);
        if ours {
            self.leases.remove(&subject);
            self.changed(subject);
        }
        Ok(ours)
    }

    fn holder(&self, subject: &Subject, now: Timestamp) -> Option<Lease> {
        let lease = self.leases.get(subject)?;
        (lease.until > now).then_some(*lease)
    }

    fn revision(&self) -> u64 {
        self.revision
    }

    fn changes(&self, since: u64, most: usize) -> Changes {
        // Revisions are without gaps, so those that are kept are the last ones.
        let kept = self.revision - self.changes.len() as u64;
        if since < kept {
            return Changes::All;
        }
        let skipped = usize::try_from(since - kept).unwrap_or(usize::MAX);
        Changes::Some(
            self.changes
                .iter()
                .skip(skipped)
                .take(most)
                .copied()
                .collect(),
        )
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn take_losses(&mut self) -> Vec<Loss> {
        Vec::new()
    }
}
