//! Any flow as a stream of std.

use std::{
    error::Error,
    fmt,
    future::{Future, poll_fn},
    io::{self, IoSlice, Read, Write},
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use tuyau_core::{Flow, FlowError};

use super::{timer::Sleep, try_block_on};
use crate::io_slices::with_plain_slices;

/// A flow as [`Read`] and [`Write`], each call of which waits in this thread, as those of
/// [`std::net::TcpStream`] do.
///
/// A clone is the same flow, with timeouts of its own: one thread reads while another one writes.
/// Two that read, or two that write, take turns. `&Stream` is a stream as well.
///
/// Errors are [`io::Error`]s whose source is the [`FlowError`]; one that a timeout ends has the kind
/// [`TimedOut`](io::ErrorKind::TimedOut), and nothing has been read or written then.
#[derive(Debug)]
pub struct Stream<F> {
    shared: Arc<Shared<F>>,
    read_timeout: Option<Duration>,
    write_timeout: Option<Duration>,
}

/// A flow, and whose turn it is.
#[derive(Debug)]
struct Shared<F> {
    flow: Mutex<F>,
    reading: Mutex<()>,
    writing: Mutex<()>,
}

impl<F: Flow> Stream<F> {
    /// Wraps a flow: any that does not belong to a runtime, such as those of this backend, of memory,
    /// and layers over them.
    pub fn new(flow: F) -> Self {
        Self {
            shared: Arc::new(Shared {
                flow: Mutex::new(flow),
                reading: Mutex::default(),
                writing: Mutex::default(),
            }),
            read_timeout: None,
            write_timeout: None,
        }
    }

    /// The flow, for what it knows; nobody reads or writes while this is held.
    pub fn flow(&self) -> MutexGuard<'_, F> {
        lock(&self.shared.flow)
    }

    /// Takes the flow out, or gives the stream back while it has clones.
    ///
    /// # Errors
    /// This stream, when there are clones of it.
    pub fn into_flow(self) -> Result<F, Self> {
        match Arc::try_unwrap(self.shared) {
            Ok(shared) => Ok(shared
                .flow
                .into_inner()
                .unwrap_or_else(PoisonError::into_inner)),
            Err(shared) => Err(Self { shared, ..self }),
        }
    }

    /// How long a read may take; for ever unless told otherwise.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) {
        self.read_timeout = timeout;
    }

    /// How long a write, a flush or the end of writing may take; for ever unless told otherwise.
    pub fn set_write_timeout(&mut self, timeout: Option<Duration>) {
        self.write_timeout = timeout;
    }

    /// Flushes and ends the writing half; reading stays open. This is `shutdown(Shutdown::Write)` of
    /// std's streams; dropping the last clone closes both halves.
    ///
    /// # Errors
    /// As a flush.
    pub fn close_write(&self) -> io::Result<()> {
        self.write_with(|flow, cx| flow.poll_close_write(cx))
    }

    /// Gives the flow up at once, in every thread: see [`Flow::abort`].
    pub fn abort(&self) {
        self.flow().abort();
    }

    fn write_with<T>(
        &self,
        poll: impl FnMut(&mut F, &mut Context<'_>) -> Poll<Result<T, FlowError>>,
    ) -> io::Result<T> {
        let _turn = lock(&self.shared.writing);
        self.run(self.write_timeout, poll)
    }

    fn run<T>(
        &self,
        timeout: Option<Duration>,
        mut poll: impl FnMut(&mut F, &mut Context<'_>) -> Poll<Result<T, FlowError>>,
    ) -> io::Result<T> {
        let work = poll_fn(|cx| poll(&mut lock(&self.shared.flow), cx));
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let done = match deadline {
            None => try_block_on(work)?,
            Some(deadline) => try_block_on(within(deadline, work))?,
        };
        done.map_err(Into::into)
    }
}

/// Runs `work` until the deadline.
async fn within<T>(
    deadline: Instant,
    work: impl Future<Output = Result<T, FlowError>>,
) -> Result<T, FlowError> {
    let (mut work, mut sleep) = (pin!(work), pin!(Sleep::until(deadline)));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(done),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| {
            let error = io::Error::new(io::ErrorKind::TimedOut, TimedOut);
            Err(error.into())
        }),
    })
    .await
}

/// The cause of an error of a [`Stream`] whose timeout passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TimedOut;

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the stream's timeout passed")
    }
}

impl Error for TimedOut {}

impl<F> Clone for Stream<F> {
    fn clone(&self) -> Self {
        Self {
            shared: self.shared.clone(),
            read_timeout: self.read_timeout,
            write_timeout: self.write_timeout,
        }
    }
}

impl<F: Flow> Read for &Stream<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let _turn = lock(&self.shared.reading);
        self.run(self.read_timeout, |flow, cx| flow.poll_read(cx, buffer))
    }
}

impl<F: Flow> Write for &Stream<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_with(|flow, cx| flow.poll_write(cx, bytes))
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        with_plain_slices(slices, |slices| {
            self.write_with(|flow, cx| flow.poll_write_vectored(cx, slices))
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_with(|flow, cx| flow.poll_flush(cx))
    }
}

impl<F: Flow> Read for Stream<F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl<F: Flow> Write for Stream<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (&*self).write_vectored(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        (&*self).flush()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A flow that panicked while it was polled is for its user to judge, as without this lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
