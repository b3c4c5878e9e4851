//! The system's clock, for futures in `block_on`.

use std::{
    future::{Future, pending},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::reactor::Reactor;

/// The system's monotonic clock, and waiting in [`block_on`](super::block_on).
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    origin: Instant,
}

impl Timer {
    /// A timer whose time begins now.
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for Timer {
    fn default() -> Self {
        Self::new()
    }
}

impl tuyau_core::Timer for Timer {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Completes when [`now`](tuyau_core::Timer::now) has reached `until`.
    ///
    /// # Panics
    /// The future does, when it has to wait outside of [`block_on`](super::block_on).
    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self.origin.checked_add(until) {
            Some(deadline) => Box::pin(Sleep::until(deadline)),
            None => Box::pin(pending()),
        }
    }
}

/// A wait for a moment.
#[derive(Debug)]
pub(super) struct Sleep {
    deadline: Instant,
    entry: Option<(Arc<Reactor>, u64)>,
}

impl Sleep {
    pub(super) fn until(deadline: Instant) -> Self {
        Self {
            deadline,
            entry: None,
        }
    }

    fn leave(&mut self) {
        if let Some((reactor, number)) = self.entry.take() {
            reactor.remove_timer(self.deadline, number);
        }
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.leave();
        if Instant::now() >= self.deadline {
            return Poll::Ready(());
        }
        match Reactor::current() {
            Ok(reactor) => {
                let number = reactor.add_timer(self.deadline, cx.waker().clone());
                self.entry = Some((reactor, number));
                Poll::Pending
            }
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.leave();
    }
}
