//! What a service does by itself.

use tokio::time::Instant;
use tuyau_wire::{Binding, Class, Level, Message, Record, Signed, Target, Withdrawal, frame};

use super::{anyone, route, session::Session};
use crate::{
    host,
    oracle::{To, Waits, Way},
    trace::lock,
};

/// A handle of a service.
pub(crate) struct Handle {
    way: Way,
    /// What was sent on it, and what may be, in bytes.
    total: u64,
    pub(super) limit: u64,
    /// The number by which it was bound, and whether that was accepted.
    pub(super) bind: u64,
    pub(super) bound: bool,
}

const LEVELS: [Level; 4] = [
    Level::None,
    Level::Accepted,
    Level::Stored,
    Level::Delivered,
];

/// How many handles a service has.
const HANDLES: u64 = 6;

impl Session {
    /// Does one thing.
    pub(super) fn act(&mut self) {
        match self.dice.below(100) {
            0..12 => self.bind_anew(),
            12..72 => self.send_some(),
            72..76 => {
                let group = self.dice.index(self.world.groups.len());
                let (number, durable) = (self.number_for(), self.dice.percent(40));
                let durable = durable && self.world.plan.open_faults;
                self.join(number, group, durable);
            }
            76..78 => self.leave(),
            78..81 => self.register(),
            81 => self.withdraw(),
            82..84 => {
                let number = self.number_for();
                let sequence = number;
                let identity = self.world.services[self.dice.index(self.world.services.len())];
                self.world.oracle.says(self.number, number, Waits::Found);
                self.say(&Message::Lookup { sequence, identity });
            }
            84..86 => self.say(&Message::Ping { token: 2 }),
            86..88 => {
                let handle = self.dice.below(HANDLES);
                if self.handles.remove(&handle).is_some() {
                    self.note(|| format!("unbinds {handle}"));
                    self.say(&Message::Unbind { handle });
                }
            }
            88..91 if self.dice.percent(self.world.plan.laziness) => {
                let time = self.dice.skewed(100, 20_000);
                self.note(|| format!("does not read for {time:?}"));
                self.deaf = Some(Instant::now() + time);
            }
            91 => {
                self.note(|| "closes".into());
                self.closing = true;
            }
            92 if self.world.plan.open_faults || lock(&self.me).kept.is_empty() => {
                self.note(|| "opens another session".into());
                self.replaced = true;
            }
            _ => {}
        }
    }

    fn number_for(&self) -> u64 {
        lock(&self.me).take_number()
    }

    fn bind_anew(&mut self) {
        let to = anyone(&mut self.dice, &self.world);
        let class = match self.dice.below(10) {
            0..4 => Class::Fast,
            4..8 => Class::Durable,
            _ => Class::Request,
        };
        let open_faults = self.world.plan.open_faults;
        // Mostly what goes together.
        let class = match to {
            To::Group(_) if class == Class::Request && !self.dice.percent(5) => Class::Fast,
            To::Group(_) if class == Class::Durable && !open_faults => Class::Fast,
            _ => class,
        };
        let levels = match (class, to) {
            (Class::Request, _) => &LEVELS[..1],
            (Class::Durable, _) => &LEVELS[..],
            (_, To::Service(_)) => &[Level::None, Level::Accepted, Level::Delivered],
            (_, To::Group(_)) => &LEVELS[..2],
        };
        let level = levels[self.dice.index(levels.len())];
        let ttl = match self.dice.percent(75) {
            true => 0,
            false => self.dice.within(1, 8_000),
        };
        let way = Way {
            to,
            class,
            level,
            ttl,
        };
        let (number, handle) = (self.number_for(), self.dice.below(HANDLES));
        self.bind(number, handle, way);
    }

    pub(super) fn bind(&mut self, sequence: u64, handle: u64, way: Way) {
        let Way {
            to,
            class,
            level,
            ttl,
        } = way;
        self.note(|| format!("{sequence} binds {handle} to {to}, {class:?}, {level:?}, {ttl} ms"));
        let target = match to {
            To::Service(number) => Target::Identity(self.world.services[number]),
            To::Group(number) => Target::Group {
                group: self.world.groups[number],
                grant: None,
            },
        };
        let binding = Binding {
            target,
            class,
            level,
            ttl,
        };
        self.world
            .oracle
            .says(self.number, sequence, Waits::Control);
        self.say(&Message::Bind {
            sequence,
            handle,
            binding,
        });
        let fresh = Handle {
            way,
            total: 0,
            limit: self.credit,
            bind: sequence,
            bound: false,
        };
        self.handles.insert(handle, fresh);
    }

    fn send_some(&mut self) {
        let known: Vec<_> = self.handles.keys().copied().collect();
        if known.is_empty() {
            return self.bind_anew();
        }
        let handle = known[self.dice.index(known.len())];
        let long = self.dice.percent(10);
        for _ in 0..1 + (self.dice.below(12) >> self.dice.below(5)) {
            let Some(bound) = self.handles.get(&handle) else {
                return;
            };
            // A few are sent although there is no credit.
            if bound.total >= bound.limit && !self.dice.percent(2) {
                return;
            }
            let way = bound.way;
            let sequence = self.number_for();
            let length = self.dice.below(if long { 3_000 } else { 60 }) as usize;
            let mut body = format!("{}:{}:{sequence} ", self.service, self.epoch).into_bytes();
            body.resize(body.len() + length, b'.');
            lock(&self.me).keep(sequence, way, &body);
            self.note(|| {
                let bytes = body.len();
                format!(
                    "sends {sequence} to {}, {:?}, {bytes} bytes",
                    way.to, way.class
                )
            });
            self.send_as(handle, sequence, way, &body);
        }
    }

    pub(super) fn send_as(&mut self, handle: u64, sequence: u64, way: Way, body: &[u8]) {
        self.world.oracle.sends(self.number, sequence, way, body);
        let begin = self.out.len();
        self.say(&Message::Send {
            handle,
            sequence,
            body,
        });
        let sent = frame::split(&self.out[begin..], usize::MAX);
        let cost = sent.ok().flatten().map_or(0, |frame| frame.message.len());
        if let Some(handle) = self.handles.get_mut(&handle)
            && handle.total < handle.limit
        {
            handle.total += cost as u64;
        }
    }

    pub(super) fn join(&mut self, sequence: u64, number: usize, durable: bool) {
        let group = self.world.groups[number];
        self.note(|| format!("{sequence} joins group {number}, durable {durable}"));
        if durable {
            let mut me = lock(&self.me);
            if !me.groups.contains(&number) {
                me.groups.push(number);
            }
        }
        if !self.joined.contains(&number) {
            self.joined.push(number);
        }
        let waits = Waits::Join {
            group: number,
            durable,
        };
        self.world.oracle.says(self.number, sequence, waits);
        self.say(&Message::Join {
            sequence,
            group,
            durable,
            grant: None,
        });
    }

    fn leave(&mut self) {
        let Some(number) = self.joined.pop() else {
            return;
        };
        let (sequence, group) = (self.number_for(), self.world.groups[number]);
        lock(&self.me).groups.retain(|known| *known != number);
        self.note(|| format!("{sequence} leaves group {number}"));
        let waits = Waits::Leave { group: number };
        self.world.oracle.says(self.number, sequence, waits);
        self.say(&Message::Leave { sequence, group });
    }

    fn register(&mut self) {
        let sequence = self.number_for();
        let record = {
            let mut me = lock(&self.me);
            me.statement += 1;
            let record = Record {
                identity: me.secret.identity(),
                sequence: me.statement,
                routes: vec![route(self.service)],
                expires: host::seconds(self.world.begin) + 600,
            };
            Signed::sign(&me.secret, record).expect("a record")
        };
        self.note(|| format!("{sequence} registers its route"));
        self.world
            .oracle
            .says(self.number, sequence, Waits::Control);
        self.say(&Message::Listen { sequence, record });
    }

    fn withdraw(&mut self) {
        let sequence = self.number_for();
        let withdrawal = {
            let mut me = lock(&self.me);
            me.statement += 1;
            let withdrawal = Withdrawal {
                identity: me.secret.identity(),
                sequence: me.statement,
            };
            Signed::sign(&me.secret, withdrawal).expect("a withdrawal")
        };
        self.note(|| format!("{sequence} takes its route back"));
        self.world
            .oracle
            .says(self.number, sequence, Waits::Control);
        self.say(&Message::Unlisten {
            sequence,
            withdrawal,
        });
    }
}
