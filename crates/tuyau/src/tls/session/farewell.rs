//! Ending a failed handshake so that the peer learns why.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tuyau_core::{Flow, FlowError, Timer};

/// How long a peer may take to read why it was refused.
const LONGEST: Duration = Duration::from_secs(1);

/// How many bytes of a refused peer are read and thrown away, at most: what it may have sent behind
/// its handshake, no matter how fast it goes on.
const MOST: usize = 256 * 1024;

/// How long to wait for a refused peer: not at all, or up to [`LONGEST`] by this timer.
#[derive(Clone)]
pub(in crate::tls) struct Patience(Option<Arc<dyn Timer>>);

impl Patience {
    pub(in crate::tls) fn none() -> Self {
        Self(None)
    }

    pub(in crate::tls) fn with(timer: Arc<dyn Timer>) -> Self {
        Self(Some(timer))
    }

    fn sleep(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let timer = self.0.as_ref()?;
        Some(timer.sleep(timer.now().saturating_add(LONGEST)))
    }
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Patience").field(&self.0.is_some()).finish()
    }
}

/// Sends the alert, ends the writing half, and reads until the peer closes too, in bounds.
pub(super) async fn say<F: Flow>(flow: F, alert: Vec<u8>, patience: &Patience) {
    let mut sleep = patience.sleep();
    let mut ending = Ending {
        flow,
        alert,
        sent: 0,
        closed: false,
        discarded: 0,
    };
    poll_fn(|cx| match ending.poll(cx) {
        Poll::Pending => match &mut sleep {
            Some(sleep) => sleep.as_mut().poll(cx),
            None => Poll::Ready(()),
        },
        // The handshake has failed already, for a better reason.
        Poll::Ready(_) => Poll::Ready(()),
    })
    .await;
}

struct Ending<F> {
    flow: F,
    alert: Vec<u8>,
    sent: usize,
    closed: bool,
    discarded: usize,
}

impl<F: Flow> Ending<F> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        while self.sent < self.alert.len() {
            self.sent += ready!(self.flow.poll_write(cx, &self.alert[self.sent..]))?;
        }
        if !self.closed {
            ready!(self.flow.poll_close_write(cx))?;
            self.closed = true;
        }
        let mut waste = [0; 4096];
        while self.discarded < MOST {
            match ready!(self.flow.poll_read(cx, &mut waste))? {
                0 => break,
                count => self.discarded += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}
