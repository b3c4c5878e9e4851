//! Messages that this service is done with, so that it does not get them twice.

use std::{
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;
use tuyau_wire::Identity;

/// How many acknowledged messages are remembered unless set otherwise, about 150 bytes each.
pub const SEEN_MESSAGES: usize = 16_384;

/// For how long they are remembered unless set otherwise.
pub const SEEN_TIME: Duration = Duration::from_secs(24 * 3_600);

/// The id of a message: its sender, the sender's epoch, and its number.
pub(crate) type Id = (Identity, u64, u64);

/// The durable messages that were acknowledged last. Clones share it, and so do all sessions with
/// the same settings: a message that comes again in a later session, because its acknowledgement was
/// lost with an earlier one, is recognised.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    ids: HashSet<Id>,
    /// The same in the order in which they were acknowledged.
    order: VecDeque<(Instant, Id)>,
    most: usize,
    time: Duration,
}

impl Seen {
    pub(crate) fn new(most: usize, time: Duration) -> Self {
        let inner = Inner {
            ids: HashSet::new(),
            order: VecDeque::new(),
            most,
            time,
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Remembers a message.
    pub(crate) fn insert(&self, id: Id) {
        let now = Instant::now();
        let mut inner = self.lock();
        if inner.ids.insert(id) {
            inner.order.push_back((now, id));
        }
        inner.forget(now);
    }

    /// Whether a message is remembered.
    pub(crate) fn contains(&self, id: &Id) -> bool {
        let mut inner = self.lock();
        inner.forget(Instant::now());
        inner.ids.contains(id)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn forget(&mut self, now: Instant) {
        while let Some((since, id)) = self.order.front() {
            if self.order.len() <= self.most && now.duration_since(*since) < self.time {
                break;
            }
            self.ids.remove(id);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use tuyau_wire::SecretKey;

    use super::*;

    fn id(sequence: u64) -> Id {
        (SecretKey::from_seed([1; 32]).identity(), 7, sequence)
    }

    #[tokio::test(start_paused = true)]
    async fn forgets_what_is_beyond_its_window_in_messages_and_in_time() {
        let seen = Seen::new(2, Duration::from_secs(10));
        for sequence in 1..=3 {
            seen.insert(id(sequence));
        }
        assert_eq!(
            [1, 2, 3].map(|n| seen.contains(&id(n))),
            [false, true, true]
        );
        tokio::time::advance(Duration::from_secs(9)).await;
        seen.insert(id(4));
        assert_eq!([3, 4].map(|n| seen.contains(&id(n))), [true, true]);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!([3, 4].map(|n| seen.contains(&id(n))), [false, true]);
    }
}
