//! A directory on the disk.

mod codec;
mod open;

use std::collections::{BTreeSet, HashMap};

#[cfg(fuzzing)]
pub(in crate::store) use codec::assert_decodes_soundly;

use super::{Changes, Directory, Item, Lease, Leased, MemoryDirectory, Put, Subject};
use crate::{
    Timestamp,
    store::{
        Id, Loss, StoreError,
        id_map::Keyed,
        log::{Contents, Log, Place},
    },
};

/// How many bytes of the oldest segment are looked at in one commit, at least.
const STEP: u64 = 256 << 10;

/// How many bytes are looked at for each one that was added.
const PACE: u64 = 4;

/// How a [`LogDirectory`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogDirectorySettings {
    /// The length of a segment of the log in bytes, from 1 KiB to 1 GiB. The files take at most
    /// about twice what is in the directory, and four segments.
    pub segment_bytes: u32,
    /// A number that nobody else can guess. With it a statement cannot imitate a record.
    pub seed: u64,
}

impl LogDirectorySettings {
    /// Segments of 4 MiB.
    pub fn new(seed: u64) -> Self {
        Self {
            segment_bytes: 4 << 20,
            seed,
        }
    }
}

/// A directory in the files of a directory, all of which is in memory too.
pub struct LogDirectory {
    memory: MemoryDirectory,
    log: Log,
    /// Where what matters is in the log.
    places: HashMap<Thing, Place, Keyed>,
    /// Whose leases are among them.
    leases: BTreeSet<Subject>,
    /// The highest revision in the log.
    written: u64,
    cleaning: Option<Contents>,
    /// Whether the oldest segment is to be removed after the next commit.
    cleaned: bool,
    appended: u64,
    losses: Vec<Loss>,
}

/// What a record of the log can be about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Thing {
    Item(Subject),
    Lease(Subject),
    Counter(String),
}

impl LogDirectory {
    /// The bytes of the files, without their indexes.
    pub fn file_bytes(&self) -> u64 {
        self.log.bytes()
    }

    /// Writes a record, which takes the place of the older one about the same thing when it says
    /// what is so, and only ends that one when it does not.
    fn write(
        &mut self,
        thing: Thing,
        kind: u8,
        tag: &[u8],
        rest: &[&[u8]],
    ) -> Result<(), StoreError> {
        self.log.base = self.written + 1;
        let place = self.log.append(kind, tag, rest)?;
        if let Some((revision, _)) = codec::decode_tag(tag).filter(|_| kind != codec::COUNTER) {
            self.written = self.written.max(revision);
        }
        self.appended += u64::from(place.length);
        if let Thing::Lease(subject) = &thing {
            match kind {
                codec::LEASE => self.leases.insert(*subject),
                _ => self.leases.remove(subject),
            };
        }
        let old = if matches!(kind, codec::REMOVED | codec::RELEASED) {
            self.places.remove(&thing)
        } else {
            self.log.retain(place.segment, u64::from(place.length));
            self.places.insert(thing, place)
        };
        if let Some(old) = old {
            self.log.release(old.segment, u64::from(old.length));
        }
        Ok(())
    }

    /// Writes that an item or a lease is no more.
    fn write_end(&mut self, thing: Thing, kind: u8, revision: u64) -> Result<(), StoreError> {
        match &thing {
            Thing::Item(subject) | Thing::Lease(subject) => {
                let tag = codec::tag(revision, subject);
                self.write(thing, kind, &tag, &[])
            }
            Thing::Counter(_) => Ok(()),
        }
    }

    /// The leases that are in the log and not in memory any more, sorted.
    fn ended_leases(&self) -> Vec<Subject> {
        let leases = self.leases.iter().copied();
        leases
            .filter(|subject| self.memory.lease_of(subject).is_none())
            .collect()
    }

    /// Adds again what matters in the oldest segment, for about as long as adding took.
    fn clean(&mut self) -> Result<(), StoreError> {
        if self.cleaned {
            return Ok(());
        }
        let mut contents = match self.cleaning.take() {
            Some(contents) => contents,
            None => match self.log.worth_cleaning() {
                Some(oldest) => self.log.contents(oldest)?,
                None => return Ok(()),
            },
        };
        let mut budget = STEP + PACE * self.appended;
        while let Some((place, kind, tag, rest)) = contents.next() {
            if let Some(thing) = Thing::of(kind, tag)
                && self.places.get(&thing) == Some(&place)
            {
                self.write(thing, kind, tag, &[rest])?;
            }
            let Some(left) = budget.checked_sub(u64::from(place.length)) else {
                self.cleaning = Some(contents);
                return Ok(());
            };
            budget = left;
        }
        self.cleaned = true;
        Ok(())
    }
}

impl Thing {
    fn of(kind: u8, tag: &[u8]) -> Option<Self> {
        match kind {
            codec::ITEM | codec::REMOVED => Some(Self::Item(codec::decode_tag(tag)?.1)),
            codec::LEASE | codec::RELEASED => Some(Self::Lease(codec::decode_tag(tag)?.1)),
            codec::COUNTER => Some(Self::Counter(str::from_utf8(tag).ok()?.to_owned())),
            _ => None,
        }
    }
}

impl Directory for LogDirectory {
    fn put(&mut self, item: Item) -> Result<Put, StoreError> {
        self.log.check()?;
        let put = self.memory.put(item.clone())?;
        if put == Put::Stored {
            let tag = codec::tag(self.memory.revision(), &item.subject);
            let rest = [&codec::item_meta(&item)[..], &item.bytes[..]];
            self.write(Thing::Item(item.subject), codec::ITEM, &tag, &rest)?;
        }
        Ok(put)
    }

    fn remove(&mut self, subject: Subject) -> Result<bool, StoreError> {
        self.log.check()?;
        let there = self.memory.remove(subject)?;
        if there {
            let revision = self.memory.revision();
            self.write_end(Thing::Item(subject), codec::REMOVED, revision)?;
        }
        Ok(there)
    }

    fn item(&self, subject: &Subject) -> Option<Item> {
        self.memory.item(subject)
    }

    fn items(&self, after: Option<Subject>, most: usize) -> Vec<Item> {
        self.memory.items(after, most)
    }

    fn len(&self) -> usize {
        self.memory.len()
    }

    fn expire(&mut self, now: Timestamp) -> Result<Vec<Subject>, StoreError> {
        self.log.check()?;
        let gone = self.memory.expire(now)?;
        let ended = self.ended_leases();
        let before = self.memory.revision() - (gone.len() + ended.len()) as u64;
        let items = gone
            .iter()
            .map(|subject| (Thing::Item(*subject), codec::REMOVED));
        let leases = ended
            .iter()
            .map(|subject| (Thing::Lease(*subject), codec::RELEASED));
        for ((thing, kind), revision) in items.chain(leases).zip(before + 1..) {
            self.write_end(thing, kind, revision)?;
        }
        Ok(gone)
    }

    fn set_counter(&mut self, name: &str, value: u64) -> Result<(), StoreError> {
        self.log.check()?;
        self.memory.set_counter(name, value)?;
        let rest = value.to_le_bytes();
        let thing = Thing::Counter(name.to_owned());
        self.write(thing, codec::COUNTER, name.as_bytes(), &[&rest])
    }

    fn counter(&self, name: &str) -> u64 {
        self.memory.counter(name)
    }

    fn lease(
        &mut self,
        subject: Subject,
        holder: Id,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<Leased, StoreError> {
        self.log.check()?;
        let leased = self.memory.lease(subject, holder, until, now)?;
        if let Leased::Granted(lease) = leased {
            let tag = codec::tag(self.memory.revision(), &subject);
            let rest = codec::lease(&lease);
            self.write(Thing::Lease(subject), codec::LEASE, &tag, &[&rest])?;
        }
        Ok(leased)
    }

    fn release(&mut self, subject: Subject, epoch: u64) -> Result<bool, StoreError> {
        self.log.check()?;
        let ours = self.memory.release(subject, epoch)?;
        if ours {
            let revision = self.memory.revision();
            self.write_end(Thing::Lease(subject), codec::RELEASED, revision)?;
        }
        Ok(ours)
    }

    fn holder(&self, subject: &Subject, now: Timestamp) -> Option<Lease> {
        self.memory.holder(subject, now)
    }

    fn revision(&self) -> u64 {
        self.memory.revision()
    }

    fn changes(&self, since: u64, most: usize) -> Changes {
        self.memory.changes(since, most)
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.log.check()?;
        self.clean()?;
        self.log.commit()?;
        self.appended = 0;
        if std::mem::take(&mut self.cleaned) {
            self.log.remove_oldest()?;
        }
        Ok(())
    }

    fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }
}
