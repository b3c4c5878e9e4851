//! The task of one connection: reads frames, many at a time, and writes what is queued.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep_until};
use tuyau_core::{AnyFlow, Chain, Flow, FlowError};
use tuyau_wire::frame::{self, FrameError};

use crate::outbox::Outbox;

/// How much is read at a time while frames are small, in bytes: as much as one TLS record holds.
const READ: usize = 16 * 1024;

/// About how much is handed to the flow in one write, in bytes.
const WRITE: usize = 64 * 1024;

/// How long a session that is being closed may take to send what is queued.
const CLOSE: Duration = Duration::from_secs(5);

/// What a session reads by.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The longest message, in bytes.
    pub(crate) frame_bytes: usize,
    /// Time for a message to arrive in full once its first byte has.
    pub(crate) frame: Duration,
    /// When the first message must have arrived.
    pub(crate) hello: Instant,
}

/// What came in on a session.
#[derive(Debug)]
pub(crate) enum Received {
    /// Whole frames, one after the other.
    Frames(Vec<u8>),
    /// What follows is no frame.
    Broken(FrameError),
    /// The session is over.
    End(String),
}

/// The connection of one session.
pub(crate) struct SessionIo {
    flow: AnyFlow,
    outbox: Outbox,
    bounds: Bounds,
    input: Vec<u8>,
    filled: usize,
    output: Vec<u8>,
    written: usize,
    unflushed: bool,
    broken: bool,
    /// When what is awaited must have come: the hello, the rest of a frame, or the close.
    deadline: Option<(Instant, Awaited)>,
    sleep: Pin<Box<Sleep>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Hello,
    Frame,
    Close,
}

impl SessionIo {
    pub(crate) fn new(flow: AnyFlow, outbox: Outbox, bounds: Bounds) -> Self {
        let deadline = Some((bounds.hello, Awaited::Hello));
        let sleep = Box::pin(sleep_until(bounds.hello));
        Self {
            flow,
            outbox,
            bounds,
            input: Vec::new(),
            filled: 0,
            output: Vec::new(),
            written: 0,
            unflushed: false,
            broken: false,
            deadline,
            sleep,
        }
    }

    /// Writes what is queued until something came in, or the session ended.
    pub(crate) async fn receive(&mut self) -> Received {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        self.outbox.register(cx);
        let closing = self.outbox.closing().is_some();
        if closing && !matches!(self.deadline, Some((_, Awaited::Close))) {
            self.set_deadline(Some((Instant::now() + CLOSE, Awaited::Close)));
        }
        if let Poll::Ready(end) = self.poll_write(cx) {
            return Poll::Ready(Received::End(end));
        }
        let paused = self.broken || closing || self.outbox.is_full();
        if !paused && let Poll::Ready(received) = self.poll_read(cx) {
            return Poll::Ready(received);
        }
        if paused && matches!(self.deadline, Some((_, Awaited::Frame))) {
            return Poll::Pending;
        }
        self.poll_deadline(cx).map(Received::End)
    }

    /// Writes until there is nothing to write; ready when the session is over.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        loop {
            if self.written < self.output.len() {
                match ready!(self.flow.poll_write(cx, &self.output[self.written..])) {
                    Ok(count) => self.written += count,
                    Err(error) => return Poll::Ready(lost(&error)),
                }
                self.unflushed = true;
                continue;
            }
            self.output.clear();
            self.written = 0;
            self.outbox.take(&mut self.output, WRITE);
            if !self.output.is_empty() {
                continue;
            }
            self.output = Vec::new();
            if self.unflushed {
                if let Err(error) = ready!(self.flow.poll_flush(cx)) {
                    return Poll::Ready(lost(&error));
                }
                self.unflushed = false;
            }
            return self.poll_close(cx);
        }
    }

    /// Closes the flow when the session is being closed; everything queued has been written.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        let Some(reason) = self.outbox.closing() else {
            return Poll::Pending;
        };
        if let Err(error) = ready!(self.flow.poll_close_write(cx)) {
            return Poll::Ready(format!("{reason} ({})", lost(&error)));
        }
        // Closing with unread input would reset the connection, and what was written last, the
        // reason of the close, could be lost: the peer has till the deadline to close as well.
        loop {
            self.input.resize(READ, 0);
            match ready!(self.flow.poll_read(cx, &mut self.input)) {
                Ok(0) | Err(_) => return Poll::Ready(reason),
                Ok(_) => {}
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        loop {
            let room = frame::missing(&self.input[..self.filled]).max(READ);
            let room = room.min(self.bounds.frame_bytes.max(READ));
            self.input.resize(self.filled + room, 0);
            let count = match self.flow.poll_read(cx, &mut self.input[self.filled..]) {
                Poll::Ready(Ok(0)) if self.filled > 0 => {
                    return Poll::Ready(Received::End("the peer closed within a frame".into()));
                }
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Received::End("the peer closed the connection".into()));
                }
                Poll::Ready(Ok(count)) => count,
                Poll::Ready(Err(error)) => return Poll::Ready(Received::End(lost(&error))),
                Poll::Pending => {
                    self.shrink();
                    return Poll::Pending;
                }
            };
            self.filled += count;
            if let Some(received) = self.split() {
                return Poll::Ready(received);
            }
        }
    }

    /// Takes all whole frames out of the input.
    fn split(&mut self) -> Option<Received> {
        let mut end = 0;
        let mut error = None;
        while end < self.filled {
            match frame::split(&self.input[end..self.filled], self.bounds.frame_bytes) {
                Ok(Some(frame)) => end += frame.length,
                Ok(None) => break,
                Err(found) => {
                    error = Some(found);
                    break;
                }
            }
        }
        if end == 0 {
            self.await_frame();
            return error.map(|error| {
                self.broken = true;
                Received::Broken(error)
            });
        }
        let frames = self.input[..end].to_vec();
        self.input.copy_within(end..self.filled, 0);
        self.filled -= end;
        self.set_deadline(None);
        self.await_frame();
        Some(Received::Frames(frames))
    }

    /// Starts the time that a begun frame has, unless it runs.
    fn await_frame(&mut self) {
        if self.filled > 0 && self.deadline.is_none() {
            self.set_deadline(Some((Instant::now() + self.bounds.frame, Awaited::Frame)));
        }
    }

    /// Gives memory back while nothing comes in.
    fn shrink(&mut self) {
        if self.filled == 0 {
            self.input = Vec::new();
        } else {
            self.input.truncate(self.filled);
        }
    }

    fn set_deadline(&mut self, deadline: Option<(Instant, Awaited)>) {
        self.deadline = deadline;
        if let Some((at, _)) = deadline {
            self.sleep.as_mut().reset(at);
        }
    }

    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<String> {
        let Some((_, awaited)) = self.deadline else {
            return Poll::Pending;
        };
        ready!(self.sleep.as_mut().poll(cx));
        self.flow.abort();
        Poll::Ready(match awaited {
            Awaited::Hello => "no hello came in time; is the peer a tuyau service?".into(),
            Awaited::Frame => {
                let seconds = self.bounds.frame.as_secs();
                format!(
                    "a message did not arrive in full within {seconds} s (limits.frame_seconds)"
                )
            }
            Awaited::Close => self.outbox.closing().unwrap_or_default(),
        })
    }
}

fn lost(error: &FlowError) -> String {
    format!("the connection was lost: {}", Chain(error))
}
