//! A spool on a simulated disk beside a model of it, and what a seed does to both.

use std::sync::Arc;

use tuyau_router::{
    Timestamp,
    store::{
        Entry, Fault, Id, LogSpool, LogSpoolSettings, Lost, MemorySpool, Message, Random,
        Recipients, SimulatedDisk, Spool, SpoolSettings, StoreError, Window,
    },
};

use crate::{
    makers,
    messages::{ALL, GROUP, at, read},
};

/// What can be told of a spool from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    mailboxes: Vec<(Id, Vec<Entry>)>,
    next_position: u64,
    windows: u64,
}

/// Looks at all of a spool.
pub(crate) fn look(spool: &mut dyn Spool) -> Seen {
    let ids = spool.mailboxes(None, usize::MAX);
    let mailboxes = ids.into_iter().map(|(id, usage)| {
        let entries = read(spool, id, 0, ALL);
        assert_eq!(usage.messages, entries.len() as u64);
        (id, entries)
    });
    let mailboxes = mailboxes.collect();
    let counters = spool.counters();
    Seen {
        mailboxes,
        next_position: counters.next_position,
        windows: counters.windows,
    }
}

pub(crate) struct World {
    random: Random,
    settings: LogSpoolSettings,
    disk: SimulatedDisk,
    spool: LogSpool,
    /// What the spool was at the last commit, and after each call since.
    states: Vec<MemorySpool>,
    /// Which of these was flushed or committed.
    flushed: usize,
    now: u64,
    last_sequence: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let spool = SpoolSettings {
            window: Window {
                messages: 1 + random.below(80),
                ..makers::settings().window
            },
            ..makers::settings()
        };
        let settings = LogSpoolSettings {
            spool,
            cache_bytes: random.below(3) as usize * 700,
            segment_bytes: 1024 + random.below(4) as u32 * 700,
            seed: random.next(),
        };
        let disk = SimulatedDisk::new(random.next());
        let opened = LogSpool::open(Box::new(disk.clone()), settings, at(0)).unwrap();
        Self {
            random,
            settings,
            disk,
            spool: opened.0,
            states: vec![MemorySpool::new(settings.spool)],
            flushed: 0,
            now: 0,
            last_sequence: 50,
        }
    }

    fn now(&self) -> Timestamp {
        at(self.now)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.below(bound)
    }

    fn id(&mut self, of: u64) -> Id {
        Id::new([1 + self.random.below(of) as u8; 32])
    }

    fn message(&mut self) -> Message {
        let recipients = match self.below(4) {
            0 => {
                let many: Vec<_> = (0..self.below(5)).map(|_| self.id(4)).collect();
                Recipients::Many(many.into())
            }
            _ => Recipients::One(self.id(4)),
        };
        // Mostly the next number, at times one that came or was left out.
        let sequence = match self.below(4) {
            0 => self.last_sequence.saturating_sub(self.random.below(90)),
            _ => self.last_sequence + 1 + self.random.below(2),
        };
        self.last_sequence = self.last_sequence.max(sequence);
        let (length, often) = (self.below(200) as usize, self.below(2) as usize);
        Message {
            group: matches!(recipients, Recipients::Many(_)).then_some(GROUP),
            recipients,
            sender: self.id(2),
            epoch: 1 + self.below(2),
            sequence,
            expires: at(self.now + 1 + self.random.below([100_000, 10_000_000][often])),
            body: Arc::from(vec![sequence as u8; length]),
        }
    }

    /// Does one thing to the spool and to the model, and compares the answers. Fails as the disk
    /// does.
    pub(crate) fn step(&mut self) -> Result<(), StoreError> {
        let mut model = self.states.last().expect("there is a state").clone();
        self.now += self.below(4000);
        match self.below(10) {
            0..5 => {
                let (message, now) = (self.message(), self.now());
                let appended = self.spool.append(&message, now);
                // Whether or not it fails, it may be in the log.
                let expected = model.append(&message, now);
                self.states.push(model);
                assert_eq!(appended?, expected?);
            }
            5..7 => {
                // One mailbox is never acknowledged, so that there is something to be copied.
                let (mailbox, next) = (self.id(3), model.counters().next_position);
                let last = self.below(next + 2);
                let first = match self.below(3) {
                    0 => 0,
                    1 => last,
                    _ => last.saturating_sub(self.below(8)),
                };
                let acknowledged = self.spool.acknowledge(mailbox, first..=last);
                let expected = model.acknowledge(mailbox, first..=last);
                self.states.push(model);
                assert_eq!(acknowledged?, expected?);
            }
            7 => {
                let now = self.now();
                let expected = model.expire(now)?;
                self.states.push(model);
                assert_eq!(self.spool.expire(now)?, expected);
            }
            8 if self.below(2) == 0 => {
                self.spool.flush()?;
                self.flushed = self.states.len() - 1;
            }
            8 => {
                self.spool.commit()?;
                (self.states, self.flushed) = (vec![model], 0);
            }
            _ => assert_eq!(look(&mut self.spool), look(&mut model)),
        }
        Ok(())
    }

    /// Opens the spool anew on a disk. It must be what it was after one of the calls since the
    /// last commit, from some state on.
    fn reopen(&mut self, disk: SimulatedDisk, from: usize) {
        self.disk = disk;
        let files = Box::new(self.disk.clone());
        let (mut spool, losses) = LogSpool::open(files, self.settings, self.now()).unwrap();
        for loss in losses {
            assert_eq!(loss.what, Lost::Nothing, "{loss}");
        }
        let seen = look(&mut spool);
        let (now, settings) = (self.now(), self.settings.spool);
        let states = self.states.drain(from..).rev();
        let states = states.map(|state| state.reopened(settings, now));
        let fits = states
            .into_iter()
            .find(|state| look(&mut state.clone()) == seen);
        let Some(fits) = fits else {
            panic!("none of the states since the last commit is {seen:#?}");
        };
        self.spool = spool;
        (self.states, self.flushed) = (vec![fits], 0);
    }

    /// The program ends without warning; the disk stays, and with it what was flushed.
    pub(crate) fn kill(&mut self) {
        self.reopen(self.disk.clone(), self.flushed);
    }

    /// The power is cut at any operation of the disk.
    pub(crate) fn cut_power(&mut self) {
        let operations = self.below(12);
        self.disk.fail_after(operations, Fault::PowerCut);
        let mut left = 200;
        while self.step().is_ok() && left > 0 {
            left -= 1;
        }
        self.reopen(self.disk.power_cut(), 0);
    }

    /// The disk refuses something. What it said stays, and what is there is found anew.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        let operations = self.below(12);
        self.disk.fail_after(operations, fault);
        let mut left = 200;
        loop {
            left -= 1;
            if self.step().is_err() {
                self.disk.mend();
                assert!(self.spool.commit().is_err(), "an error was forgotten");
                break;
            }
            if left == 0 {
                self.disk.mend();
                return;
            }
        }
        let disk = match fault {
            Fault::NoSpace => self.disk.clone(),
            _ => self.disk.power_cut(),
        };
        self.reopen(disk, 0);
    }
}
