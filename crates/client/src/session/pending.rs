//! Waiting for what becomes of something that was sent.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::{
    Shared,
    error::RequestError,
    open::{Answer, Outcome},
};

/// Something that was sent and has a number. Dropping it means that nobody wants to know.
pub(super) struct Pending {
    shared: Arc<Shared>,
    sequence: u64,
}

impl Pending {
    pub(super) fn new(shared: Arc<Shared>, sequence: u64) -> Self {
        Self { shared, sequence }
    }
}

impl Future for Pending {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        self.shared
            .with(|desk| desk.poll_outcome(self.sequence, cx))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        self.shared.with(|desk| desk.open.abandon(self.sequence));
    }
}

/// What becomes of a message that was posted: ready when it has come as far as its sender wants to
/// be told, or was refused. Of a message of which nobody wants to be told it is ready at once.
///
/// Dropping it changes nothing for the message; it is only that nobody is told. Until it is ready or
/// dropped the session remembers the message, in about a hundred bytes.
///
/// # Cancel safety
/// May be polled by reference and gone on with later.
#[must_use = "it tells whether the message got through; drop it where that is of no interest"]
pub struct Posted {
    sequence: u64,
    pending: Option<Pending>,
}

impl Posted {
    pub(super) fn new(sequence: u64, pending: Option<Pending>) -> Self {
        Self { sequence, pending }
    }

    /// What was answered; none when nothing was asked for.
    pub(super) async fn answer(mut self) -> Result<Option<Answer>, RequestError> {
        match self.pending.take() {
            Some(pending) => pending.await.map(Some),
            None => Ok(None),
        }
    }

    /// The number of the message: with the service's identity and the session's epoch its id.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Future for Posted {
    type Output = Result<(), RequestError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(pending) = &mut self.pending else {
            return Poll::Ready(Ok(()));
        };
        let outcome = ready!(Pin::new(pending).poll(cx));
        self.pending = None;
        Poll::Ready(outcome.map(drop))
    }
}

impl fmt::Debug for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Posted")
            .field("sequence", &self.sequence)
            .field("is_awaited", &self.pending.is_some())
            .finish()
    }
}
