//! Opening a directory: its log is read from the begin, and later records replace earlier ones.

use std::collections::HashMap;

use super::{LogDirectory, LogDirectorySettings, Thing, codec};
use crate::store::{
    Damage, Directory as _, Files, Loss, Lost, MemoryDirectory, StoreError,
    id_map::Keyed,
    log::{Event, Found, Log, LogSettings, Place},
};

struct Opening {
    memory: MemoryDirectory,
    places: HashMap<Thing, Place, Keyed>,
    losses: Vec<Loss>,
}

impl LogDirectory {
    /// Opens the directory in a directory of files, which is empty at first, and tells what was
    /// damaged.
    ///
    /// When the newest item of a subject is damaged, older ones do not come back in its place: the
    /// subject is not there until its owner states it again.
    ///
    /// # Errors
    /// [`Disk`](crate::store::StoreErrorKind::Disk) when the files cannot be read or mended,
    /// [`Version`](crate::store::StoreErrorKind::Version) when another version wrote them. Damage is
    /// not an error.
    pub fn open(
        files: Box<dyn Files>,
        settings: LogDirectorySettings,
    ) -> Result<(Self, Vec<Loss>), StoreError> {
        let mut opening = Opening {
            memory: MemoryDirectory::new(),
            places: HashMap::default(),
            losses: Vec::new(),
        };
        let log = LogSettings {
            purpose: b'd',
            segment_bytes: settings.segment_bytes.clamp(1024, 1 << 30),
            seed: settings.seed,
        };
        let mut log = Log::open(files, log, &mut |event| opening.take(event))?;
        for place in opening.places.values() {
            log.retain(place.segment, u64::from(place.length));
        }
        opening.memory.set_revision(log.base.saturating_sub(1));
        let leases = opening.places.keys().filter_map(|thing| match thing {
            Thing::Lease(subject) => Some(*subject),
            Thing::Item(_) | Thing::Counter(_) => None,
        });
        let directory = Self {
            leases: leases.collect(),
            written: opening.memory.revision(),
            memory: opening.memory,
            log,
            places: opening.places,
            cleaning: None,
            cleaned: false,
            appended: 0,
            losses: Vec::new(),
        };
        Ok((directory, opening.losses))
    }
}

impl Opening {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Record {
                place,
                kind,
                tag,
                rest,
            } => {
                if self.record(place, kind, tag, rest).is_none() {
                    let file = format!("segment {}", place.segment);
                    let (offset, damage) = (place.offset, Damage::Content);
                    self.lost(
                        kind,
                        tag,
                        Found {
                            file,
                            offset,
                            damage,
                        },
                    );
                }
            }
            Event::Lost { found, kind, tag } => self.lost(kind, tag, found),
            Event::Note(found) => self.tell(Lost::Nothing, found),
        }
    }

    /// Takes a record, when its content fits its kind.
    fn record(&mut self, place: Place, kind: u8, tag: &[u8], rest: &[u8]) -> Option<()> {
        let thing = Thing::of(kind, tag)?;
        match (&thing, kind) {
            (Thing::Item(subject), codec::ITEM) => {
                self.memory.insert(codec::decode_item(*subject, rest)?);
            }
            (Thing::Lease(subject), codec::LEASE) => {
                let lease = codec::decode_lease(rest)?;
                self.memory.set_lease(*subject, Some(lease));
                self.memory.set_revision(lease.epoch);
            }
            (Thing::Counter(_), _) => {
                let (name, value) = codec::decode_counter(tag, rest)?;
                self.memory.set_counter(name, value).ok()?;
            }
            _ => {
                self.end(&thing, tag);
                return Some(());
            }
        }
        self.supersede(&thing, tag);
        self.places.insert(thing, place);
        Some(())
    }

    /// Takes a thing away.
    fn end(&mut self, thing: &Thing, tag: &[u8]) {
        match thing {
            Thing::Item(subject) => drop(self.memory.take(subject)),
            Thing::Lease(subject) => self.memory.set_lease(*subject, None),
            Thing::Counter(name) => self.memory.forget_counter(name),
        }
        self.places.remove(thing);
        self.supersede(thing, tag);
    }

    /// What was lost of a thing before does not matter any more.
    fn supersede(&mut self, thing: &Thing, tag: &[u8]) {
        if let (Thing::Item(_) | Thing::Lease(_), Some((revision, _))) =
            (thing, codec::decode_tag(tag))
        {
            self.memory.set_revision(revision);
        }
        if !self.losses.is_empty() {
            let lost = thing.lost();
            let same = self.losses.iter_mut().filter(|loss| loss.what == lost);
            same.for_each(|loss| loss.what = Lost::Nothing);
        }
    }

    fn lost(&mut self, kind: u8, tag: &[u8], found: Found) {
        let Some(thing) = Thing::of(kind, tag) else {
            return self.tell(Lost::Unknown, found);
        };
        self.end(&thing, tag);
        // That something ended is all in the tag.
        let ended = matches!(kind, codec::REMOVED | codec::RELEASED);
        let what = if ended { Lost::Nothing } else { thing.lost() };
        self.tell(what, found);
    }

    fn tell(&mut self, what: Lost, found: Found) {
        self.losses.push(Loss {
            what,
            file: found.file,
            offset: u64::from(found.offset),
            damage: found.damage,
        });
    }
}

impl Thing {
    fn lost(&self) -> Lost {
        match self {
            Self::Item(subject) => Lost::Item(*subject),
            Self::Lease(subject) => Lost::Lease(*subject),
            Self::Counter(name) => Lost::Counter(name.clone()),
        }
    }
}
