//! Getting space back: what still matters in the oldest segment is added again, then it is removed.

use super::{
    LogSpool,
    codec::{self, MessageTag},
};
use crate::store::{Id, StoreError, log::Place};

/// How many bytes of the oldest segment are looked at in one commit, at least.
const STEP: u64 = 256 << 10;

/// How many bytes are looked at for each one that was added: more than is added, so that cleaning
/// gets ahead.
const PACE: u64 = 4;

impl LogSpool {
    /// Goes on with cleaning, for about as long as adding took.
    pub(super) fn clean(&mut self) -> Result<(), StoreError> {
        self.log.check()?;
        if self.cleaned.is_some() {
            return Ok(());
        }
        let mut contents = match self.cleaning.take() {
            Some(contents) => contents,
            None => match self.log.worth_cleaning() {
                Some(oldest) => self.log.contents(oldest)?,
                None => return Ok(()),
            },
        };
        let (number, mut budget) = (contents.number(), STEP + PACE * self.appended);
        while let Some((place, kind, tag, rest)) = contents.next() {
            if matches!(kind, codec::MESSAGE | codec::COPY) {
                self.copy(place, tag, rest)?;
            }
            let Some(left) = budget.checked_sub(u64::from(place.length)) else {
                self.cleaning = Some(contents);
                return Ok(());
            };
            budget = left;
        }
        self.note_windows(number)?;
        self.cleaned = Some(number);
        Ok(())
    }

    /// Adds a message again for those who have not acknowledged it.
    fn copy(&mut self, from: Place, tag: &[u8], rest: &[u8]) -> Result<(), StoreError> {
        let Some(tag) = MessageTag::decode(tag) else {
            return Ok(());
        };
        let position = tag.position;
        let here = |id: &Id| {
            let held = self
                .mailboxes
                .get(id)
                .and_then(|mailbox| mailbox.at(position));
            held.is_some_and(|held| held.place() == from)
        };
        let waiting: Vec<Id> = tag.recipients().filter(here).collect();
        if waiting.is_empty() {
            return Ok(());
        }
        MessageTag::encode(&mut self.tag, position, &waiting);
        self.log.base = self.next;
        let place = self.log.append(codec::COPY, &self.tag, &[rest])?;
        for id in waiting {
            let Some(mailbox) = self.mailboxes.get_mut(&id) else {
                continue;
            };
            let cost = mailbox.at(position).map_or(0, |held| held.cost());
            self.log.release(from.segment, cost);
            self.log.retain(place.segment, cost);
            mailbox.moved(position, place);
        }
        Ok(())
    }

    /// Notes which messages came, of all senders of which the segment tells.
    fn note_windows(&mut self, number: u32) -> Result<(), StoreError> {
        for (sender, epoch) in self.senders.told_until(number) {
            let tag = codec::window_tag(sender, epoch.epoch);
            self.log.base = self.next;
            let rest = epoch.kept().encode();
            let place = self.log.append(codec::WINDOW, &tag, &[&rest])?;
            self.log.release(epoch.since, epoch.noted);
            epoch.since = place.segment;
            epoch.noted = u64::from(place.length);
            self.log.retain(place.segment, epoch.noted);
        }
        Ok(())
    }
}
