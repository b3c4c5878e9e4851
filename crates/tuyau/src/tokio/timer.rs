//! Tokio's clock.

use std::{future::Future, pin::Pin, time::Duration};

use ::tokio::time::{self, Instant};
use tuyau_core::Timer;

/// Tokio's clock and timer, the virtual one while tokio's time is paused.
#[derive(Clone, Copy, Debug)]
pub struct TokioTimer {
    origin: Instant,
}

impl TokioTimer {
    /// A timer whose time begins now.
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

impl Default for TokioTimer {
    fn default() -> Self {
        Self::new()
    }
}

impl Timer for TokioTimer {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self.origin.checked_add(until) {
            Some(instant) => Box::pin(time::sleep_until(instant)),
            None => Box::pin(std::future::pending()),
        }
    }
}
