//! What must have happened by the end of a run, when nothing has failed for a while.

use tokio::time::Instant;
use tuyau_wire::{Class, Level};

use super::{Book, Id, Name, Oracle, Record, Session, To};
use crate::trace::lock;

impl Oracle {
    /// Whether nothing is missing any more.
    pub(crate) fn is_settled(&self) -> bool {
        let book = lock(&self.0);
        let mut sessions = 0..book.sessions.len();
        sessions.all(|session| book.unanswered(session).is_empty())
            && book
                .messages
                .iter()
                .all(|(id, record)| book.missing(*id, record).is_empty())
    }

    /// Objects to what is missing.
    pub(crate) fn judge(&self) {
        let mut book = lock(&self.0);
        for session in 0..book.sessions.len() {
            let waiting = book.unanswered(session);
            if !waiting.is_empty() {
                let what = format!("never answered: {}", waiting.join(", "));
                book.object(session, &what);
            }
        }
        let missing: Vec<_> = book
            .messages
            .iter()
            .flat_map(|(id, record)| book.missing(*id, record))
            .collect();
        for text in missing {
            book.trace.note("ORACLE", || text.clone());
            book.objections.push(text);
        }
    }
}

impl Book {
    /// What should be answered and is not: in a session that lasts, everything.
    fn unanswered(&self, session: usize) -> Vec<String> {
        let state = &self.sessions[session];
        if state.ended.is_some() || !state.lasts() {
            return Vec::new();
        }
        let waiting = state.waiting.iter();
        let waiting = waiting.filter(|(number, _)| {
            let record = self.messages.get(&self.id(session, **number));
            self.open_faults || !record.is_some_and(|record| record.again)
        });
        waiting
            .map(|(number, waits)| format!("{number} ({waits:?})"))
            .collect()
    }

    /// What a message should have done and did not.
    fn missing(&self, id: Id, record: &Record) -> Vec<String> {
        let mut missing = Vec::new();
        let class = record.way.class;
        let refused = record.refused.filter(|_| record.reached.is_none());
        let is_final = class == Class::Fast && record.way.level != Level::Delivered;
        if let Some(code) = refused.filter(|_| is_final) {
            let mut got = self.got.range((id, 0)..=(id, usize::MAX));
            if let Some(((_, to), _)) = got.next() {
                missing.push(format!(
                    "{id} was refused ({code}), and service {to} got it"
                ));
            }
        }
        let Some((level, at)) = record.reached else {
            return missing;
        };
        let lost = |to: usize| format!("{id} is {level:?} and service {to} never got it");
        match (class, record.way.to) {
            // Whether its time was over is not looked at.
            (Class::Durable, _) if record.way.ttl > 0 || level < Level::Stored => {}
            (Class::Durable, To::Service(to)) => {
                if !self.has_got(id, to) {
                    missing.push(lost(to));
                }
            }
            (Class::Durable, To::Group(group)) => {
                let members = self.members.iter();
                let certain = members.filter(|((service, of), since)| {
                    *of == group && *service != id.sender && **since < record.at
                });
                let without = certain.filter(|((service, _), _)| !self.has_got(id, *service));
                missing.extend(without.map(|((service, _), _)| lost(*service)));
            }
            (_, To::Service(to)) => {
                if self.must_come(to, record, at) && !self.has_got(id, to) {
                    missing.push(lost(to));
                }
            }
            (_, To::Group(group)) => {
                for (number, session) in self.sessions.iter().enumerate() {
                    let since = session.joined.get(&group).and_then(|joined| joined.since);
                    let member = since.is_some_and(|since| since < record.at);
                    let mut missed = session.missed.iter();
                    let missed = missed.any(|missed| missed.group == group && missed.has(id));
                    let got = self.got.get(&(id, session.service));
                    let got = got.is_some_and(|got| got.contains(&number));
                    if member && session.is_clean() && number != record.session && !missed && !got {
                        let name = Name(session.service, number);
                        missing.push(format!("{} (as {name})", lost(session.service)));
                    }
                }
            }
        }
        missing
    }

    /// Whether what was accepted for a service at this time has come into a queue that nothing
    /// happened to: that of a session that the router had when it was sent, or of a newer one.
    fn must_come(&self, to: usize, record: &Record, at: Instant) -> bool {
        let sessions = self.sessions.iter().rev();
        for session in sessions.filter(|it| it.service == to && it.opened < at) {
            if !session.is_clean() {
                return false;
            }
            // One that the router dialled is taken when there is no other.
            if !session.dialled && session.met.is_some_and(|met| met < record.at) {
                return true;
            }
        }
        false
    }

    fn has_got(&self, id: Id, service: usize) -> bool {
        self.got.contains_key(&(id, service))
    }
}

impl Session {
    /// Whether its connection works.
    fn lasts(&self) -> bool {
        !lock(&self.link).is_half_open()
    }

    /// Whether it has lasted to the end, and nothing ever happened to its connection.
    fn is_clean(&self) -> bool {
        self.ended.is_none() && !lock(&self.link).faulty
    }
}
