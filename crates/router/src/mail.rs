//! Durable messages: they are stored first, and then delivered to whoever has them in its mailbox.
//!
//! A sender's task hands a run of messages to the store's thread ([`Mail::keep`]). What follows
//! happens on that thread, in the order in which messages were stored: receipts go back to the
//! sender, and each recipient's [`Peer`] gets what was stored for it, if it is there and has nothing
//! older to come. Whoever is not there reads its mailbox when it comes.

mod members;
mod receipts;
mod run;
mod sources;
mod tend;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, mem,
    ops::RangeInclusive,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use tokio::sync::Notify;
use tuyau_wire::{Identity, RejectCode};

use crate::{
    engine::SessionId,
    journal::Event,
    numbers::Numbers,
    peer::{Kept, Peer},
    plane::Plane,
    store::{Directory, Entry, ReadLimit, Room, Spool, StoreError, StoreErrorKind, StoreHandle},
};

pub(crate) use members::{Asker, Member, members};
use receipts::Receipts;
pub(crate) use run::Outgoing;
use sources::{Key, Sources};

/// Mailboxes, and what is known of the messages in them. Clones are the same.
#[derive(Clone)]
pub(crate) struct Mail {
    inner: Arc<Inner>,
}

struct Inner {
    store: StoreHandle,
    plane: Plane,
    /// How long a message is kept at most, in milliseconds.
    ttl_max: u64,
    sources: Mutex<Sources>,
    receipts: Mutex<Receipts>,
    /// Who has messages and no session.
    wanted: Mutex<BTreeSet<Identity>>,
    wanted_changed: Notify,
    /// What was handed to sessions since whoever watches was told.
    collected: Mutex<BTreeMap<Identity, (u64, u64)>>,
    /// Whether the store is looking for messages whose time is over.
    expiring: AtomicBool,
    /// Whether whoever watches was told that the store has failed.
    failed: AtomicBool,
}

impl Mail {
    /// `numbers` gives the handles under which messages are delivered; messages are kept for
    /// `ttl_max` milliseconds at most.
    pub(crate) fn new(store: StoreHandle, plane: Plane, numbers: Numbers, ttl_max: u64) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                plane,
                ttl_max,
                sources: Mutex::new(Sources::new(numbers)),
                receipts: Mutex::default(),
                wanted: Mutex::default(),
                wanted_changed: Notify::new(),
                collected: Mutex::default(),
                expiring: AtomicBool::new(false),
                failed: AtomicBool::new(false),
            }),
        }
    }

    /// The store itself.
    pub(crate) fn store(&self) -> &StoreHandle {
        &self.inner.store
    }

    /// Reads a mailbox from a position on, in this turn of its recipient.
    pub(crate) fn read(&self, peer: &Arc<Peer>, turn: u64, from: u64, limit: ReadLimit) {
        let (mail, reader) = (self.clone(), peer.clone());
        let read = move |spool: &mut dyn Spool, _: &mut dyn Directory, now| {
            // What is of no use any more does not come.
            match spool.expire(now) {
                Ok(expired) => mail.expired(&expired),
                Err(error) => return mail.failed(&error),
            }
            let mut entries = Vec::new();
            match spool.read(reader.identity.into(), from, limit, &mut entries) {
                Ok(()) => {
                    let kept = entries.into_iter().filter_map(|it| mail.kept(it));
                    reader.read(turn, &kept.collect::<Vec<_>>());
                }
                Err(error) => mail.failed(&error),
            }
        };
        self.asked(self.inner.store.look(Room::none(), read));
    }

    /// A message of a mailbox as it is delivered; none of a sender whose identity is no key.
    fn kept(&self, entry: Entry) -> Option<Kept> {
        let source = self.sources().of(Key::of(&entry, self.inner.ttl_max))?;
        Some(Kept {
            position: entry.position,
            source,
            sequence: entry.sequence,
            recovered: entry.recovered,
            body: entry.body,
        })
    }

    /// A recipient is done with the messages at these positions: they are removed, and their senders
    /// are told.
    pub(crate) fn acknowledge(&self, recipient: Identity, positions: Vec<u64>) {
        self.remove(recipient, positions, |receipts, done| {
            receipts.acknowledged(done);
        });
    }

    /// Messages are longer than their recipient accepts: they are removed, and their senders are
    /// told.
    pub(crate) fn refuse_long(&self, recipient: Identity, positions: Vec<u64>, limit: usize) {
        let messages = positions.len() as u64;
        self.inner.plane.tell(Event::Dropped {
            identity: recipient,
            messages,
            reason: "they are longer than it accepts",
        });
        let text = format!("the recipient accepts messages of at most {limit} bytes");
        self.remove(recipient, positions, move |receipts, done| {
            receipts.refused(done, RejectCode::TooLarge, &text);
        });
    }

    fn remove(
        &self,
        recipient: Identity,
        mut positions: Vec<u64>,
        tell: impl FnOnce(&mut Receipts, &[u64]) + Send + 'static,
    ) {
        positions.sort_unstable();
        let ranges = ranges(&positions);
        let ranges = ranges.map(|range| (recipient.into(), range)).collect();
        let mail = self.clone();
        // In its turn among what is stored, so that what comes again meanwhile waits for the rest.
        let tell = move |removed: &[u64]| tell(&mut mail.receipts(), removed);
        let store = &self.inner.store;
        self.asked(store.acknowledge_then(Room::none(), ranges, tell));
    }

    /// An identity has messages and no session: whoever can dial it should.
    pub(crate) fn want(&self, identity: Identity) {
        if lock(&self.inner.wanted).insert(identity) {
            self.inner.wanted_changed.notify_one();
        }
    }

    /// Waits until there are identities that have messages and no session, and gives them.
    ///
    /// # Cancel safety
    /// Nothing is lost when the future is dropped.
    pub(crate) async fn wanted(&self) -> BTreeSet<Identity> {
        loop {
            let wanted = mem::take(&mut *lock(&self.inner.wanted));
            if !wanted.is_empty() {
                return wanted;
            }
            self.inner.wanted_changed.notified().await;
        }
    }

    /// Notes what was handed to a session of its recipient.
    pub(crate) fn collected(&self, recipient: Identity, messages: u64, bytes: u64) {
        let mut collected = lock(&self.inner.collected);
        let (sum, length) = collected.entry(recipient).or_default();
        *sum += messages;
        *length += bytes;
    }

    /// The sender's session of these receipts has ended: nobody waits for them.
    pub(crate) fn forget(&self, session: SessionId) {
        self.receipts().forget(session);
    }

    /// Something was asked of the store; it says whether it could be.
    fn asked(&self, result: Result<(), StoreError>) {
        if let Err(error) = result {
            self.failed(&error);
        }
    }

    /// The store has failed; whoever watches is told once.
    pub(crate) fn failed(&self, error: &StoreError) {
        let stopped = error.kind() == StoreErrorKind::Stopped;
        if !stopped && !self.inner.failed.swap(true, Relaxed) {
            let reason = tuyau_core::Chain(error).to_string();
            self.inner.plane.tell(Event::StoreFailed { reason });
        }
    }

    fn receipts(&self) -> MutexGuard<'_, Receipts> {
        lock(&self.inner.receipts)
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        lock(&self.inner.sources)
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mail").field(&self.inner.store).finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Ascending numbers as ranges.
fn ranges(numbers: &[u64]) -> impl Iterator<Item = RangeInclusive<u64>> {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    runs.filter_map(|run| Some(*run.first()?..=*run.last()?))
}
