//! One direction of a faulty flow: how far it has come, and what happens next.

use std::{
    sync::Arc,
    task::{Context, Poll, Waker, ready},
};

use tuyau_core::Timer;

use super::Trouble;
use crate::pause::Pause;

#[derive(Debug)]
pub(super) struct Half {
    trouble: Trouble,
    /// How many bytes have passed.
    passed: u64,
    /// Whether the next read or write has waited already.
    rested: bool,
    pause: Pause,
    /// The task that waits in this direction, for when the other one is cut.
    waiting: Option<Waker>,
}

/// What may happen in a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// This many bytes may pass, at least 1; when `corrupt`, it is one, and it is to be changed.
    Pass { limit: usize, corrupt: bool },
    /// The flow is to be cut.
    Cut,
}

impl Half {
    pub(super) fn new(trouble: Trouble, timer: Arc<dyn Timer>) -> Self {
        Self {
            trouble,
            passed: 0,
            rested: false,
            pause: Pause::new(timer),
            waiting: None,
        }
    }

    /// What happens to the next bytes, once it happens; `pending` for ever when they are stalled.
    pub(super) fn poll_turn(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        self.wait(cx);
        if !self.rested && !self.trouble.delay.is_zero() {
            let delay = self.trouble.delay;
            ready!(self.pause.poll(cx, |now| now.saturating_add(delay)));
        }
        self.rested = true;
        if self.is_reached(self.trouble.cut) {
            return Poll::Ready(Turn::Cut);
        }
        if self.is_reached(self.trouble.stall) {
            return Poll::Pending;
        }
        let next = self.trouble.corrupt.iter().find(|at| **at >= self.passed);
        if next == Some(&self.passed) {
            return Poll::Ready(Turn::Pass {
                limit: 1,
                corrupt: true,
            });
        }
        let ends = [self.trouble.cut, self.trouble.stall, next.copied()];
        let room = ends.into_iter().flatten().map(|end| end - self.passed);
        let short = self.trouble.short.map(|bytes| bytes as u64);
        let limit = room.chain(short).min().unwrap_or(u64::MAX);
        Poll::Ready(Turn::Pass {
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            corrupt: false,
        })
    }

    /// Whether the end of the stream is cut off or stalled, as bytes would be.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Turn> {
        if self.is_reached(self.trouble.cut) {
            return Poll::Ready(Turn::Cut);
        }
        if self.is_reached(self.trouble.stall) {
            self.wait(cx);
            return Poll::Pending;
        }
        Poll::Ready(Turn::Pass {
            limit: 1,
            corrupt: false,
        })
    }

    /// These bytes have passed, and the next read or write waits anew.
    pub(super) fn pass(&mut self, bytes: usize) {
        self.passed += bytes as u64;
        self.rested = false;
    }

    /// Wakes the task that waits in this direction.
    pub(super) fn wake(&mut self) {
        if let Some(waker) = self.waiting.take() {
            waker.wake();
        }
    }

    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waiting {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waiting = Some(cx.waker().clone()),
        }
    }

    fn is_reached(&self, end: Option<u64>) -> bool {
        end.is_some_and(|end| self.passed >= end)
    }
}
