//! Opening a spool: everything in memory follows from the log.

use std::collections::{BTreeSet, VecDeque};

use super::{
    LogSpool, LogSpoolSettings,
    codec::{self, Acknowledged, Kept, MessageTag, Stored},
    mailbox::{Held, Mailbox},
    recent::Recent,
    window::{Epoch, Senders, Told},
};
use crate::{
    Timestamp,
    store::{
        Damage, Files, Id, Loss, Lost, SpoolCounters, StoreError, Usage,
        id_map::IdMap,
        log::{Event, Found, Log, LogSettings, Place},
    },
};

/// Of how many numbers of a window it is remembered where the messages are, at least, before those
/// that are too old are sorted out.
const LEAST_TOLD: u64 = 256;

/// What is known while the log is read.
struct Opening {
    boxes: IdMap<Filling>,
    senders: Senders,
    /// Where the messages are that may come again.
    told: Told,
    /// The sender, epoch, number and position of copies.
    copies: Vec<(Id, u64, u64, u64)>,
    window: u64,
    /// What matters beside messages, by segment.
    notes: Vec<(u32, i64)>,
    next: u64,
    losses: Vec<Loss>,
}

/// A mailbox while the log is read.
#[derive(Default)]
struct Filling {
    held: Vec<Held>,
    acknowledged: Vec<(u64, u64)>,
    unsorted: bool,
}

impl LogSpool {
    /// Opens the spool in a directory, which is empty at first, and tells what was damaged.
    ///
    /// Messages whose time is over are removed at once. What is lost is told again each time until
    /// the segment in which it was is removed.
    ///
    /// # Errors
    /// [`Disk`](crate::store::StoreErrorKind::Disk) when the files cannot be read or mended,
    /// [`Version`](crate::store::StoreErrorKind::Version) when another version wrote them. Damage is
    /// not an error.
    pub fn open(
        files: Box<dyn Files>,
        settings: LogSpoolSettings,
        now: Timestamp,
    ) -> Result<(Self, Vec<Loss>), StoreError> {
        let mut opening = Opening {
            boxes: IdMap::default(),
            senders: Senders::new(settings.spool.window),
            told: Vec::new(),
            copies: Vec::new(),
            window: settings.spool.window.messages,
            notes: Vec::new(),
            next: 1,
            losses: Vec::new(),
        };
        let log = LogSettings {
            purpose: b's',
            segment_bytes: settings.segment_bytes.clamp(1024, 1 << 30),
            seed: settings.seed,
        };
        let log = Log::open(files, log, &mut |event| opening.take(event))?;
        Ok(opening.finish(log, settings, now.millis()))
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
                    let what = self.lost(kind, tag);
                    self.losses.push(Loss {
                        what,
                        file: format!("segment {}", place.segment),
                        offset: u64::from(place.offset),
                        damage: Damage::Content,
                    });
                }
            }
            Event::Lost { found, kind, tag } => {
                let what = self.lost(kind, tag);
                self.losses.push(loss(what, found));
            }
            Event::Note(found) => self.losses.push(loss(Lost::Nothing, found)),
        }
    }

    /// Takes a record, when its content fits its kind.
    fn record(&mut self, place: Place, kind: u8, tag: &[u8], rest: &[u8]) -> Option<()> {
        match kind {
            codec::MESSAGE | codec::COPY => {
                let (tag, stored) = (MessageTag::decode(tag)?, Stored::decode(rest)?);
                let held = Held::new(tag.position, stored.expires, place, stored.body.len());
                self.next = self.next.max(tag.position.saturating_add(1));
                for id in tag.recipients() {
                    self.boxes.entry(id).or_default().push(held);
                }
                let (sender, epoch, sequence) = (stored.sender, stored.epoch, stored.sequence);
                // What a copy could tell of its sender was noted before its segment went.
                if kind == codec::MESSAGE {
                    let (id, at) = ((sender, epoch, sequence), (place.segment, tag.position));
                    let window = {
                        let drop = &mut forget(&mut self.notes);
                        self.senders.remember(id, stored.stored, at, drop)
                    };
                    self.tell(window as usize, sequence, tag.position);
                } else {
                    self.copies.push((sender, epoch, sequence, tag.position));
                }
            }
            codec::ACKNOWLEDGEMENT => self.acknowledge(tag)?,
            codec::WINDOW => {
                let ((sender, epoch), kept) = (codec::decode_window_tag(tag)?, Kept::decode(rest)?);
                let noted = u64::from(place.length);
                self.notes.push((place.segment, i64::from(place.length)));
                let drop = &mut forget(&mut self.notes);
                let senders = &mut self.senders;
                senders.restore(sender, epoch, &kept, place.segment, noted, drop);
            }
            _ => return None,
        }
        Some(())
    }

    /// Remembers where a message is that may come again.
    fn tell(&mut self, window: usize, sequence: u64, position: u64) {
        if self.told.len() <= window {
            self.told.resize_with(window + 1, Vec::new);
        }
        let (told, most) = (&mut self.told[window], self.window);
        told.push((sequence, position));
        if told.len() as u64 > most.max(LEAST_TOLD).saturating_mul(2) {
            let high = told.iter().map(|(sequence, _)| *sequence).max();
            let lowest = high.unwrap_or(0).saturating_sub(most);
            told.retain(|(sequence, _)| *sequence >= lowest);
        }
    }

    fn acknowledge(&mut self, tag: &[u8]) -> Option<()> {
        let Acknowledged {
            mailbox,
            first,
            last,
        } = Acknowledged::decode(tag)?;
        self.next = self.next.max(last.saturating_add(1));
        let filling = self.boxes.entry(mailbox).or_default();
        filling.acknowledged.push((first, last));
        Some(())
    }

    /// What a damaged record was, by what is noted of it.
    fn lost(&mut self, kind: u8, tag: &[u8]) -> Lost {
        let lost = match kind {
            codec::MESSAGE | codec::COPY => MessageTag::decode(tag).map(|tag| Lost::Message {
                mailboxes: tag.recipients().collect(),
                position: tag.position,
            }),
            // All of it is in the tag.
            codec::ACKNOWLEDGEMENT => self.acknowledge(tag).map(|()| Lost::Nothing),
            codec::WINDOW => {
                codec::decode_window_tag(tag).map(|(sender, epoch)| Lost::Window { sender, epoch })
            }
            _ => None,
        };
        if let Some(Lost::Message { position, .. }) = lost {
            self.next = self.next.max(position.saturating_add(1));
        }
        lost.unwrap_or(Lost::Unknown)
    }

    fn finish(
        mut self,
        mut log: Log,
        settings: LogSpoolSettings,
        now: u64,
    ) -> (LogSpool, Vec<Loss>) {
        for filling in self.boxes.values_mut() {
            filling.settle();
        }
        for loss in &mut self.losses {
            loss.what = still_lost(
                std::mem::replace(&mut loss.what, Lost::Nothing),
                &self.boxes,
            );
        }
        for (segment, bytes) in self.notes {
            match u64::try_from(bytes) {
                Ok(bytes) => log.retain(segment, bytes),
                Err(_) => log.release(segment, bytes.unsigned_abs()),
            }
        }
        let (mut mailboxes, mut schedule) = (IdMap::default(), BTreeSet::new());
        let mut all = Usage::default();
        self.senders.place(&self.told, &self.copies);
        let holders = &mut self.senders.holders;
        for (id, filling) in self.boxes {
            for held in &filling.held {
                holders.retain(held.position);
                log.retain(held.place().segment, held.cost());
                all.add(held.body());
            }
            if !filling.held.is_empty() {
                let mailbox = Mailbox::new(VecDeque::from(filling.held));
                schedule.insert((mailbox.soonest, id));
                mailboxes.insert(id, mailbox);
            }
        }
        holders.settle();
        let next = self.next.max(log.base);
        let mut spool = LogSpool {
            log,
            settings,
            mailboxes,
            schedule,
            senders: self.senders,
            recent: Recent::new(settings.cache_bytes),
            held: all,
            next,
            opened: next,
            counters: SpoolCounters::default(),
            losses: Vec::new(),
            cleaning: None,
            cleaned: None,
            appended: 0,
            tag: Vec::new(),
            meta: Vec::new(),
        };
        spool.sweep(now);
        (spool, self.losses)
    }
}

impl Filling {
    fn push(&mut self, held: Held) {
        let last = self.held.last();
        self.unsorted |= last.is_some_and(|last| last.position >= held.position);
        self.held.push(held);
    }

    /// Sorts the messages, keeps the newest copy of each, and removes what was acknowledged.
    fn settle(&mut self) {
        if self.unsorted {
            // Stable, and the log was read in order: of copies the newest comes last.
            self.held.sort_by_key(|held| held.position);
            self.held.reverse();
            self.held.dedup_by_key(|held| held.position);
            self.held.reverse();
        }
        self.acknowledged.sort_unstable();
        let mut ranges = self.acknowledged.iter().peekable();
        let mut until = None;
        self.held.retain(|held| {
            while let Some((_, last)) = ranges.next_if(|(first, _)| *first <= held.position) {
                until = until.max(Some(*last));
            }
            until.is_none_or(|until| held.position > until)
        });
    }

    fn has(&self, position: u64) -> bool {
        self.held
            .binary_search_by_key(&position, |held| held.position)
            .is_ok()
    }

    fn has_acknowledged(&self, position: u64) -> bool {
        let mut ranges = self.acknowledged.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&position))
    }
}

/// What is lost in the end: not what stands elsewhere too or was done with.
fn still_lost(lost: Lost, boxes: &IdMap<Filling>) -> Lost {
    match lost {
        Lost::Message {
            mut mailboxes,
            position,
        } => {
            mailboxes.retain(|id| {
                let filling = boxes.get(id);
                !filling.is_some_and(|filling| {
                    filling.has(position) || filling.has_acknowledged(position)
                })
            });
            if mailboxes.is_empty() {
                return Lost::Nothing;
            }
            Lost::Message {
                mailboxes,
                position,
            }
        }
        other => other,
    }
}

/// Counts what a sender's epoch that is forgotten took in the log.
fn forget(notes: &mut Vec<(u32, i64)>) -> impl FnMut(&Epoch) {
    |epoch| {
        if epoch.noted > 0 {
            let bytes = i64::try_from(epoch.noted).unwrap_or(i64::MAX);
            notes.push((epoch.since, -bytes));
        }
    }
}

fn loss(what: Lost, found: Found) -> Loss {
    Loss {
        what,
        file: found.file,
        offset: u64::from(found.offset),
        damage: found.damage,
    }
}
