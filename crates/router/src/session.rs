//! The task of one connection: reads frames, many at a time, and writes what is queued.

mod deadline;
mod input;
mod silence;
mod turn;

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::time::Instant;
use tuyau_core::{AnyFlow, Chain, Flow, FlowError};
use tuyau_wire::{
    RejectCode,
    frame::{FrameError, FrameErrorKind},
};

use crate::{outbox::Outbox, plane::Plane};
use deadline::Deadline;
use input::Input;
use turn::{Next, Turn};

pub(crate) use turn::not_greater;

/// How many times one session reads before others have a turn.
const READS: usize = 32;

/// How long those who send to others as well wait for a peer that takes nothing.
const LAG: Duration = Duration::from_millis(100);

/// How long a session that is being closed may take to send what is queued.
const CLOSE: Duration = Duration::from_secs(5);

/// What a session reads and writes by.
#[derive(Clone, Debug)]
pub(crate) struct Bounds {
    /// The longest message, in bytes.
    pub(crate) frame_bytes: usize,
    /// Time for a message to arrive in full once its first byte has, and for the peer to take some
    /// of what waits for it.
    pub(crate) frame: Duration,
    /// Time for the first message to arrive, from the begin of the connection on.
    pub(crate) handshake: Duration,
    /// The time without a word from the peer after which it is asked for one.
    pub(crate) ping: Option<Duration>,
}

/// What came in on a session.
#[derive(Debug)]
pub(crate) enum Received {
    /// Whole frames for the engine, one after the other.
    Frames(Vec<u8>),
    /// What came, or did not come, ends the session; the peer can still be told. Nothing more is
    /// read, and the session goes on until its queue is closed.
    Refused(RejectCode, String),
    /// The peer sends no more. The session goes on until its queue is closed, so that the answers
    /// to what it sent last still reach it.
    Ending(String),
    /// The session is over.
    End(String),
}

/// The connection of one session.
pub(crate) struct SessionIo {
    flow: AnyFlow,
    outbox: Outbox,
    bounds: Bounds,
    input: Input,
    turn: Turn,
    /// Whether the engine has something before it that came in.
    waiting: bool,
    output: Vec<u8>,
    written: usize,
    unflushed: bool,
    /// Whether nothing is read any more.
    deaf: bool,
    /// Whether something came since the last look at whether the peer is there.
    heard: bool,
    /// What is to happen by the deadline.
    awaited: Awaited,
    deadline: Deadline,
    /// By when the peer must have taken something of what waits for it.
    stall: Deadline,
    /// The same, for the sake of those who send to others as well.
    lag: Deadline,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Hello,
    Frame,
    /// Anything: the peer is asked for a sign of life by the deadline.
    Word,
    /// A sign of life.
    Pong,
    Close,
}

impl SessionIo {
    /// The one of a connection that began at this time.
    pub(crate) fn new(
        flow: AnyFlow,
        outbox: Outbox,
        plane: Plane,
        bounds: Bounds,
        begin: Instant,
    ) -> Self {
        Self {
            flow,
            turn: Turn::new(outbox.clone(), plane, bounds.frame_bytes),
            outbox,
            input: Input::new(),
            waiting: false,
            output: Vec::new(),
            written: 0,
            unflushed: false,
            deaf: false,
            heard: false,
            awaited: Awaited::Hello,
            deadline: Deadline::at(begin + bounds.handshake),
            stall: Deadline::default(),
            lag: Deadline::default(),
            bounds,
        }
    }

    /// Writes what is queued until something came in, or the session ended.
    pub(crate) async fn receive(&mut self) -> Received {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        let orders = self.outbox.orders(cx);
        if orders.closing && self.awaited != Awaited::Close {
            self.awaited = Awaited::Close;
            self.deadline.set(Instant::now() + CLOSE);
        }
        if let Poll::Ready(end) = self.poll_write(cx, orders.closing) {
            return Poll::Ready(Received::End(end));
        }
        if self.waiting && !orders.busy {
            self.waiting = false;
            self.turn.resume();
        } else if orders.bound && !orders.busy {
            // Not by the peer: a right of its own has ended.
            self.turn.take_bound();
        }
        let paused = self.deaf || orders.closing || orders.full || orders.busy;
        if !paused && let Poll::Ready(received) = self.poll_read(cx) {
            return Poll::Ready(received);
        }
        if self.lag.poll(cx).is_ready() {
            self.lag.clear();
            self.outbox.release_shared();
        }
        if self.stall.poll(cx).is_ready() {
            return Poll::Ready(Received::End(self.stalled()));
        }
        // A message that this side does not read is not late, and a peer that does not read has
        // another time running; the time of the message begins anew afterwards.
        if (paused || self.stall.is_set()) && self.awaited == Awaited::Frame {
            self.deadline.clear();
        }
        ready!(self.poll_late(paused || self.stall.is_set(), cx));
        Poll::Ready(self.late())
    }

    /// Writes until there is nothing to write; ready when the session is over.
    fn poll_write(&mut self, cx: &mut Context<'_>, closing: bool) -> Poll<String> {
        loop {
            if self.written < self.output.len() {
                let rest = &self.output[self.written..];
                let Poll::Ready(result) = self.flow.poll_write(cx, rest) else {
                    return self.await_reader();
                };
                match result {
                    Ok(count) => self.written += count,
                    Err(error) => return Poll::Ready(lost(&error)),
                }
                self.stall.clear();
                self.lag.clear();
                self.unflushed = true;
                continue;
            }
            self.output.clear();
            self.written = 0;
            self.outbox.take(&mut self.output);
            if !self.output.is_empty() {
                continue;
            }
            if self.unflushed {
                let Poll::Ready(result) = self.flow.poll_flush(cx) else {
                    return self.await_reader();
                };
                if let Err(error) = result {
                    return Poll::Ready(lost(&error));
                }
                self.unflushed = false;
            }
            self.stall.clear();
            self.lag.clear();
            return if closing {
                self.poll_close(cx)
            } else {
                Poll::Pending
            };
        }
    }

    /// Starts the time in which the peer must take something, unless it runs.
    fn await_reader(&mut self) -> Poll<String> {
        if !self.stall.is_set() {
            let now = Instant::now();
            self.stall.set(now + self.bounds.frame);
            self.lag.set(now + LAG);
        }
        Poll::Pending
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
            match ready!(self.flow.poll_read(cx, self.input.room())) {
                Ok(0) | Err(_) => return Poll::Ready(reason),
                Ok(_) => {}
            }
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Received> {
        for _ in 0..READS {
            let (done, next) = self.turn.work(self.input.bytes());
            self.input.consume(done);
            if done > 0 {
                self.hear();
            }
            match next {
                Ok(Next::Read) => self.await_frame(),
                Ok(Next::Engine(length)) => return Poll::Ready(self.ask_engine(length)),
                Ok(Next::Refuse(code, text)) => return Poll::Ready(self.refuse(code, text)),
                Err(error) => return Poll::Ready(self.refuse(error.reject_code(), text(&error))),
            }
            match self.flow.poll_read(cx, self.input.room()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(self.end()),
                Poll::Ready(Ok(count)) => self.input.add(count),
                Poll::Ready(Err(error)) => return Poll::Ready(Received::End(lost(&error))),
                Poll::Pending => {
                    self.input.release();
                    return Poll::Pending;
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Hands frames to the engine. Nothing more is read until it is done with them.
    fn ask_engine(&mut self, length: usize) -> Received {
        let frames = self.input.bytes()[..length].to_vec();
        self.input.consume(length);
        self.hear();
        self.waiting = true;
        self.outbox.begin_turn(self.turn.sequence());
        Received::Frames(frames)
    }

    /// Starts the time that a begun frame has, or else that in which anything should come, unless it
    /// runs.
    fn await_frame(&mut self) {
        let is_begun = self.input.len() > 0;
        if is_begun && matches!(self.awaited, Awaited::Word | Awaited::Pong) {
            self.awaited = Awaited::Frame;
            self.deadline.clear();
        }
        if self.deadline.is_set() {
            return;
        }
        match (is_begun, self.bounds.ping) {
            (true, _) => self.deadline.set(Instant::now() + self.bounds.frame),
            (false, Some(ping)) => self.deadline.set(Instant::now() + ping),
            (false, None) => {}
        }
    }

    fn refuse(&mut self, code: RejectCode, text: String) -> Received {
        self.deaf = true;
        self.deadline.clear();
        Received::Refused(code, text)
    }

    /// The stream of the peer has ended.
    fn end(&mut self) -> Received {
        if self.input.len() > 0 {
            let text = format!(
                "expected the rest of a message, found the end of the stream after {} bytes of it",
                self.input.len()
            );
            return self.refuse(RejectCode::Malformed, text);
        }
        self.deaf = true;
        self.deadline.clear();
        Received::Ending("the peer closed the connection".into())
    }

    /// What was awaited has not come in time.
    fn late(&mut self) -> Received {
        let (frame, handshake) = (self.bounds.frame, self.bounds.handshake);
        let came = self.input.len();
        let text = match self.awaited {
            Awaited::Hello if came == 0 => format!(
                "expected a hello within {handshake:?} of connecting (limits.handshake_seconds), \
                 found nothing; is the peer a tuyau service?"
            ),
            Awaited::Hello => format!(
                "expected a hello within {handshake:?} of connecting (limits.handshake_seconds), \
                 found {came} bytes of a message; send it at once"
            ),
            Awaited::Frame => format!(
                "expected a whole message within {frame:?} of its first byte \
                 (limits.frame_seconds), found {came} bytes of {}; send faster or shorter messages",
                came + self.input.missing()
            ),
            Awaited::Word | Awaited::Pong => {
                let ping = self.bounds.ping.unwrap_or_default();
                format!(
                    "expected a pong within {frame:?} of a ping (limits.frame_seconds), which was \
                     sent because nothing had come for {ping:?} (limits.ping_seconds), found \
                     nothing; answer pings, and connect again"
                )
            }
            Awaited::Close => {
                self.flow.abort();
                return Received::End(self.outbox.closing().unwrap_or_default());
            }
        };
        self.refuse(RejectCode::Limit, text)
    }

    /// The peer takes nothing, so it cannot be told.
    fn stalled(&mut self) -> String {
        self.flow.abort();
        let time = self.bounds.frame;
        let why = format!(
            "it does not read: nothing of what waits for it was taken within {time:?} \
             (limits.frame_seconds)"
        );
        match self.outbox.closing() {
            Some(reason) => format!("{reason} ({why})"),
            None => why,
        }
    }
}

fn lost(error: &FlowError) -> String {
    format!("the connection was lost: {}", Chain(error))
}

/// What the peer is told about a stream that is none of frames.
fn text(error: &FrameError) -> String {
    match error.kind() {
        FrameErrorKind::TooLong => {
            format!("{error}; send shorter messages, or raise the router's limits.frame_bytes")
        }
        _ => error.to_string(),
    }
}
