//! Durable messages that have no receipt yet.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::{Notify, oneshot};

use crate::{RequestError, session::Way};

/// When so many messages wait for their receipts, further ones wait with their callers.
const MESSAGES: usize = 65_536;

/// The same in bytes of bodies.
const BYTES: usize = 64 * 1_024 * 1_024;

/// A message that is kept until the router has taken it over.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) way: Way,
    pub(super) body: Bytes,
    done: Arc<Mutex<Option<Done>>>,
}

type Done = oneshot::Sender<Result<(), RequestError>>;

/// What became of a message that was to be taken.
enum Pushed {
    Done(oneshot::Receiver<Result<(), RequestError>>),
    Full,
    Closed,
}

/// Durable messages that have no receipt yet, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    /// Told when there is something to send.
    work: Notify,
    /// Told when there is room, or nothing left.
    room: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// Those that have a number: they were sent in one session or more.
    sent: BTreeMap<u64, Item>,
    fresh: VecDeque<Item>,
    bytes: usize,
    closed: bool,
}

impl State {
    fn is_empty(&self) -> bool {
        self.sent.is_empty() && self.fresh.is_empty()
    }

    fn is_full(&self) -> bool {
        self.sent.len() + self.fresh.len() >= MESSAGES || self.bytes >= BYTES
    }
}

impl Outbox {
    /// Takes a message once there is room, and gives what tells what becomes of it; `None` when no
    /// more are taken.
    pub(super) async fn push(
        &self,
        way: &Way,
        body: Bytes,
    ) -> Option<oneshot::Receiver<Result<(), RequestError>>> {
        loop {
            let room = self.room.notified();
            match self.try_push(way, &body) {
                Pushed::Done(done) => return Some(done),
                Pushed::Closed => return None,
                Pushed::Full => room.await,
            }
        }
    }

    fn try_push(&self, way: &Way, body: &Bytes) -> Pushed {
        let mut state = self.lock();
        if state.closed {
            return Pushed::Closed;
        }
        if state.is_full() {
            return Pushed::Full;
        }
        let (sender, done) = oneshot::channel();
        state.bytes += body.len();
        state.fresh.push_back(Item {
            way: way.clone(),
            body: body.clone(),
            done: Arc::new(Mutex::new(Some(sender))),
        });
        drop(state);
        self.work.notify_one();
        Pushed::Done(done)
    }

    /// The next message that has not been sent in any session. It stays until it is
    /// [numbered](Self::number).
    pub(super) async fn next(&self) -> Item {
        loop {
            let work = self.work.notified();
            if let Some(item) = self.lock().fresh.front() {
                return item.clone();
            }
            work.await;
        }
    }

    /// The message that [`next`](Self::next) gave was sent under this number.
    pub(super) fn number(&self, sequence: u64) {
        let mut state = self.lock();
        if let Some(item) = state.fresh.pop_front() {
            state.sent.insert(sequence, item);
        }
    }

    /// The message that [`next`](Self::next) gave cannot be sent.
    pub(super) fn refuse(&self, error: RequestError) {
        let item = self.lock().fresh.pop_front();
        self.finish(item, Err(error));
    }

    /// What became of a message that was sent.
    pub(super) fn settle(&self, sequence: u64, outcome: Result<(), RequestError>) {
        let item = self.lock().sent.remove(&sequence);
        self.finish(item, outcome);
    }

    fn finish(&self, item: Option<Item>, outcome: Result<(), RequestError>) {
        let Some(item) = item else { return };
        self.lock().bytes -= item.body.len();
        let done = item
            .done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Whoever sent it may not want to know.
        let _ = done.map(|done| done.send(outcome));
        self.room.notify_waiters();
    }

    /// Everything that was sent and has no receipt, by its number.
    pub(super) fn sent(&self) -> BTreeMap<u64, Item> {
        self.lock().sent.clone()
    }

    /// Takes no more, and waits until nothing is left.
    pub(super) async fn drain(&self) {
        self.lock().closed = true;
        self.empty().await;
    }

    /// Waits until nothing is left.
    pub(super) async fn empty(&self) {
        loop {
            let changed = self.room.notified();
            if self.lock().is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// How many messages have no receipt.
    pub(super) fn len(&self) -> usize {
        let state = self.lock();
        state.sent.len() + state.fresh.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
