//! The timer of any runtime.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    time::{Duration, Instant},
};

use tuyau_core::Timer;

/// A timer made of a function that waits, as every runtime has one.
///
/// ```
/// use tuyau::futures::TimerFn;
///
/// // With smol, and whatever else is driven by async-io:
/// let timer = TimerFn::new(async_io::Timer::after);
/// # let _ = timer;
/// ```
#[derive(Clone, Copy)]
pub struct TimerFn<S> {
    origin: Instant,
    sleep: S,
}

impl<S, W> TimerFn<S>
where
    S: Fn(Duration) -> W + Send + Sync + 'static,
    W: Future + Send + 'static,
{
    /// A timer whose time begins now. `sleep` gives a future that completes after so long.
    pub fn new(sleep: S) -> Self {
        Self {
            origin: Instant::now(),
            sleep,
        }
    }
}

impl<S> fmt::Debug for TimerFn<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimerFn")
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl<S, W> Timer for TimerFn<S>
where
    S: Fn(Duration) -> W + Send + Sync + 'static,
    W: Future + Send + 'static,
{
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let sleep = (self.sleep)(until.saturating_sub(self.now()));
        Box::pin(async move {
            sleep.await;
        })
    }
}
