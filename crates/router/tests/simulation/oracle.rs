//! What was said and heard in a run, and what of it may not be.
//!
//! Every service tells here what it sends before it does, and what it hears when it does. What is
//! wrong at once is objected to at once; what is missing, when the run is over.

mod deliveries;
mod verdict;

pub(crate) use deliveries::Arrived;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex},
};

use tokio::time::Instant;
use tuyau_wire::{Announcement, Class, Identity, Level, RejectCode};

use crate::{
    link::Link,
    plan::Plan,
    trace::{Trace, lock},
};

/// The id of a message, its sender by its number in the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) sender: usize,
    pub(crate) epoch: u64,
    pub(crate) sequence: u64,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum To {
    Service(usize),
    Group(usize),
}

/// How a message is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Way {
    pub(crate) to: To,
    pub(crate) class: Class,
    pub(crate) level: Level,
    pub(crate) ttl: u64,
}

/// What a number of a session waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// A receipt of the level accepted, for something that is not a message.
    Control,
    /// The same, for joining a group.
    Join { group: usize, durable: bool },
    /// The same, for leaving one.
    Leave { group: usize },
    /// What was looked up.
    Found,
    /// A receipt of this level for a message.
    Level(Level),
    /// A reply.
    Reply,
}

/// All that is known of a run. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Oracle(Arc<Mutex<Book>>);

struct Book {
    trace: Trace,
    /// Whether it objects to what the router is known to fail at.
    open_faults: bool,
    /// The identities of services and groups.
    services: Vec<Identity>,
    groups: Vec<Identity>,
    messages: BTreeMap<Id, Record>,
    sessions: Vec<Session>,
    /// Who got what, in which session.
    got: BTreeMap<(Id, usize), Vec<usize>>,
    acknowledged: BTreeSet<(Id, usize)>,
    replies: BTreeMap<Id, Vec<Vec<u8>>>,
    /// Durable members for certain, since when; and who asked to be one last when.
    members: BTreeMap<(usize, usize), Instant>,
    asked: BTreeMap<(usize, usize), Instant>,
    /// In which session a service said last that it leaves a group, and when.
    leaving: BTreeMap<(usize, usize), (usize, Instant)>,
    /// Whether the disk of the router has refused something.
    disk_failed: bool,
    objections: Vec<String>,
    counts: Counts,
}

/// A message that was sent.
struct Record {
    way: Way,
    body: Vec<u8>,
    /// The session in which it was sent first.
    session: usize,
    at: Instant,
    /// Whether it was sent in another session as well.
    again: bool,
    /// When its sender was told that it came this far.
    reached: Option<(Level, Instant)>,
    refused: Option<RejectCode>,
}

/// A session of a service.
struct Session {
    service: usize,
    /// Whether the router opened it.
    dialled: bool,
    link: Link,
    opened: Instant,
    /// Since when the router is known to have it.
    met: Option<Instant>,
    ended: Option<Instant>,
    epoch: u64,
    waiting: BTreeMap<u64, Waits>,
    /// Numbers that are not answered unless they are refused.
    silent: BTreeSet<u64>,
    /// Numbers that wait for their answer in a later session, to which they were sent again.
    moved: BTreeSet<u64>,
    announced: BTreeMap<u64, Announcement>,
    /// The greatest number that came of each run of messages that has an order.
    last: BTreeMap<Order, u64>,
    missed: Vec<Missed>,
    joined: BTreeMap<usize, Joined>,
}

/// Messages that come in their order: those of one sender, in one of its sessions or one epoch, to
/// one recipient, in one class.
type Order = (usize, u64, To, u64);

/// Messages that a session was told it missed.
struct Missed {
    handle: u64,
    sender: usize,
    epoch: u64,
    group: usize,
    first: u64,
    last: u64,
}

impl Missed {
    fn has(&self, id: Id) -> bool {
        (self.sender, self.epoch) == (id.sender, id.epoch)
            && (self.first..=self.last).contains(&id.sequence)
    }
}

/// What a session knows of its membership in a group.
#[derive(Clone, Copy, Debug, Default)]
struct Joined {
    /// When it was told that it is a member.
    since: Option<Instant>,
    /// The number by which it said last that it joins.
    joins: Option<u64>,
    /// The number by which it said last that it leaves.
    leaves: Option<u64>,
    /// When it said that it leaves, and was told that it is no member any more.
    left_at: Option<Instant>,
    left: bool,
}

/// How much happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sessions: u64,
    pub(crate) sent: u64,
    pub(crate) delivered: u64,
    pub(crate) redelivered: u64,
    pub(crate) receipts: u64,
    pub(crate) refused: u64,
    pub(crate) replied: u64,
    pub(crate) missed: u64,
}

impl Oracle {
    pub(crate) fn new(
        plan: &Plan,
        trace: Trace,
        services: Vec<Identity>,
        groups: Vec<Identity>,
    ) -> Self {
        Self(Arc::new(Mutex::new(Book {
            trace,
            open_faults: plan.open_faults,
            services,
            groups,
            messages: BTreeMap::new(),
            sessions: Vec::new(),
            got: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            replies: BTreeMap::new(),
            members: BTreeMap::new(),
            asked: BTreeMap::new(),
            leaving: BTreeMap::new(),
            disk_failed: false,
            objections: Vec::new(),
            counts: Counts::default(),
        })))
    }

    /// A service begins a session.
    pub(crate) fn opened(&self, service: usize, epoch: u64, link: Link, dialled: bool) -> usize {
        let mut book = lock(&self.0);
        book.counts.sessions += 1;
        book.sessions.push(Session {
            service,
            dialled,
            link,
            opened: Instant::now(),
            met: None,
            ended: None,
            epoch,
            waiting: BTreeMap::new(),
            silent: BTreeSet::new(),
            moved: BTreeSet::new(),
            announced: BTreeMap::new(),
            last: BTreeMap::new(),
            missed: Vec::new(),
            joined: BTreeMap::new(),
        });
        book.sessions.len() - 1
    }

    /// The router has answered in a session, so it has it.
    pub(crate) fn met(&self, session: usize) {
        let session = &mut lock(&self.0).sessions[session];
        session.met.get_or_insert_with(Instant::now);
    }

    /// A session is over for its service.
    pub(crate) fn ended(&self, session: usize) {
        let session = &mut lock(&self.0).sessions[session];
        session.ended.get_or_insert_with(Instant::now);
    }

    /// A session says something that is answered.
    pub(crate) fn says(&self, session: usize, sequence: u64, waits: Waits) {
        let mut book = lock(&self.0);
        let service = book.sessions[session].service;
        match waits {
            Waits::Join { group, durable } => {
                let joined = book.sessions[session].joined.entry(group).or_default();
                (joined.joins, joined.left) = (Some(sequence), false);
                if durable {
                    book.asked.insert((service, group), Instant::now());
                }
            }
            Waits::Leave { group } => {
                book.members.remove(&(service, group));
                let leaving = (session, Instant::now());
                book.leaving.insert((service, group), leaving);
                let joined = book.sessions[session].joined.entry(group).or_default();
                (joined.leaves, joined.since) = (Some(sequence), None);
                joined.left_at = Some(Instant::now());
            }
            _ => {}
        }
        book.sessions[session].waiting.insert(sequence, waits);
    }

    /// A session sends a message, perhaps again.
    pub(crate) fn sends(&self, session: usize, sequence: u64, way: Way, body: &[u8]) {
        let mut book = lock(&self.0);
        book.counts.sent += 1;
        let id = book.id(session, sequence);
        let record = || Record {
            way,
            body: body.to_vec(),
            session,
            at: Instant::now(),
            again: false,
            reached: None,
            refused: None,
        };
        if let Some(known) = book.messages.get_mut(&id) {
            known.again = true;
            book.move_waiting(session, sequence);
        }
        book.messages.entry(id).or_insert_with(record);
        let session = &mut book.sessions[session];
        match (way.class, way.level) {
            (Class::Request, _) => drop(session.waiting.insert(sequence, Waits::Reply)),
            (_, Level::None) => drop(session.silent.insert(sequence)),
            (_, level) => drop(session.waiting.insert(sequence, Waits::Level(level))),
        }
    }

    /// A session is told how far a range of numbers has come. Gives those of messages.
    pub(crate) fn receipt(&self, session: usize, level: Level, first: u64, last: u64) -> Vec<u64> {
        let mut book = lock(&self.0);
        book.counts.receipts += 1;
        let is_it = |waits: &Waits| match waits {
            Waits::Level(of) => *of == level,
            Waits::Control | Waits::Join { .. } | Waits::Leave { .. } => level == Level::Accepted,
            Waits::Found | Waits::Reply => false,
        };
        let waiting = book.sessions[session].waiting.range(first..=last);
        let answered = waiting.filter(|(_, waits)| is_it(waits));
        let answered: Vec<_> = answered.map(|(number, waits)| (*number, *waits)).collect();
        let moved = book.sessions[session].moved.range(first..=last);
        if answered.is_empty() && moved.count() == 0 {
            let what =
                format!("a receipt of {level:?} for {first} to {last}: nothing waits for it");
            book.object(session, &what);
        }
        for &(number, waits) in &answered {
            book.sessions[session].waiting.remove(&number);
            book.reached(session, number, waits);
        }
        let messages = answered.into_iter();
        let messages = messages.filter(|(_, waits)| matches!(waits, Waits::Level(_)));
        messages.map(|(number, _)| number).collect()
    }

    /// A session is told that something is refused.
    pub(crate) fn rejected(&self, session: usize, number: u64, code: RejectCode) {
        let mut book = lock(&self.0);
        book.counts.refused += 1;
        let open_faults = book.open_faults;
        let state = &mut book.sessions[session];
        let waited = state.waiting.remove(&number);
        let known = waited.is_some() || state.silent.remove(&number);
        let known = known || state.moved.contains(&number);
        // Of two answers to one that was sent again one may come before the store has failed.
        let known = known || code == RejectCode::Internal && !open_faults;
        if !known {
            let what = format!("number {number} is refused ({code}), which waits for nothing");
            book.object(session, &what);
        }
        let is_message = matches!(waited, None | Some(Waits::Level(_) | Waits::Reply));
        let id = book.id(session, number);
        if is_message && let Some(record) = book.messages.get_mut(&id) {
            record.refused = Some(code);
        }
    }

    /// A session is told what it looked up.
    pub(crate) fn found(&self, session: usize, number: u64) {
        let mut book = lock(&self.0);
        if book.sessions[session].waiting.remove(&number) != Some(Waits::Found) {
            book.object(session, &format!("found for {number}, which is no lookup"));
        }
    }

    /// A session gets the reply to a request.
    pub(crate) fn replied(&self, session: usize, number: u64, body: &[u8]) {
        let mut book = lock(&self.0);
        book.counts.replied += 1;
        if book.sessions[session].waiting.remove(&number) != Some(Waits::Reply) {
            let what = format!("a reply to {number}, which does not wait for one");
            book.object(session, &what);
        }
        let id = book.id(session, number);
        let said = book.replies.get(&id);
        if !said.is_some_and(|said| said.iter().any(|said| said == body)) {
            book.object(
                session,
                &format!("a reply to {number} that nobody has sent"),
            );
        }
    }

    /// A recipient replies.
    pub(crate) fn replies(&self, session: usize, id: Id, body: &[u8]) {
        let mut book = lock(&self.0);
        let to = book.messages.get(&id).map(|record| record.way.to);
        debug_assert_eq!(to, Some(To::Service(book.sessions[session].service)));
        book.replies.entry(id).or_default().push(body.to_vec());
    }

    /// The disk of the router refuses something.
    pub(crate) fn disk_fails(&self) {
        lock(&self.0).disk_failed = true;
    }

    /// Something is wrong that concerns no session.
    pub(crate) fn fail(&self, what: &str) {
        lock(&self.0).objections.push(what.to_owned());
    }

    /// What went wrong so far.
    pub(crate) fn objections(&self) -> Vec<String> {
        lock(&self.0).objections.clone()
    }

    pub(crate) fn counts(&self) -> Counts {
        lock(&self.0).counts
    }
}

impl Book {
    fn id(&self, session: usize, sequence: u64) -> Id {
        let session = &self.sessions[session];
        Id {
            sender: session.service,
            epoch: session.epoch,
            sequence,
        }
    }

    fn object(&mut self, session: usize, what: &str) {
        let who = Name(self.sessions[session].service, session);
        let text = format!("{who}: {what}");
        self.trace.note("ORACLE", || text.clone());
        self.objections.push(text);
    }

    /// A message is sent again: it is answered there, and perhaps where it was sent before.
    fn move_waiting(&mut self, to: usize, sequence: u64) {
        let (service, epoch) = (self.sessions[to].service, self.sessions[to].epoch);
        let before = self.sessions[..to].iter_mut();
        for session in before.filter(|it| (it.service, it.epoch) == (service, epoch)) {
            if session.waiting.remove(&sequence).is_some() {
                session.moved.insert(sequence);
            }
        }
    }

    /// Something of a session has come as far as it waited for.
    fn reached(&mut self, session: usize, number: u64, waits: Waits) {
        let (now, service) = (Instant::now(), self.sessions[session].service);
        match waits {
            Waits::Join { group, durable } => {
                // What was said in a newer session may have come before it.
                let opened = self.sessions[session].opened;
                let leaving = self.leaving.get(&(service, group));
                let overtaken = leaving.is_some_and(|(of, at)| *of != session && *at > opened);
                let joined = self.sessions[session].joined.entry(group).or_default();
                if joined.leaves.is_none_or(|leave| leave < number) {
                    joined.since.get_or_insert(now);
                    if durable && !overtaken {
                        self.members.entry((service, group)).or_insert(now);
                    }
                }
            }
            Waits::Leave { group } => {
                let joined = self.sessions[session].joined.entry(group).or_default();
                joined.left = joined.leaves == Some(number) && joined.joins < joined.leaves;
            }
            Waits::Level(level) => {
                let id = self.id(session, number);
                if let Some(record) = self.messages.get_mut(&id) {
                    record.reached.get_or_insert((level, now));
                }
                if level == Level::Delivered {
                    self.check_delivered(session, id);
                }
            }
            Waits::Control | Waits::Found | Waits::Reply => {}
        }
    }

    /// A message is said to be delivered: then whoever was to get it has acknowledged it.
    fn check_delivered(&mut self, session: usize, id: Id) {
        let Some(record) = self.messages.get(&id) else {
            return;
        };
        let missing = match record.way.to {
            // Its time may be over for some, and acknowledged by the others.
            _ if record.way.ttl > 0 => None,
            To::Service(to) => Some(to).filter(|to| !self.acknowledged.contains(&(id, *to))),
            To::Group(group) => {
                let certain = |(service, of): &(usize, usize), since: &Instant| {
                    *of == group && *service != id.sender && *since < record.at
                };
                let mut members = self.members.iter().filter(|(key, at)| certain(key, at));
                let missing = members.find(|((to, _), _)| !self.acknowledged.contains(&(id, *to)));
                missing.map(|((to, _), _)| *to)
            }
        };
        if let Some(to) = missing {
            let what = format!("{id} is said to be delivered, service {to} did not acknowledge it");
            self.object(session, &what);
        }
    }
}

/// A service and its session, as a trace names them.
pub(crate) struct Name(pub(crate) usize, pub(crate) usize);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("service {}/{}", self.0, self.1))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.sender, self.epoch, self.sequence)
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(number) => write!(f, "service {number}"),
            Self::Group(number) => write!(f, "group {number}"),
        }
    }
}
