//! A time by which something must have happened.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::time::{Instant, Sleep, sleep_until};

/// A time that can be set, and waited for. The timer behind it is made when it is first waited for.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(super) fn at(at: Instant) -> Self {
        let (at, sleep) = (Some(at), None);
        Self { at, sleep }
    }

    pub(super) fn is_set(&self) -> bool {
        self.at.is_some()
    }

    pub(super) fn set(&mut self, at: Instant) {
        self.at = Some(at);
        if let Some(sleep) = &mut self.sleep {
            sleep.as_mut().reset(at);
        }
    }

    pub(super) fn clear(&mut self) {
        self.at = None;
    }

    /// Ready when the time has come; never while none is set.
    ///
    /// The clock decides, because a task that has used up its share of the runtime is told that a
    /// timer is not ready, and a peer that sends without a pause could keep a task there for ever.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        if Instant::now() >= at {
            return Poll::Ready(());
        }
        let new = || Box::pin(sleep_until(at));
        self.sleep.get_or_insert_with(new).as_mut().poll(cx)
    }
}
