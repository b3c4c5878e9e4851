//! The one task of a session, which alone touches the flow.

use std::{
    future::poll_fn,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tuyau_core::FlowError;
use tuyau_wire::Message;

use super::{
    desk::{Desk, Request},
    error::{SessionError, SessionErrorKind as Kind},
    hello::farewell,
    stream::Stream,
};

/// When this many bytes wait to be written, further requests wait with their callers.
const QUEUED_MAX: usize = 64 * 1_024;

/// How long a session that this side closed goes on: to send what is queued, to take the answers,
/// and to see the peer end its half.
const LINGER: Duration = Duration::from_secs(2);

pub(super) struct Driver {
    pub(super) stream: Stream,
    pub(super) commands: mpsc::Receiver<Request>,
    /// Ready when the session is to be closed, or when nobody has a handle to it any more.
    pub(super) close: mpsc::Receiver<()>,
    pub(super) desk: Desk,
    pub(super) ended: watch::Sender<Option<SessionError>>,
}

impl Driver {
    /// Runs the session to its end.
    pub(super) async fn run(mut self) {
        let reason = poll_fn(|cx| self.poll_open(cx)).await;
        self.commands.close();
        if reason.kind() == Kind::Closed {
            // What the peer does with the rest of its time makes no difference any more.
            let _ = timeout(LINGER, poll_fn(|cx| self.poll_closing(cx))).await;
        } else {
            self.desk.fail(&reason);
            farewell(&mut self.stream, &reason).await;
        }
        // Requests that are unanswered or still in the queue learn it from this.
        self.ended.send_replace(Some(reason));
    }

    /// Ready with the reason when the session is over or is to be closed.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<SessionError> {
        if self.close.poll_recv(cx).is_ready() {
            return Poll::Ready(SessionError::new(Kind::Closed));
        }
        self.poll_work(cx).map(|over| match over {
            Ok(()) => SessionError::new(Kind::Closed),
            Err(reason) => reason,
        })
    }

    /// Sends what is queued, ends the writing half, and reads until the peer ends its own.
    fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let written = match self.poll_work(cx) {
            Poll::Ready(Err(_)) => return Poll::Ready(()),
            Poll::Ready(Ok(())) => self.stream.poll_close(cx),
            Poll::Pending => return Poll::Pending,
        };
        match written {
            Poll::Ready(Err(_)) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    }

    /// Takes requests, reads and writes as far as it goes. Ready without an error when there will
    /// be no more requests and everything has been written.
    fn poll_work(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SessionError>> {
        loop {
            let more = self.poll_commands(cx);
            if let Poll::Ready(reason) = self.poll_read(cx) {
                return Poll::Ready(Err(reason));
            }
            let written = match self.stream.poll_flush(cx) {
                Poll::Ready(Err(error)) => return self.read_rest(error, cx).map(Err),
                Poll::Ready(Ok(())) => true,
                Poll::Pending => false,
            };
            match more {
                Commands::Ended if written => return Poll::Ready(Ok(())),
                Commands::Full if written => {}
                _ => return Poll::Pending,
            }
        }
    }

    /// Writing failed: the reason may be among what the peer sent before.
    fn read_rest(&mut self, error: FlowError, cx: &mut Context<'_>) -> Poll<SessionError> {
        Poll::Ready(match self.poll_read(cx) {
            Poll::Ready(reason) if reason.kind() == Kind::Rejected => reason,
            _ => SessionError::caused(Kind::Flow, error),
        })
    }

    fn poll_commands(&mut self, cx: &mut Context<'_>) -> Commands {
        while self.stream.queued() < QUEUED_MAX {
            match self.commands.poll_recv(cx) {
                Poll::Ready(Some(request)) => self.desk.start(request, &mut self.stream),
                Poll::Ready(None) => return Commands::Ended,
                Poll::Pending => return Commands::Waiting,
            }
        }
        Commands::Full
    }

    /// Reads and handles messages until there are no more for now; ready when the session is over.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<SessionError> {
        loop {
            ready!(self.desk.poll_room(cx));
            match self.stream.take() {
                Ok(Some(bytes)) => match handle(&mut self.desk, bytes) {
                    Ok(()) => continue,
                    Err(error) => return Poll::Ready(error),
                },
                Ok(None) => {}
                Err(error) => return Poll::Ready(SessionError::caused(Kind::Malformed, error)),
            }
            match ready!(self.stream.poll_fill(cx)) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(SessionError::new(Kind::Ended)),
                Err(error) => return Poll::Ready(SessionError::caused(Kind::Flow, error)),
            }
        }
    }
}

/// What there is to be had from the queue of commands.
enum Commands {
    /// Nothing for now.
    Waiting,
    /// Perhaps more, when what is queued has been written.
    Full,
    /// Nothing ever again.
    Ended,
}

fn handle(desk: &mut Desk, bytes: &[u8]) -> Result<(), SessionError> {
    let message =
        Message::decode(bytes).map_err(|error| SessionError::caused(Kind::Malformed, error))?;
    desk.handle(message)
}
