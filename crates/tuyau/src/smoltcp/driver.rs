//! What moves a network: a future for the application's executor.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tuyau_core::Timer;

use super::{
    Device, DriverError, NetworkError,
    frames::Frames,
    state::{Shared, Turn},
};

/// How many frames are received in a row before the stack works.
const BATCH: usize = 32;
/// How many turns are taken in a row before other tasks get theirs.
const TURNS: usize = 16;
/// The shortest pause when the stack asks for a turn but has nothing to send: it protects against
/// spinning, should the stack be wrong.
const PAUSE: Duration = Duration::from_millis(1);

/// Moves the frames of one [`Network`](super::Network): spawn it on any executor, and keep it running
/// as long as the network's flows.
///
/// It ends when the network and all its flows and listeners are gone and what they wrote is sent and
/// acknowledged; so awaiting it is the way to end in good order.
///
/// # Errors
/// When the device fails. All flows fail then, too.
///
/// # Cancel safety
/// Dropping it stops the network: every flow fails with
/// [`ErrorKind::Closed`](tuyau_core::ErrorKind::Closed).
#[must_use = "a network does not move without its driver"]
pub struct Driver<D> {
    shared: Arc<Shared>,
    device: D,
    frames: Frames,
    timer: Arc<dyn Timer>,
    sleep: Option<Sleep>,
}

/// A sleep, and until when.
struct Sleep {
    until: Duration,
    done: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<D: Device> Driver<D> {
    pub(super) fn new(
        shared: Arc<Shared>,
        device: D,
        frames: Frames,
        timer: Arc<dyn Timer>,
    ) -> Self {
        Self {
            shared,
            device,
            frames,
            timer,
            sleep: None,
        }
    }

    /// Receives until there is nothing, and gives whether there may be more.
    fn receive(&mut self, cx: &mut Context<'_>) -> Result<bool, DriverError> {
        while self.frames.received() < BATCH {
            let mut buffer = self.frames.buffer();
            match self.device.poll_receive(cx, &mut buffer) {
                Poll::Ready(Ok(length)) => {
                    buffer.truncate(length);
                    self.frames.push_received(buffer);
                }
                Poll::Ready(Err(error)) => return Err(DriverError(Arc::new(error))),
                Poll::Pending => {
                    self.frames.recycle(buffer);
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }

    /// Sends until the device takes no more, and gives whether everything is sent.
    fn send(&mut self, cx: &mut Context<'_>) -> Result<bool, DriverError> {
        while let Some(frame) = self.frames.outgoing() {
            match self.device.poll_send(cx, frame) {
                Poll::Ready(Ok(())) => self.frames.sent(),
                Poll::Ready(Err(error)) => return Err(DriverError(Arc::new(error))),
                Poll::Pending => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Waits until `due`; ready when that has come. A sleep that ends before is not made anew.
    fn poll_sleep(&mut self, cx: &mut Context<'_>, due: Option<Duration>) -> Poll<()> {
        let Some(due) = due else {
            self.sleep = None;
            return Poll::Pending;
        };
        let timer = &self.timer;
        let sleep = match self.sleep.take().filter(|sleep| sleep.until <= due) {
            Some(sleep) => sleep,
            None => Sleep {
                until: due,
                done: timer.sleep(due),
            },
        };
        let sleep = self.sleep.insert(sleep);
        let poll = sleep.done.as_mut().poll(cx);
        if poll.is_ready() {
            self.sleep = None;
        }
        poll
    }

    fn poll_drive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), DriverError>> {
        for _ in 0..TURNS {
            let more = self.receive(cx)?;
            let now = self.timer.now();
            let waker = cx.waker();
            let frames = &mut self.frames;
            let turn = self
                .shared
                .with(|state, wakes| state.turn(waker, now, frames, wakes));
            let idle = self.frames.outgoing().is_none();
            let sent = self.send(cx)?;
            let due = match turn {
                Turn::Finished if sent => return Poll::Ready(Ok(())),
                Turn::Finished => None,
                Turn::Due(due) => due,
            };
            if more {
                continue;
            }
            let due = match due {
                // The device says when it takes more; a turn before that would change nothing.
                Some(at) if at <= now && !sent => None,
                Some(at) if at <= now && idle => Some(now + PAUSE),
                Some(at) if at <= now => continue,
                due => due,
            };
            if self.poll_sleep(cx, due).is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

// Nothing is pinned in place.
impl<D> Unpin for Driver<D> {}

impl<D: Device> Future for Driver<D> {
    type Output = Result<(), DriverError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let poll = self.poll_drive(cx);
        if let Poll::Ready(Err(error)) = &poll {
            let reason = NetworkError::DeviceFailed(error.clone());
            self.shared.with(|state, wakes| state.stop(reason, wakes));
        }
        poll
    }
}

impl<D> Drop for Driver<D> {
    fn drop(&mut self) {
        let reason = NetworkError::DriverDropped;
        self.shared.with(|state, wakes| state.stop(reason, wakes));
    }
}

impl<D: fmt::Debug> fmt::Debug for Driver<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver")
            .field("device", &self.device)
            .finish_non_exhaustive()
    }
}
