//! A spool on the disk.

mod clean;
mod codec;
mod holders;
mod mailbox;
mod open;
mod recent;
mod window;

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    ops::RangeInclusive,
};

#[cfg(fuzzing)]
pub(in crate::store) use codec::assert_decodes_soundly;

use self::{
    codec::{Acknowledged, MessageTag, Stored},
    mailbox::{Held, Mailbox},
    recent::Recent,
    window::Senders,
};
use super::{
    Appended, Entry, Expired, Full, Message, ReadLimit, Recipients, Spool, SpoolCounters,
    SpoolSettings, Usage, memory::check_body,
};
use crate::{
    Timestamp,
    store::{
        Damage, Id, Loss, Lost, StoreError,
        id_map::IdMap,
        log::{Contents, Log},
    },
};

/// How a [`LogSpool`] is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSpoolSettings {
    /// What every spool is told.
    pub spool: SpoolSettings,
    /// How many bytes the newest messages may take in memory. Older ones are read from the disk.
    pub cache_bytes: usize,
    /// The length of a segment of the log in bytes, from 1 KiB to 1 GiB. Space comes back by segments:
    /// the files take at most about twice what the mailboxes hold, and four segments.
    pub segment_bytes: u32,
    /// A number that nobody else can guess. With it a body cannot imitate a record.
    pub seed: u64,
}

impl LogSpoolSettings {
    /// The defaults of [`SpoolSettings`], 64 MiB of messages in memory, and segments of 16 MiB.
    pub fn new(seed: u64) -> Self {
        Self {
            spool: SpoolSettings::default(),
            cache_bytes: 64 << 20,
            segment_bytes: 16 << 20,
            seed,
        }
    }
}

/// A spool in the files of a directory.
///
/// In memory are 32 bytes for each message in each mailbox, about 70 more when it may come again and
/// is still held, half a kilobyte for each sender that is remembered, and the newest messages.
pub struct LogSpool {
    log: Log,
    settings: LogSpoolSettings,
    mailboxes: IdMap<Mailbox>,
    /// When to look for expired messages in which mailbox.
    schedule: BTreeSet<(u64, Id)>,
    senders: Senders,
    recent: Recent,
    held: Usage,
    next: u64,
    /// Messages below this position were there when the spool was opened.
    opened: u64,
    counters: SpoolCounters,
    losses: Vec<Loss>,
    cleaning: Option<Contents>,
    /// The oldest segment when it is to be removed after the next commit.
    cleaned: Option<u32>,
    appended: u64,
    tag: Vec<u8>,
    meta: Vec<u8>,
}

impl LogSpool {
    /// The bytes of the files, without their indexes.
    pub fn file_bytes(&self) -> u64 {
        self.log.bytes()
    }

    /// The recipients for whom there is room, each once, and the others.
    fn admit(&self, message: &Message) -> (Vec<Id>, Vec<(Id, Full)>) {
        let (bytes, quota) = (message.body.len() as u64, &self.settings.spool.quota);
        let (mut admitted, mut refused) = (Vec::new(), Vec::new());
        let (mut all, mut done) = (self.held, HashSet::new());
        for &recipient in message.recipients.as_slice() {
            let many = matches!(message.recipients, Recipients::Many(_));
            if many && !done.insert(recipient) {
                continue;
            }
            match quota.refuses(self.usage(recipient), all, bytes) {
                Some(full) => refused.push((recipient, full)),
                None => {
                    all.add(bytes);
                    admitted.push(recipient);
                }
            }
        }
        (admitted, refused)
    }

    /// Writes a message and puts it into the mailboxes.
    fn store(&mut self, message: &Message, admitted: &[Id], now: u64) -> Result<u64, StoreError> {
        let (position, bytes) = (self.next, message.body.len());
        let stored = Stored {
            stored: now,
            expires: message.expires.millis(),
            epoch: message.epoch,
            sequence: message.sequence,
            sender: message.sender,
            group: message.group,
            body: &message.body,
        };
        MessageTag::encode(&mut self.tag, position, admitted);
        stored.encode_meta(&mut self.meta);
        self.log.base = position;
        let rest = [&self.meta[..], &message.body[..]];
        let place = self.log.append(codec::MESSAGE, &self.tag, &rest)?;
        self.appended += u64::from(place.length);
        self.next += 1;
        let held = Held::new(position, stored.expires, place, bytes);
        for &recipient in admitted {
            self.held.add(bytes as u64);
            self.log.retain(place.segment, held.cost());
            let mailbox = self.mailboxes.entry(recipient);
            let mailbox = mailbox.or_insert_with(|| Mailbox::new(VecDeque::new()));
            mailbox.push(held);
            if held.expires < mailbox.soonest {
                self.schedule.remove(&(mailbox.soonest, recipient));
                mailbox.soonest = held.expires;
                self.schedule.insert((held.expires, recipient));
            }
        }
        let id = (message.sender, message.epoch, message.sequence);
        let log = &mut self.log;
        let drop = &mut |epoch: &window::Epoch| log.release(epoch.since, epoch.noted);
        let at = (place.segment, position);
        let window = self.senders.remember(id, now, at, drop);
        if let (1.., Ok(mailboxes)) = (admitted.len(), u32::try_from(admitted.len())) {
            let holders = &mut self.senders.holders;
            holders.note(window, message.sequence, position, mailboxes);
        }
        self.recent.push(Entry {
            position,
            sender: message.sender,
            group: message.group,
            epoch: message.epoch,
            sequence: message.sequence,
            stored: Timestamp::from_millis(now),
            expires: message.expires,
            recovered: false,
            body: message.body.clone(),
        });
        Ok(position)
    }

    /// Removes messages from a mailbox, and the mailbox when it is empty.
    fn remove(&mut self, id: Id, positions: RangeInclusive<u64>) -> Usage {
        let Some(mailbox) = self.mailboxes.get_mut(&id) else {
            return Usage::default();
        };
        let mut removed = Usage::default();
        let (log, holders) = (&mut self.log, &mut self.senders.holders);
        mailbox.remove(positions, &mut |held| {
            removed.add(held.body());
            holders.release(held.position);
            log.release(held.place().segment, held.cost());
        });
        self.held.remove(removed);
        if mailbox.usage().messages == 0 {
            self.schedule.remove(&(mailbox.soonest, id));
            self.mailboxes.remove(&id);
        }
        removed
    }

    fn sweep(&mut self, now: u64) -> Vec<Expired> {
        let mut due = Vec::new();
        while let Some(&(soonest, id)) = self.schedule.first() {
            if soonest > now {
                break;
            }
            self.schedule.pop_first();
            due.push(id);
        }
        due.sort_unstable();
        let mut gone = Vec::new();
        for id in due {
            let Some(mailbox) = self.mailboxes.get_mut(&id) else {
                continue;
            };
            let (log, mut removed) = (&mut self.log, Usage::default());
            let holders = &mut self.senders.holders;
            mailbox.expire(now, &mut |held| {
                holders.release(held.position);
                let (mailbox, position) = (id, held.position);
                gone.push(Expired { mailbox, position });
                removed.add(held.body());
                log.release(held.place().segment, held.cost());
            });
            self.held.remove(removed);
            if mailbox.usage().messages == 0 {
                self.mailboxes.remove(&id);
            } else {
                self.schedule.insert((mailbox.soonest, id));
            }
        }
        let log = &mut self.log;
        let drop = &mut |epoch: &window::Epoch| log.release(epoch.since, epoch.noted);
        self.senders.forget(now, drop);
        gone
    }

    /// Removes messages that turned out to be damaged when they were read, and tells of it.
    fn lose(&mut self, mailbox: Id, damaged: Vec<(Held, Damage)>) {
        for (held, damage) in damaged {
            let place = held.place();
            self.losses.push(Loss {
                what: Lost::Message {
                    mailboxes: vec![mailbox],
                    position: held.position,
                },
                file: self.log.file_name(place.segment),
                offset: u64::from(place.offset),
                damage,
            });
            self.remove(mailbox, held.position..=held.position);
        }
    }
}

impl Spool for LogSpool {
    fn append(&mut self, message: &Message, now: Timestamp) -> Result<Appended, StoreError> {
        self.log.check()?;
        check_body(message, &self.settings.spool)?;
        let now = now.millis();
        let id = (message.sender, message.epoch, message.sequence);
        let log = &mut self.log;
        let drop = &mut |epoch: &window::Epoch| log.release(epoch.since, epoch.noted);
        if let Some(known) = self.senders.judge(id, now, drop) {
            self.counters.duplicates += 1;
            return Ok(known);
        }
        let (admitted, refused) = self.admit(message);
        if let (true, Some((_, full))) = (admitted.is_empty(), refused.first()) {
            self.counters.full += 1;
            return Ok(Appended::Full(*full));
        }
        let position = self.store(message, &admitted, now)?;
        self.counters.stored += 1;
        Ok(Appended::Stored { position, refused })
    }

    fn acknowledge(
        &mut self,
        mailbox: Id,
        positions: RangeInclusive<u64>,
    ) -> Result<Usage, StoreError> {
        self.log.check()?;
        let (first, last) = (*positions.start(), *positions.end());
        // What is to come is not acknowledged, here and when the log is read again.
        let last = last.min(self.next - 1);
        let removed = self.remove(mailbox, first..=last);
        if removed.messages > 0 {
            let tag = Acknowledged {
                mailbox,
                first,
                last,
            };
            self.log.base = self.next;
            let place = self
                .log
                .append(codec::ACKNOWLEDGEMENT, &tag.encode(), &[])?;
            self.appended += u64::from(place.length);
            self.counters.acknowledged += removed.messages;
        }
        Ok(removed)
    }

    fn expire(&mut self, now: Timestamp) -> Result<Vec<Expired>, StoreError> {
        self.log.check()?;
        let gone = self.sweep(now.millis());
        self.counters.expired += gone.len() as u64;
        Ok(gone)
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        self.log.flush()
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        self.clean()?;
        self.log.commit()?;
        self.appended = 0;
        if self.cleaned.take().is_some() {
            self.log.remove_oldest()?;
        }
        Ok(())
    }

    fn read(
        &mut self,
        mailbox: Id,
        from: u64,
        limit: ReadLimit,
        entries: &mut Vec<Entry>,
    ) -> Result<(), StoreError> {
        self.log.check()?;
        let Some(held) = self.mailboxes.get(&mailbox) else {
            return Ok(());
        };
        let (mut given, mut bytes, mut damaged) = (0, 0_usize, Vec::new());
        for held in held.from(from) {
            let after = bytes.saturating_add(held.body() as usize);
            if given == limit.messages || given > 0 && after > limit.bytes {
                break;
            }
            let entry = match self.recent.get(held.position) {
                Some(entry) => entry.clone(),
                None => {
                    let read = self.log.read(held.place())?;
                    let recovered = held.position < self.opened;
                    let entry = read.and_then(|rest| {
                        let stored = Stored::decode(rest).ok_or(Damage::Content)?;
                        Ok(stored.entry(held.position, recovered))
                    });
                    match entry {
                        Ok(entry) => entry,
                        Err(damage) => {
                            damaged.push((*held, damage));
                            continue;
                        }
                    }
                }
            };
            (given, bytes) = (given + 1, after);
            entries.push(entry);
        }
        self.lose(mailbox, damaged);
        Ok(())
    }

    fn held(&self, mailbox: Id, positions: RangeInclusive<u64>) -> Vec<u64> {
        let Some(mailbox) = self.mailboxes.get(&mailbox) else {
            return Vec::new();
        };
        let from = mailbox.from(*positions.start()).map(|held| held.position);
        from.take_while(|at| positions.contains(at)).collect()
    }

    fn usage(&self, mailbox: Id) -> Usage {
        self.mailboxes
            .get(&mailbox)
            .map_or(Usage::default(), Mailbox::usage)
    }

    fn mailboxes(&self, after: Option<Id>, most: usize) -> Vec<(Id, Usage)> {
        let listed = self
            .mailboxes
            .iter()
            .map(|(id, mailbox)| (*id, mailbox.usage()));
        let mut listed: Vec<_> = listed
            .filter(|(id, _)| after.is_none_or(|after| *id > after))
            .collect();
        listed.sort_unstable_by_key(|(id, _)| *id);
        listed.truncate(most);
        listed
    }

    fn counters(&self) -> SpoolCounters {
        SpoolCounters {
            held: self.held,
            mailboxes: self.mailboxes.len() as u64,
            windows: self.senders.count(),
            next_position: self.next,
            ..self.counters
        }
    }

    fn take_losses(&mut self) -> Vec<Loss> {
        std::mem::take(&mut self.losses)
    }
}
