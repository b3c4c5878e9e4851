//! A spool in memory, as plain as it can be: what the others are compared with.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use super::{
    Appended, Entry, Expired, Full, Held, MAX_EPOCHS, Message, ReadLimit, Spool, SpoolCounters,
    SpoolSettings, Usage,
};
use crate::{
    Timestamp,
    store::{Id, Loss, StoreError, StoreErrorKind},
};

/// A spool in memory, which is lost with it.
#[derive(Clone, Debug)]
pub struct MemorySpool {
    settings: SpoolSettings,
    mailboxes: BTreeMap<Id, BTreeMap<u64, Entry>>,
    senders: BTreeMap<Id, BTreeMap<u64, Seen>>,
    next: u64,
    counters: SpoolCounters,
}

/// What is remembered of one epoch of a sender.
#[derive(Clone, Debug)]
struct Seen {
    /// And where the message was stored.
    numbers: BTreeMap<u64, u64>,
    last: Timestamp,
}

impl MemorySpool {
    /// An empty spool.
    pub fn new(settings: SpoolSettings) -> Self {
        Self {
            settings,
            mailboxes: BTreeMap::new(),
            senders: BTreeMap::new(),
            next: 1,
            counters: SpoolCounters::default(),
        }
    }

    /// What it would be if it had been on a disk and were opened now.
    #[must_use]
    pub fn reopened(mut self, settings: SpoolSettings, now: Timestamp) -> Self {
        self.settings = settings;
        for entry in self.mailboxes.values_mut().flat_map(BTreeMap::values_mut) {
            entry.recovered = true;
        }
        self.sweep(now);
        self.counters = SpoolCounters::default();
        self
    }

    /// Whether a message came before, or is too old to tell; senders that are past are forgotten.
    fn judge(&mut self, message: &Message, now: Timestamp) -> Option<Appended> {
        let window = self.settings.window;
        let epochs = self.senders.entry(message.sender).or_default();
        epochs.retain(|_, seen| seen.last + window.time > now);
        let Some(seen) = epochs.get(&message.epoch) else {
            let oldest = epochs.keys().next();
            let past = oldest.is_some_and(|oldest| message.epoch < *oldest);
            let stale = past && epochs.len() >= MAX_EPOCHS;
            return stale.then_some(Appended::Stale);
        };
        let high = seen.numbers.keys().next_back().copied().unwrap_or(0);
        if high.saturating_sub(message.sequence) >= window.messages {
            Some(Appended::Stale)
        } else {
            let position = *seen.numbers.get(&message.sequence)?;
            let held = self.who_holds(position);
            Some(Appended::Duplicate { held })
        }
    }

    fn who_holds(&self, position: u64) -> Option<Held> {
        let boxes = self.mailboxes.values();
        let mailboxes = boxes.filter(|entries| entries.contains_key(&position));
        let mailboxes = mailboxes.count() as u64;
        (mailboxes > 0).then_some(Held {
            position,
            mailboxes,
        })
    }

    fn remember(&mut self, message: &Message, now: Timestamp) {
        let epochs = self.senders.entry(message.sender).or_default();
        let seen = epochs.entry(message.epoch).or_insert_with(|| Seen {
            numbers: BTreeMap::new(),
            last: now,
        });
        seen.numbers.insert(message.sequence, self.next);
        seen.last = seen.last.max(now);
        if let Some((&high, _)) = seen.numbers.last_key_value() {
            let lowest = high.saturating_sub(self.settings.window.messages - 1);
            seen.numbers = seen.numbers.split_off(&lowest);
        }
        while epochs.len() > MAX_EPOCHS {
            epochs.pop_first();
        }
    }

    fn sweep(&mut self, now: Timestamp) -> Vec<Expired> {
        let mut gone = Vec::new();
        for (&mailbox, entries) in &mut self.mailboxes {
            entries.retain(|&position, entry| {
                let keep = entry.expires > now;
                if !keep {
                    gone.push(Expired { mailbox, position });
                }
                keep
            });
        }
        self.mailboxes.retain(|_, entries| !entries.is_empty());
        let time = self.settings.window.time;
        for epochs in self.senders.values_mut() {
            epochs.retain(|_, seen| seen.last + time > now);
        }
        self.counters.expired += gone.len() as u64;
        gone
    }

    fn all(&self) -> Usage {
        let mut held = Usage::default();
        for entry in self.mailboxes.values().flat_map(BTreeMap::values) {
            held.add(entry.body.len() as u64);
        }
        held
    }

    fn place(&mut self, message: &Message, now: Timestamp) -> (bool, Vec<(Id, Full)>) {
        let (mut stored, mut refused) = (false, Vec::new());
        let mut done = BTreeSet::new();
        for &recipient in message.recipients.as_slice() {
            if !done.insert(recipient) {
                continue;
            }
            let (mailbox, all) = (self.usage(recipient), self.all());
            let bytes = message.body.len() as u64;
            if let Some(full) = self.settings.quota.refuses(mailbox, all, bytes) {
                refused.push((recipient, full));
                continue;
            }
            stored = true;
            let entry = Entry {
                position: self.next,
                sender: message.sender,
                group: message.group,
                epoch: message.epoch,
                sequence: message.sequence,
                stored: now,
                expires: message.expires,
                recovered: false,
                body: message.body.clone(),
            };
            let entries = self.mailboxes.entry(recipient).or_default();
            entries.insert(self.next, entry);
        }
        (stored, refused)
    }
}

impl Spool for MemorySpool {
    fn append(&mut self, message: &Message, now: Timestamp) -> Result<Appended, StoreError> {
        check_body(message, &self.settings)?;
        if let Some(known) = self.judge(message, now) {
            self.counters.duplicates += 1;
            return Ok(known);
        }
        let (stored, refused) = self.place(message, now);
        if let (false, Some((_, full))) = (stored, refused.first()) {
            self.counters.full += 1;
            return Ok(Appended::Full(*full));
        }
        self.remember(message, now);
        self.counters.stored += 1;
        let position = self.next;
        self.next += 1;
        Ok(Appended::Stored { position, refused })
    }

    fn acknowledge(
        &mut self,
        mailbox: Id,
        positions: RangeInclusive<u64>,
    ) -> Result<Usage, StoreError> {
        let mut removed = Usage::default();
        if let Some(entries) = self.mailboxes.get_mut(&mailbox) {
            entries.retain(|position, entry| {
                let gone = positions.contains(position);
                if gone {
                    removed.add(entry.body.len() as u64);
                }
                !gone
            });
            if entries.is_empty() {
                self.mailboxes.remove(&mailbox);
            }
        }
        self.counters.acknowledged += removed.messages;
        Ok(removed)
    }

    fn expire(&mut self, now: Timestamp) -> Result<Vec<Expired>, StoreError> {
        Ok(self.sweep(now))
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn commit(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(
        &mut self,
        mailbox: Id,
        from: u64,
        limit: ReadLimit,
        entries: &mut Vec<Entry>,
    ) -> Result<(), StoreError> {
        let mut bytes = 0;
        let held = self.mailboxes.get(&mailbox);
        let held = held.into_iter().flat_map(|held| held.range(from..));
        for (index, (_, entry)) in held.take(limit.messages).enumerate() {
            bytes += entry.body.len();
            if index > 0 && bytes > limit.bytes {
                break;
            }
            entries.push(entry.clone());
        }
        Ok(())
    }

    fn held(&self, mailbox: Id, positions: RangeInclusive<u64>) -> Vec<u64> {
        let entries = self.mailboxes.get(&mailbox);
        let held = entries.map(|entries| entries.range(positions));
        held.into_iter().flatten().map(|(at, _)| *at).collect()
    }

    fn usage(&self, mailbox: Id) -> Usage {
        let mut usage = Usage::default();
        for entry in self.mailboxes.get(&mailbox).into_iter().flatten() {
            usage.add(entry.1.body.len() as u64);
        }
        usage
    }

    fn mailboxes(&self, after: Option<Id>, most: usize) -> Vec<(Id, Usage)> {
        let ids = self.mailboxes.keys().copied();
        ids.filter(|id| after.is_none_or(|after| *id > after))
            .take(most)
            .map(|id| (id, self.usage(id)))
            .collect()
    }

    fn counters(&self) -> SpoolCounters {
        SpoolCounters {
            held: self.all(),
            mailboxes: self.mailboxes.len() as u64,
            windows: self.senders.values().map(BTreeMap::len).sum::<usize>() as u64,
            next_position: self.next,
            ..self.counters
        }
    }

    fn take_losses(&mut self) -> Vec<Loss> {
        Vec::new()
    }
}

/// Refuses a message whose body or list of recipients is too long to be stored.
pub(super) fn check_body(message: &Message, settings: &SpoolSettings) -> Result<(), StoreError> {
    let (length, recipients) = (message.body.len(), message.recipients.as_slice().len());
    if length > settings.max_body {
        let text = format!(
            "a body of {length} bytes is longer than the store takes, {}; send less or raise the limit",
            settings.max_body
        );
        return Err(StoreError::new(StoreErrorKind::TooLarge, text));
    }
    if recipients > usize::from(u16::MAX) {
        let text =
            format!("a message to {recipients} mailboxes, the store takes 65535; split the group");
        return Err(StoreError::new(StoreErrorKind::TooLarge, text));
    }
    Ok(())
}
