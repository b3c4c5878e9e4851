//! Whatever happens to the program or the disk, a directory is what it was at the last commit or
//! after one of the calls since; and damage costs what was damaged.

use std::{collections::BTreeMap, sync::Arc};

use tuyau_router::store::{
    Directory, Fault, Id, Item, Lease, LogDirectory, Loss, Lost, MemoryDirectory, Random,
    SimulatedDisk, StoreError, Subject,
};

use crate::{
    makers::directory_settings,
    messages::at,
    seeds::{bits, each_seed},
};

const COUNTERS: [&str; 2] = ["processed", "refused"];

/// What can be told of a directory from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    items: Vec<Item>,
    leases: BTreeMap<Subject, Lease>,
    counters: Vec<u64>,
    revision: u64,
}

fn subjects() -> Vec<Subject> {
    let id = |n| Id::new([n; 32]);
    let mut subjects = Vec::new();
    for n in 1..4 {
        subjects.push(Subject::Registration(id(n)));
        subjects.push(Subject::Group(id(n)));
        subjects.push(Subject::Member {
            group: id(9),
            member: id(n),
        });
        subjects.push(Subject::Grant {
            group: id(9),
            holder: id(n),
        });
    }
    subjects
}

fn look(directory: &dyn Directory, now: u64) -> Seen {
    let held = |subject| Some((subject, directory.holder(&subject, at(now))?));
    Seen {
        items: directory.items(None, usize::MAX),
        leases: subjects().into_iter().filter_map(held).collect(),
        counters: COUNTERS.map(|name| directory.counter(name)).to_vec(),
        revision: directory.revision(),
    }
}

struct World {
    random: Random,
    disk: SimulatedDisk,
    directory: LogDirectory,
    states: Vec<MemoryDirectory>,
    now: u64,
}

fn open(disk: &SimulatedDisk) -> (LogDirectory, Vec<Loss>) {
    LogDirectory::open(Box::new(disk.clone()), directory_settings()).unwrap()
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let disk = SimulatedDisk::new(random.next());
        let directory = open(&disk).0;
        Self {
            random,
            disk,
            directory,
            states: vec![MemoryDirectory::new()],
            now: 0,
        }
    }

    fn step(&mut self) -> Result<(), StoreError> {
        let mut model = self.states.last().expect("there is a state").clone();
        self.now += self.random.below(1000);
        let now = at(self.now);
        let subjects = subjects();
        let subject = subjects[self.random.below(subjects.len() as u64) as usize];
        let holder = Id::new([self.random.below(2) as u8; 32]);
        let until = at(self.now + self.random.below(9000));
        match self.random.below(12) {
            0..5 => {
                let length = self.random.below(120) as usize;
                let item = Item {
                    subject,
                    sequence: self.random.below(8) + self.now / 2000,
                    expires: until,
                    withdrawn: self.random.below(4) == 0,
                    bytes: Arc::from(vec![self.random.next() as u8; length]),
                };
                let put = self.directory.put(item.clone());
                let expected = model.put(item);
                self.states.push(model);
                assert_eq!(put?, expected?);
            }
            5 => {
                let removed = self.directory.remove(subject);
                let expected = model.remove(subject);
                self.states.push(model);
                assert_eq!(removed?, expected?);
            }
            6 => {
                let name = COUNTERS[self.random.below(2) as usize];
                let set = self.directory.set_counter(name, self.now);
                model.set_counter(name, self.now)?;
                self.states.push(model);
                set?;
            }
            7 => {
                let leased = self.directory.lease(subject, holder, until, now);
                let expected = model.lease(subject, holder, until, now);
                self.states.push(model);
                assert_eq!(leased?, expected?);
            }
            8 => {
                let epoch = model.holder(&subject, at(0)).map_or(1, |lease| lease.epoch);
                let released = self.directory.release(subject, epoch);
                let expected = model.release(subject, epoch);
                self.states.push(model);
                assert_eq!(released?, expected?);
            }
            9 => {
                let expired = self.directory.expire(now);
                // One record for each that expired: any number of them may be there.
                let mut partly = model.clone();
                let leases = subjects.iter().filter_map(|subject| {
                    let lease = model.holder(subject, at(0))?;
                    (lease.until <= now).then_some((*subject, lease.epoch))
                });
                let mut leases: Vec<_> = leases.collect();
                leases.sort_unstable();
                let expected = model.expire(now)?;
                for subject in &expected {
                    partly.remove(*subject)?;
                    self.states.push(partly.clone());
                }
                for (subject, epoch) in leases {
                    partly.release(subject, epoch)?;
                    self.states.push(partly.clone());
                }
                self.states.push(model);
                assert_eq!(expired?, expected);
            }
            10 => {
                self.directory.commit()?;
                self.states = vec![model];
            }
            _ => assert_eq!(look(&self.directory, self.now), look(&model, self.now)),
        }
        Ok(())
    }

    fn reopen(&mut self, disk: SimulatedDisk) {
        self.disk = disk;
        let (directory, losses) = open(&self.disk);
        for loss in losses {
            assert_eq!(loss.what, Lost::Nothing, "{loss}");
        }
        let seen = look(&directory, self.now);
        let mut states = self.states.drain(..).rev();
        let fits = states.find(|state| look(state, self.now) == seen);
        drop(states);
        let Some(fits) = fits else {
            panic!("none of the states since the last commit is {seen:#?}");
        };
        self.directory = directory;
        self.states = vec![fits.reopened()];
    }

    fn cut_power(&mut self) {
        self.disk.fail_after(self.random.below(12), Fault::PowerCut);
        let mut left = 200;
        while self.step().is_ok() && left > 0 {
            left -= 1;
        }
        self.reopen(self.disk.power_cut());
    }
}

#[test]
fn a_directory_outlives_the_program() {
    each_seed("a_directory_outlives_the_program", 100, |seed| {
        let mut world = World::new(seed);
        for step in 1..300 {
            world.step().unwrap();
            if step % 40 == 0 {
                world.reopen(world.disk.clone());
            }
        }
    });
}

#[test]
fn what_a_directory_committed_outlives_power_cuts() {
    each_seed(
        "what_a_directory_committed_outlives_power_cuts",
        200,
        |seed| {
            let mut world = World::new(seed);
            for _ in 0..6 {
                for _ in 0..20 {
                    world.step().unwrap();
                }
                world.cut_power();
            }
        },
    );
}

/// A directory of several segments at rest, with everything in it that there can be.
fn small_directory() -> (BTreeMap<String, Vec<u8>>, Seen) {
    let disk = SimulatedDisk::new(1);
    let (mut directory, _) = open(&disk);
    let put = |directory: &mut LogDirectory, subject, sequence| {
        let item = Item {
            subject,
            sequence,
            expires: at(9_000_000),
            withdrawn: false,
            bytes: Arc::from(vec![7; 20]),
        };
        directory.put(item).unwrap();
        directory.commit().unwrap();
    };
    let subjects = subjects();
    for subject in &subjects[..6] {
        put(&mut directory, *subject, 1);
    }
    let holder = Id::new([8; 32]);
    directory
        .lease(subjects[0], holder, at(9_000_000), at(0))
        .unwrap();
    directory
        .lease(subjects[1], holder, at(9_000_000), at(0))
        .unwrap();
    assert!(directory.release(subjects[1], 8).unwrap());
    directory.remove(subjects[5]).unwrap();
    directory.set_counter(COUNTERS[0], 5).unwrap();
    let mut sequence = 2;
    while disk.files().contains_key("0000000001.log") {
        put(&mut directory, subjects[4], sequence);
        sequence += 1;
    }
    (disk.files(), look(&open(&disk).0, 0))
}

#[test]
fn every_flipped_bit_of_a_directory_is_detected_and_costs_one_thing_at_most() {
    let (files, whole) = small_directory();
    for (name, bytes) in &files {
        for bit in bits(bytes.len()) {
            let mut bytes = bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let disk = SimulatedDisk::new(1);
            files
                .iter()
                .for_each(|(name, bytes)| disk.set(name, Some(bytes.clone())));
            disk.set(name, Some(bytes));
            let (directory, losses) = open(&disk);
            assert!(!losses.is_empty(), "bit {bit} of {name} was not detected");
            let mut expected = whole.clone();
            let mut cost = 0;
            for loss in losses.iter().filter(|loss| loss.what != Lost::Nothing) {
                cost += 1;
                match &loss.what {
                    Lost::Item(subject) => expected.items.retain(|item| item.subject != *subject),
                    Lost::Lease(subject) => drop(expected.leases.remove(subject)),
                    Lost::Counter(name) if name == COUNTERS[0] => expected.counters[0] = 0,
                    other => panic!("bit {bit} of {name}: {other:?}"),
                }
            }
            assert!(cost <= 1, "bit {bit} of {name}: {losses:?}");
            assert_eq!(look(&directory, 0), expected, "bit {bit} of {name}");
        }
    }
}
