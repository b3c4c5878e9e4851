//! What a service makes of what it hears.

use std::collections::BTreeMap;

use tokio::time::Instant;
use tuyau_wire::{Class, Level, Message, Parameter, RejectCode};

use super::session::{Debt, Session};
use crate::{
    oracle::{Arrived, Id, Way},
    plan::Sabotage,
    trace::lock,
};

impl Session {
    /// Takes a message of the router, or tells why the session is over.
    pub(super) fn hear(&mut self, message: Message<'_>) -> Result<(), String> {
        match message {
            Message::Hello(hello) => {
                self.greeted = true;
                self.credit = hello.parameter(Parameter::Credit);
                self.begin();
            }
            Message::Announce {
                handle,
                announcement,
            } => {
                self.world
                    .oracle
                    .announced(self.number, handle, announcement);
                self.announced.insert(handle, announcement);
            }
            Message::Deliver {
                handle,
                sequence,
                body,
            } => self.deliver(handle, sequence, body, false),
            Message::Redeliver {
                handle,
                sequence,
                body,
            } => self.deliver(handle, sequence, body, true),
            Message::Receipt { level, first, last } => self.receipt(level, first, last),
            Message::Reject {
                sequence: None,
                code,
                text,
            } => return Err(format!("{code}: {text}")),
            Message::Reject {
                sequence: Some(sequence),
                code,
                text,
            } => self.rejected(sequence, code, text),
            Message::Credit { handle, limit } => {
                if let Some(handle) = self.handles.get_mut(&handle).filter(|it| it.bound) {
                    handle.limit = handle.limit.max(limit);
                }
            }
            Message::Replied { sequence, body } => {
                self.note(|| format!("gets the reply to {sequence}"));
                self.world.oracle.replied(self.number, sequence, body);
            }
            Message::Found { sequence, .. } => self.world.oracle.found(self.number, sequence),
            Message::Ping { token } => self.say(&Message::Pong { token }),
            Message::Missed {
                handle,
                first,
                last,
            } => {
                self.note(|| format!("missed {first} to {last} of handle {handle}"));
                self.world.oracle.missed(self.number, handle, first, last);
            }
            Message::Drain { milliseconds, .. } => {
                self.note(|| format!("is told that the router ends in {milliseconds} ms"));
                self.closing |= self.dice.percent(30);
            }
            Message::Pong { .. } => self.world.oracle.met(self.number),
            other => return Err(format!("unexpected: {}", other.name())),
        }
        Ok(())
    }

    /// The router has said hello.
    fn begin(&mut self) {
        self.say(&Message::Ping { token: 1 });
        if !self.sends {
            return;
        }
        let (kept, groups) = {
            let me = lock(&self.me);
            (me.kept.clone(), me.groups.clone())
        };
        let mut number = 0;
        for group in groups {
            number += 1;
            self.join(number, group, true);
        }
        let mut handles = BTreeMap::new();
        for kept in kept.values() {
            let Way { to, level, ttl, .. } = kept.way;
            let next = handles.len() as u64;
            if let std::collections::btree_map::Entry::Vacant(entry) =
                handles.entry((to, level, ttl))
            {
                entry.insert(next);
                number += 1;
                self.bind(number, next, kept.way);
            }
        }
        for (sequence, kept) in kept {
            let Way { to, level, ttl, .. } = kept.way;
            let handle = handles[&(to, level, ttl)];
            self.note(|| format!("sends {sequence} again to {to}"));
            self.send_as(handle, sequence, kept.way, &kept.body);
        }
    }

    fn receipt(&mut self, level: Level, first: u64, last: u64) {
        self.note(|| format!("receipt {level:?} for {first} to {last}"));
        match self.world.plan.sabotage {
            Some(Sabotage::Silence) if self.dice.percent(5) => return,
            Some(Sabotage::Repeat) if self.dice.percent(5) => {
                self.world.oracle.receipt(self.number, level, first, last);
            }
            _ => {}
        }
        let oracle = &self.world.oracle;
        let answered = oracle.receipt(self.number, level, first, last);
        for handle in self.handles.values_mut() {
            if level == Level::Accepted && (first..=last).contains(&handle.bind) {
                handle.bound = true;
            }
        }
        self.forget(answered);
    }

    fn rejected(&mut self, sequence: u64, code: RejectCode, text: &str) {
        self.note(|| format!("{sequence} is refused: {code}: {text}"));
        self.world.oracle.rejected(self.number, sequence, code);
        self.handles.retain(|_, handle| handle.bind != sequence);
        self.forget(vec![sequence]);
    }

    /// Keeps messages no longer: they are answered.
    fn forget(&mut self, answered: Vec<u64>) {
        let mut me = lock(&self.me);
        if me.epoch == self.epoch {
            for sequence in answered {
                me.kept.remove(&sequence);
            }
        }
    }

    /// Takes a message of somebody, or what sabotage makes of it.
    fn deliver(&mut self, handle: u64, sequence: u64, body: &[u8], again: bool) {
        let strikes = self.dice.percent(5);
        match self.world.plan.sabotage.filter(|_| strikes) {
            Some(Sabotage::Lose) => return,
            Some(Sabotage::Double) => self.get(handle, sequence, body, again),
            Some(Sabotage::Invent) => self.get(handle, sequence + 1_000_000, body, again),
            Some(Sabotage::Change) => {
                let body = [body, b"!"].concat();
                return self.get(handle, sequence, &body, again);
            }
            Some(Sabotage::Unmark) if again => return self.get(handle, sequence, body, false),
            Some(Sabotage::Swap) if self.held_back.is_none() => {
                self.held_back = Some((handle, sequence, body.to_vec(), again));
                return;
            }
            _ => {}
        }
        self.get(handle, sequence, body, again);
        if let Some((handle, sequence, body, again)) = self.held_back.take() {
            self.get(handle, sequence, &body, again);
        }
    }

    fn get(&mut self, handle: u64, sequence: u64, body: &[u8], again: bool) {
        let oracle = &self.world.oracle;
        let arrived = Arrived {
            handle,
            sequence,
            body,
            again,
        };
        let Some((id, new)) = oracle.arrived(self.number, &arrived) else {
            return;
        };
        let Some(announced) = self.announced.get(&handle).copied() else {
            return;
        };
        self.note(|| {
            let how = match (again, new) {
                (true, true) => "again, for the first time",
                (true, false) => "again",
                (false, _) => "new",
            };
            format!("gets {id}, {how}, {:?}", announced.class)
        });
        if announced.class == Class::Request {
            self.owe_reply(handle, id);
        } else if announced.acknowledge {
            let at = self.later();
            self.owed.push((at, Debt::Acknowledge { handle, id }));
        }
    }

    /// Some requests are replied to twice, and some when it is too late.
    fn owe_reply(&mut self, handle: u64, id: Id) {
        for copy in 0..1 + self.dice.below(20) / 19 {
            let body = format!("reply {copy} to {id}").into_bytes();
            let at = self.later();
            self.owed.push((at, Debt::Reply { handle, id, body }));
        }
    }

    /// When something is done that is not urgent.
    fn later(&mut self) -> Instant {
        let lazy = self.dice.percent(self.world.plan.laziness);
        let most = if lazy { 60_000 } else { 100 };
        Instant::now() + self.dice.skewed(0, most)
    }
}
