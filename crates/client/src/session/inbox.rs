//! What was delivered and not taken yet.

use std::{
    collections::VecDeque,
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tokio::sync::Notify;

use super::Delivery;

/// When this many bytes wait to be taken, nothing more is read.
pub(super) const FULL: usize = 256 * 1_024;

/// The same while somebody waits for an answer, which comes behind what is delivered.
pub(super) const FULL_BEFORE_AN_ANSWER: usize = 8 * 1_024 * 1_024;

/// Deliveries, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    takers: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Delivery>,
    /// What they take in memory, about.
    bytes: usize,
    /// Whether what there is no room for is dropped.
    closing: bool,
    over: bool,
    /// The session's task, when it waits for room.
    task: Option<Waker>,
}

impl Inbox {
    /// Adds what came together.
    pub(super) fn push(&self, batch: &mut Vec<Delivery>) {
        let mut state = self.lock();
        if state.closing && state.bytes >= FULL {
            return batch.clear();
        }
        state.bytes += batch.iter().map(cost).sum::<usize>();
        state.queue.extend(batch.drain(..));
        drop(state);
        self.takers.notify_waiters();
    }

    /// Whether less than `full` bytes wait. Otherwise the task is woken when that is so again.
    pub(super) fn poll_room(&self, full: usize, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.bytes < full {
            return Poll::Ready(());
        }
        state.task = Some(cx.waker().clone());
        Poll::Pending
    }

    /// From now on what there is no room for is dropped.
    pub(super) fn close(&self) {
        self.lock().closing = true;
    }

    /// Nothing more will come.
    pub(super) fn end(&self) {
        self.lock().over = true;
        self.takers.notify_waiters();
    }

    /// Nobody will take what is left.
    pub(super) fn clear(&self) {
        let mut state = self.lock();
        let queue = mem::take(&mut state.queue);
        state.bytes = 0;
        drop(state);
        drop(queue);
    }

    /// The next delivery; `None` when there will be no more.
    pub(super) async fn next(&self) -> Option<Delivery> {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            let more = self.takers.notified();
            if let Some(next) = self.take() {
                return next;
            }
            more.await;
        }
    }

    /// Moves all deliveries that are there to the end of `batch`, at least one, and gives how many;
    /// 0 when there will be no more.
    pub(super) async fn next_batch(&self, batch: &mut Vec<Delivery>) -> usize {
        loop {
            if let Some(count) = self.take_all(batch) {
                return count;
            }
            let more = self.takers.notified();
            if let Some(count) = self.take_all(batch) {
                return count;
            }
            more.await;
        }
    }

    /// Takes all deliveries. `None` when there is none now, 0 when there will be none any more.
    fn take_all(&self, batch: &mut Vec<Delivery>) -> Option<usize> {
        let mut state = self.lock();
        let count = state.queue.len();
        if count == 0 {
            return state.over.then_some(0);
        }
        batch.extend(state.queue.drain(..));
        state.bytes = 0;
        let task = state.task.take();
        drop(state);
        if let Some(task) = task {
            task.wake();
        }
        Some(count)
    }

    /// Takes the next delivery. `None` when there is none now, and none in it when there will be
    /// none any more.
    fn take(&self) -> Option<Option<Delivery>> {
        let mut state = self.lock();
        let Some(delivery) = state.queue.pop_front() else {
            return state.over.then_some(None);
        };
        state.bytes -= cost(&delivery);
        let task = (state.bytes < FULL / 2).then(|| state.task.take());
        drop(state);
        if let Some(task) = task.flatten() {
            task.wake();
        }
        Some(Some(delivery))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a delivery takes in memory, about.
fn cost(delivery: &Delivery) -> usize {
    size_of::<Delivery>() + delivery.body.len()
}
