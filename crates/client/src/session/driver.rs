//! The one task of a session, which alone touches the flow.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};
use tuyau_core::FlowError;
use tuyau_wire::Message;

use super::{
    Shared,
    error::{SessionError, SessionErrorKind as Kind},
    hello::farewell,
    inbox,
    incoming::Incoming,
    silence::{Silence, Silent},
    stream::Stream,
};

/// How long a session that this side closed waits for the router: to take what is queued, to
/// answer, and to end its half. It begins anew whenever the router does something.
const LINGER: Duration = Duration::from_secs(2);

/// How long all that may take.
const LINGER_MAX: Duration = Duration::from_secs(30);

/// How many times the task reads before others have a turn.
const READS: usize = 16;

/// The question whether the router is there; no flush has this token.
const PING: Message<'_> = Message::Ping { token: 0 };

pub(super) struct Driver {
    pub(super) stream: Stream,
    pub(super) shared: Arc<Shared>,
    pub(super) incoming: Incoming,
    /// Whether what came together with the hello has been handled.
    pub(super) begun: bool,
    /// Whether this side closes the session: then answers count, and deliveries for which there is no
    /// room are dropped.
    pub(super) closing: bool,
    /// Whether reading waits until deliveries are taken.
    pub(super) paused: bool,
    pub(super) silence: Silence,
    pub(super) ended: watch::Sender<Option<SessionError>>,
}

impl Driver {
    /// Runs the session to its end.
    pub(super) async fn run(mut self) {
        let reason = poll_fn(|cx| self.poll_open(cx)).await;
        if reason.kind() == Kind::Closed {
            self.linger().await;
        }
        self.shared.inbox.end();
        self.shared.notices.end();
        self.shared.with(|desk| desk.end(reason.clone()));
        if reason.kind() != Kind::Closed {
            farewell(&mut self.stream, &reason).await;
        }
        self.ended.send_replace(Some(reason));
    }

    /// What was taken is sent and answered, as far as the router goes along.
    async fn linger(&mut self) {
        let end = Instant::now() + LINGER_MAX;
        self.closing = true;
        self.shared.inbox.close();
        loop {
            let moved = self.stream.moved();
            let closing = timeout(LINGER, poll_fn(|cx| self.poll_closing(cx)));
            match timeout_at(end, closing).await {
                Ok(Err(_)) if self.stream.moved() > moved => {}
                // What the router does with the rest of its time makes no difference any more.
                _ => return,
            }
        }
    }

    /// Ready with the reason when the session is over or is to be closed.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<SessionError> {
        if let Poll::Ready(reason) = self.poll_work(cx) {
            return Poll::Ready(reason);
        }
        let heard = self.stream.heard();
        match self.silence.poll(heard, self.paused, cx) {
            Some(Silent::Ask) => self.shared.with(|desk| desk.say(&PING)),
            Some(Silent::GiveUp) => return Poll::Ready(SessionError::new(Kind::Silent)),
            None => {}
        }
        match self.shared.with(|desk| desk.is_open()) {
            true => Poll::Pending,
            false => Poll::Ready(SessionError::new(Kind::Closed)),
        }
    }

    /// Sends what is queued, ends the writing half, and reads until the peer ends its own.
    fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.poll_work(cx).is_ready() {
            return Poll::Ready(());
        }
        let is_written = !self.stream.is_queued() && !self.shared.with(|desk| desk.has_output());
        match is_written.then(|| self.stream.poll_close(cx)) {
            Some(Poll::Ready(Err(_))) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    /// Reads and writes as far as it goes; ready when the session is over.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<SessionError> {
        for _ in 0..READS {
            let read = self.poll_read(cx);
            if let Poll::Ready(Err(reason)) = read {
                return Poll::Ready(reason);
            }
            if let Poll::Ready(Err(error)) = self.poll_write(cx) {
                return self.read_rest(error, cx);
            }
            if read.is_pending() {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes until nothing is left, or the flow takes no more.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        loop {
            self.shared.lock().take(self.stream.output(), cx);
            let was_queued = self.stream.is_queued();
            ready!(self.stream.poll_flush(cx))?;
            if !was_queued {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writing failed: the reason may be among what the peer sent before.
    fn read_rest(&mut self, error: FlowError, cx: &mut Context<'_>) -> Poll<SessionError> {
        loop {
            match self.poll_read(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(reason)) if reason.kind() == Kind::Rejected => {
                    return Poll::Ready(reason);
                }
                _ => return Poll::Ready(SessionError::caused(Kind::Flow, error)),
            }
        }
    }

    /// Reads once and handles what came.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SessionError>> {
        self.paused = !self.closing && self.poll_room(cx).is_pending();
        if self.paused {
            return Poll::Pending;
        }
        if self.begun {
            match ready!(self.stream.poll_fill(cx)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(Err(SessionError::new(Kind::Ended))),
                Err(error) => return Poll::Ready(Err(SessionError::caused(Kind::Flow, error))),
            }
        }
        self.begun = true;
        let handled = self.incoming.handle(self.stream.unread());
        Poll::Ready(handled.map(|length| self.stream.consume(length)))
    }

    /// Ready when there is room for deliveries. Until then nothing is read, and the router sees
    /// that this service is slow.
    fn poll_room(&self, cx: &Context<'_>) -> Poll<()> {
        let inbox = &self.shared.inbox;
        if inbox.poll_room(inbox::FULL, cx).is_ready() {
            return Poll::Ready(());
        }
        let is_awaited = self.shared.with(|desk| desk.open.waiting() > 0);
        match is_awaited {
            true => inbox.poll_room(inbox::FULL_BEFORE_AN_ANSWER, cx),
            false => Poll::Pending,
        }
    }
}
