//! What the session's task has received for the flow.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, FlowError};

use super::ExitStatus;
use crate::peer_text::shown;

/// Received bytes that the application has not read yet. While there are as many, the task reads
/// nothing from the flow beneath, so that the peer has to wait; one packet may come on top. It goes on
/// sending what this side writes.
pub(super) const LIMIT: usize = 2 * 1024 * 1024;

/// How large a chunk may grow by packets that follow.
const CHUNK: usize = 32 * 1024;

/// How much of a command's error output is kept: its end.
pub(super) const ERROR_OUTPUT_LIMIT: usize = 64 * 1024;

#[derive(Clone, Default)]
pub(super) struct Inbox(Arc<Mutex<Received>>);

/// Everything received and not yet taken.
#[derive(Default)]
pub(super) struct Received {
    chunks: VecDeque<Vec<u8>>,
    /// Bytes of the first chunk that were read already.
    read: usize,
    waiting: usize,
    pub(super) ended: bool,
    pub(super) closed: bool,
    /// Why the session ended; its task is gone or going.
    pub(super) failure: Option<Failure>,
    pub(super) exit: Option<ExitStatus>,
    pub(super) error_output: Vec<u8>,
    pub(super) error_output_lost: u64,
    /// The answer to the request that started the command or subsystem.
    pub(super) answer: Option<bool>,
    pub(super) refusal: Option<String>,
    abandoned: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
    room: Option<Waker>,
}

/// Why a session ended.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// The flow beneath ended, or the session's task did.
    Ended,
    /// The flow beneath failed.
    Beneath(ErrorKind),
    /// The peer said why.
    Disconnected(String),
    /// It broke the protocol.
    Protocol(String),
}

impl Failure {
    pub(super) fn of(error: &russh::Error) -> Self {
        match error {
            russh::Error::IO(error) => match ErrorKind::from(error.kind()) {
                ErrorKind::Truncated => Self::Ended,
                kind => Self::Beneath(kind),
            },
            russh::Error::Disconnect | russh::Error::HUP => Self::Ended,
            error => Self::Protocol(error.to_string()),
        }
    }

    /// What a reader is told.
    pub(super) fn to_error(&self) -> FlowError {
        match self {
            Self::Ended => ErrorKind::Truncated.into(),
            Self::Beneath(kind) => (*kind).into(),
            Self::Disconnected(why) => FlowError::new(
                ErrorKind::Truncated,
                format!("the peer disconnected: {}", shown(why)),
            ),
            Self::Protocol(why) => FlowError::new(ErrorKind::Protocol, shown(why)),
        }
    }
}

impl Inbox {
    pub(super) fn lock(&self) -> MutexGuard<'_, Received> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what was received, and wakes who waits for it.
    pub(super) fn update(&self, change: impl FnOnce(&mut Received)) {
        let wakers = {
            let mut received = self.lock();
            change(&mut received);
            [received.reader.take(), received.writer.take()]
        };
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// The first reason of the session's end counts.
    pub(super) fn fail(&self, failure: Failure) {
        self.update(|received| {
            received.failure.get_or_insert(failure);
        });
    }

    /// Adds received bytes. It is the session's task that calls this, so it does not wait: whoever reads
    /// the flow beneath does, by [`Inbox::poll_room`].
    pub(super) fn push(&self, bytes: &[u8]) {
        if !bytes.is_empty() {
            self.update(|received| {
                // Nobody will read it.
                if !received.abandoned {
                    received.add(bytes);
                }
            });
        }
    }

    /// Waits until the application has read enough of what is there.
    pub(super) fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.lock().poll_room(cx)
    }

    pub(super) fn push_error_output(&self, bytes: &[u8]) {
        self.update(|received| {
            received.error_output.extend(bytes);
            let excess = received
                .error_output
                .len()
                .saturating_sub(ERROR_OUTPUT_LIMIT);
            received.error_output.drain(..excess);
            received.error_output_lost += excess as u64;
        });
    }

    /// Nobody will read any more: what comes is thrown away.
    pub(super) fn abandon(&self) {
        let room = {
            let mut received = self.lock();
            received.abandoned = true;
            received.chunks.clear();
            received.waiting = 0;
            received.room.take()
        };
        room.into_iter().for_each(Waker::wake);
    }

    /// Waits until `look` finds something.
    pub(super) async fn until<T>(&self, look: impl Fn(&Received) -> Option<T>) -> T {
        poll_fn(|cx| {
            let mut received = self.lock();
            match look(&received) {
                Some(found) => Poll::Ready(found),
                None => {
                    received.wake_reader(cx);
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Received {
    /// Small packets share a chunk, so that many of them take little more than their bytes.
    fn add(&mut self, bytes: &[u8]) {
        self.waiting += bytes.len();
        match self.chunks.back_mut() {
            Some(last) if last.len() + bytes.len() <= CHUNK => last.extend(bytes),
            _ => self.chunks.push_back(bytes.to_vec()),
        }
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.abandoned || self.waiting < LIMIT {
            return Poll::Ready(());
        }
        self.room = Some(cx.waker().clone());
        Poll::Pending
    }

    /// Moves bytes to `buffer`; 0 when there are none now.
    pub(super) fn take(&mut self, buffer: &mut [u8]) -> usize {
        let mut filled = 0;
        while filled < buffer.len() {
            let Some(chunk) = self.chunks.front() else {
                break;
            };
            let rest = &chunk[self.read..];
            let count = rest.len().min(buffer.len() - filled);
            buffer[filled..filled + count].copy_from_slice(&rest[..count]);
            filled += count;
            self.read += count;
            if self.read == chunk.len() {
                self.chunks.pop_front();
                self.read = 0;
            }
        }
        self.waiting -= filled;
        if self.waiting < LIMIT {
            self.room.take().into_iter().for_each(Waker::wake);
        }
        filled
    }

    pub(super) fn wake_reader(&mut self, cx: &mut Context<'_>) {
        self.reader = Some(cx.waker().clone());
    }

    pub(super) fn wake_writer(&mut self, cx: &mut Context<'_>) {
        self.writer = Some(cx.waker().clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_packets_take_little_more_than_their_bytes() {
        let mut received = Received::default();
        let bytes: Vec<u8> = (0..100_000).map(|number| number as u8).collect();
        bytes.chunks(1).for_each(|byte| received.add(byte));
        assert_eq!(received.chunks.len(), bytes.len().div_ceil(CHUNK));
        let mut taken = vec![0; bytes.len() + 1];
        assert_eq!(received.take(&mut taken[..7]), 7);
        received.add(b"z");
        assert_eq!(received.take(&mut taken[7..]), bytes.len() - 7 + 1);
        assert_eq!(taken, [&bytes[..], b"z"].concat());
    }
}
