//! What recipients get.

use tuyau_wire::{Announcement, Class, Identity, Level};

use super::{Book, Id, Missed, Oracle, To};
use crate::trace::lock;

/// A message as a recipient gets it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    pub(crate) handle: u64,
    pub(crate) sequence: u64,
    pub(crate) body: &'a [u8],
    /// Whether it is said that it may have come before.
    pub(crate) again: bool,
}

impl Oracle {
    /// A session is told what a handle stands for.
    pub(crate) fn announced(&self, session: usize, handle: u64, announcement: Announcement) {
        let mut book = lock(&self.0);
        let session = &mut book.sessions[session];
        session.announced.insert(handle, announcement);
    }

    /// A session gets a message. Gives its id, if that can be told, and whether it is new to its
    /// service.
    pub(crate) fn arrived(&self, session: usize, message: &Arrived<'_>) -> Option<(Id, bool)> {
        let mut book = lock(&self.0);
        book.counts.delivered += 1;
        book.counts.redelivered += u64::from(message.again);
        let service = book.sessions[session].service;
        let id = match book.check(session, service, message) {
            Ok(id) => id,
            Err(what) => {
                let text = format!(
                    "number {} of handle {}: {what}",
                    message.sequence, message.handle
                );
                book.object(session, &text);
                return None;
            }
        };
        let before = book.got.entry((id, service)).or_default();
        let new = before.is_empty();
        before.push(session);
        Some((id, new))
    }

    /// A session acknowledges messages under a handle.
    pub(crate) fn acknowledges(&self, session: usize, id: Id) {
        let mut book = lock(&self.0);
        let service = book.sessions[session].service;
        book.acknowledged.insert((id, service));
    }

    /// A session is told that it missed some messages. Gives nothing.
    pub(crate) fn missed(&self, session: usize, handle: u64, first: u64, last: u64) {
        let mut book = lock(&self.0);
        book.counts.missed += 1;
        let Some(announced) = book.sessions[session].announced.get(&handle).copied() else {
            book.object(
                session,
                &format!("missed of handle {handle}, which is not announced"),
            );
            return;
        };
        let group = announced.group.and_then(|group| book.group(group));
        match (book.service(&announced), group) {
            (Some(sender), Some(group)) => book.sessions[session].missed.push(Missed {
                handle,
                sender,
                epoch: announced.epoch,
                group,
                first,
                last,
            }),
            _ => book.object(session, "missed, of messages that are not of a group"),
        }
    }
}

impl Book {
    fn service(&self, announced: &Announcement) -> Option<usize> {
        let mut services = self.services.iter();
        services.position(|identity| *identity == announced.identity)
    }

    fn group(&self, group: Identity) -> Option<usize> {
        self.groups.iter().position(|known| *known == group)
    }

    /// Checks a message, and gives its id or what is wrong.
    fn check(
        &mut self,
        session: usize,
        service: usize,
        message: &Arrived<'_>,
    ) -> Result<Id, String> {
        let announced = self.sessions[session].announced.get(&message.handle);
        let announced = *announced.ok_or("the handle is not announced")?;
        let sender = self.service(&announced).ok_or("nobody has this identity")?;
        let id = Id {
            sender,
            epoch: announced.epoch,
            sequence: message.sequence,
        };
        let record = self
            .messages
            .get(&id)
            .ok_or(format!("{id} was never sent"))?;
        let way = record.way;
        let to = match announced.group {
            None => To::Service(service),
            Some(group) => To::Group(self.group(group).ok_or("nobody has this group")?),
        };
        if way.to != to {
            return Err(format!("{id} was sent to {}, not to {to}", way.to));
        }
        if way.class != announced.class {
            return Err(format!("{id} was sent as {:?}", way.class));
        }
        if record.body != message.body {
            return Err(format!("{id} has another body"));
        }
        self.check_membership(session, service, id)?;
        self.check_once(session, service, id, message.again)?;
        self.check_order(session, id, message)?;
        Ok(id)
    }

    fn check_membership(&self, session: usize, service: usize, id: Id) -> Result<(), String> {
        let record = &self.messages[&id];
        let To::Group(group) = record.way.to else {
            return Ok(());
        };
        if record.session == session && !record.again {
            return Err(format!("{id} comes back to the session that published it"));
        }
        let joined = self.sessions[session].joined.get(&group);
        let durable = record.way.class == Class::Durable;
        // A durable member is one in all its sessions.
        let asked = self.asked.get(&(service, group)).copied();
        let asked = asked.filter(|_| durable);
        match joined {
            Some(joined) if joined.left && asked < joined.left_at => {
                Err(format!("{id} comes after leaving its group"))
            }
            Some(_) => Ok(()),
            None if asked.is_some() => Ok(()),
            None => Err(format!("{id} comes without joining its group")),
        }
    }

    fn check_once(
        &self,
        session: usize,
        service: usize,
        id: Id,
        again: bool,
    ) -> Result<(), String> {
        let record = &self.messages[&id];
        let got = self.got.get(&(id, service)).map_or(&[][..], Vec::as_slice);
        if record.way.class != Class::Durable {
            let twice = match record.way.to {
                To::Service(_) => !got.is_empty(),
                To::Group(_) => got.contains(&session),
            };
            return match (twice, again) {
                (true, _) => Err(format!("{id} comes twice, which is not durable")),
                (_, true) => Err(format!("{id} is said to come again, which is not durable")),
                _ => Ok(()),
            };
        }
        let opened = self.sessions[session].opened;
        let was_before = |other: &usize| {
            let ended = self.sessions[*other].ended;
            *other == session || ended.is_some_and(|ended| ended < opened)
        };
        let excused = self.disk_failed && !self.open_faults;
        if !again && !excused && got.iter().any(was_before) {
            return Err(format!("{id} comes again and is not marked"));
        }
        Ok(())
    }

    /// What is new comes in the order of sending. What comes again may be older.
    fn check_order(&mut self, session: usize, id: Id, message: &Arrived<'_>) -> Result<(), String> {
        let record = &self.messages[&id];
        let part = match record.way.class {
            // One that is not answered is not sent again, so a session that overtakes another one
            // overtakes it.
            Class::Durable if record.way.level != Level::None => id.epoch,
            _ => record.session as u64,
        };
        let kind = class(record.way.class) + 3 * u64::from(record.way.level == Level::None);
        let order = (id.sender, part, record.way.to, kind);
        let state = &mut self.sessions[session];
        let last = state.last.entry(order).or_default();
        // What was refused where it was sent again may still be on its way where it was sent first.
        let late = record.again && record.refused.is_some();
        if !message.again && !late && id.sequence <= *last {
            return Err(format!("{id} comes after number {last}"));
        }
        *last = id.sequence.max(*last);
        let mut missed = state.missed.iter();
        if missed.any(|missed| missed.handle == message.handle && missed.has(id)) {
            return Err(format!("{id} was said to be missed"));
        }
        Ok(())
    }
}

fn class(class: Class) -> u64 {
    match class {
        Class::Fast => 0,
        Class::Durable => 1,
        _ => 2,
    }
}
