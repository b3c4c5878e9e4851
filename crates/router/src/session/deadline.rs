//! A time by which something must have happened.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    task::coop::has_budget_remaining,
    time::{Instant, Sleep, sleep_until},
};

/// A time that can be set, and waited for. The timer behind it is made when it is first waited for.
#[derive(Debug, Default)]
pub(super) struct Deadline {
    at: Option<Instant>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whether the timer is to wake the task at that time.
    waits: bool,
}

impl Deadline {
    pub(super) fn at(at: Instant) -> Self {
        Self {
            at: Some(at),
            ..Self::default()
        }
    }

    pub(super) fn is_set(&self) -> bool {
        self.at.is_some()
    }

    pub(super) fn set(&mut self, at: Instant) {
        self.at = Some(at);
        self.waits = false;
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
        self.waits = has_budget_remaining();
        self.sleep.get_or_insert_with(new).as_mut().poll(cx)
    }

    /// The same without a look at the clock for each call, for a time that may also be noticed a little
    /// later, and for a task that is always the same.
    pub(super) fn poll_lazily(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &self.sleep {
            Some(sleep) if self.waits && self.at.is_some() && !sleep.is_elapsed() => Poll::Pending,
            _ => self.poll(cx),
        }
    }
}
