//! What the callers of a session and its task have in common.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{
    Peer,
    desk::{Blocked, Desk},
    error::{RequestError, SessionError},
    inbox::Inbox,
    notice::Notices,
};
use crate::Settings;

/// What the callers of a session and its task have in common.
pub(super) struct Shared {
    pub(super) desk: Mutex<Desk>,
    pub(super) inbox: Inbox,
    pub(super) notices: Notices,
    pub(super) ended: watch::Receiver<Option<SessionError>>,
    pub(super) settings: Settings,
    pub(super) epoch: u64,
    pub(super) peer: Peer,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with what callers and the task share, and then wakes whoever that concerns.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Desk) -> T) -> T {
        let mut desk = self.lock();
        let result = work(&mut desk);
        let (task, wakers) = desk.take_wakers();
        drop(desk);
        task.into_iter()
            .chain(wakers)
            .for_each(|waker| waker.wake());
        result
    }

    /// Does something as soon as there is room for it.
    pub(super) async fn when_room<T>(
        &self,
        mut work: impl FnMut(&mut Desk) -> Result<T, Blocked>,
    ) -> Result<T, RequestError> {
        loop {
            let until = match self.with(&mut work) {
                Ok(result) => return Ok(result),
                Err(Blocked::For(error)) => return Err(error),
                Err(Blocked::Until(until)) => until,
            };
            let changed = until.notified();
            // It may have changed before anybody listened.
            match self.with(&mut work) {
                Ok(result) => return Ok(result),
                Err(Blocked::For(error)) => return Err(error),
                Err(Blocked::Until(again)) if Arc::ptr_eq(&again, &until) => changed.await,
                Err(Blocked::Until(_)) => {}
            }
        }
    }
}
