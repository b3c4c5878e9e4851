//! Waiting for a moment, by a timer that the application chose.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tuyau_core::Timer;

/// One thing that waits now and then; a wait that was begun is kept until it is over.
pub(crate) struct Pause {
    timer: Arc<dyn Timer>,
    sleep: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Pause {
    pub(crate) fn new(timer: Arc<dyn Timer>) -> Self {
        Self { timer, sleep: None }
    }

    #[cfg(feature = "throttle")]
    pub(crate) fn now(&self) -> Duration {
        self.timer.now()
    }

    /// Waits until the time that `until` computes from now; it is asked when a wait begins.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        until: impl FnOnce(Duration) -> Duration,
    ) -> Poll<()> {
        let timer = &self.timer;
        let sleep = self
            .sleep
            .get_or_insert_with(|| timer.sleep(until(timer.now())));
        let done = sleep.as_mut().poll(cx);
        if done.is_ready() {
            self.sleep = None;
        }
        done
    }
}

impl fmt::Debug for Pause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pause")
            .field("waiting", &self.sleep.is_some())
            .finish()
    }
}
