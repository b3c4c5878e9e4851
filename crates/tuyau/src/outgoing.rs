//! Bytes that are on their way into a flow.

use std::task::{Context, Poll, ready};

use tuyau_core::{ErrorKind, Flow, FlowError};

use crate::halves::{Half, Waiting};

/// How many bytes a layer holds while the flow beneath takes none, about: beyond them it accepts
/// nothing more.
pub(crate) const UNSENT: usize = 64 * 1024;

/// The buffer that an idle connection keeps allocated, at most.
const IDLE: usize = 4 * 1024;

/// What the flow beneath has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    start: usize,
    waiting: Waiting,
}

impl Outgoing {
    /// How many bytes are unsent.
    pub(crate) fn unsent(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Where to append what is to be sent.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        &mut self.bytes
    }

    /// Sends until fewer than `most` bytes are unsent, or all when that is 0.
    pub(crate) fn poll_send<F: Flow>(
        &mut self,
        cx: &mut Context<'_>,
        flow: &mut F,
        half: Half,
        most: usize,
    ) -> Poll<Result<(), FlowError>> {
        while self.unsent() > 0 && self.unsent() >= most {
            let waker = self.waiting.register(cx.waker(), half);
            let mut cx = Context::from_waker(&waker);
            match ready!(flow.poll_write(&mut cx, &self.bytes[self.start..]))? {
                0 => return Poll::Ready(Err(ErrorKind::Closed.into())),
                count => self.start += count,
            }
        }
        if self.unsent() == 0 {
            self.bytes.clear();
            self.bytes.shrink_to(IDLE);
            self.start = 0;
        }
        self.waiting.clear(half);
        Poll::Ready(Ok(()))
    }
}
