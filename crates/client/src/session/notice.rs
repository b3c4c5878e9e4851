//! What a router says that is no answer and no delivery.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::error::Rejection;

/// How many notices are kept that nobody takes; older ones are dropped.
const KEPT: usize = 1_024;

/// Something that a router tells without having been asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// A message was refused of which no receipt was wanted.
    Refused {
        /// Its number.
        sequence: u64,
        /// Why.
        rejection: Rejection,
    },
    /// This service is no member of a group any more, which it had joined: the rules of the
    /// group or the policy of the router changed, or its grant expired.
    Removed {
        /// The group.
        group: Identity,
        /// Why.
        rejection: Rejection,
    },
    /// This service is not registered any more: the policy of the router changed.
    Unregistered {
        /// Why.
        rejection: Rejection,
    },
    /// Messages of a group did not get here, because they were not taken as fast as they came.
    Missed {
        /// Who sent them.
        from: Identity,
        /// The epoch of the sender.
        epoch: u64,
        /// The group.
        group: Option<Identity>,
        /// The number of the first message that is missing.
        first: u64,
        /// The number of the last one; those between may or may not have been for this group.
        last: u64,
    },
    /// The router is about to end the session.
    Draining {
        /// In how long it closes.
        closes_in: Duration,
        /// Where else this service can go; nowhere when it is to come back later.
        routes: Vec<Address>,
    },
}

/// The notices that nobody has taken yet.
#[derive(Debug, Default)]
pub(super) struct Notices {
    state: Mutex<State>,
    takers: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Notice>,
    over: bool,
}

impl Notices {
    pub(super) fn push(&self, notice: Notice) {
        let mut state = self.lock();
        if state.queue.len() == KEPT {
            state.queue.pop_front();
        }
        state.queue.push_back(notice);
        drop(state);
        self.takers.notify_waiters();
    }

    /// There will be no more.
    pub(super) fn end(&self) {
        self.lock().over = true;
        self.takers.notify_waiters();
    }

    /// The next one; `None` when there will be no more.
    pub(super) async fn next(&self) -> Option<Notice> {
        loop {
            let more = self.takers.notified();
            if let Some(next) = self.take() {
                return next;
            }
            more.await;
        }
    }

    /// Takes the next one. `None` when there is none now, and none in it when there will be none any
    /// more.
    fn take(&self) -> Option<Option<Notice>> {
        let mut state = self.lock();
        match state.queue.pop_front() {
            None => state.over.then_some(None),
            next => Some(next),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
