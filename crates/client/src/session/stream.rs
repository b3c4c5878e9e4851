//! A flow of bytes as a stream of frames, polled in both directions by one task.

use std::task::{Context, Poll, ready};

use tuyau_core::{AnyFlow, ErrorKind, Flow as _, FlowError};
use tuyau_wire::{
    Message,
    frame::{self, FrameError},
};

/// How many bytes are read at a time at least.
const READ: usize = 16 * 1_024;

/// A buffer that grew beyond this for one long message is given back when it is empty.
const KEPT: usize = 64 * 1_024;

/// A flow of frames. What is written is queued here; what is read stays here until it is taken.
pub(super) struct Stream {
    flow: AnyFlow,
    input: Vec<u8>,
    /// Where in `input` what has not been taken begins, and where what has been read ends.
    taken: usize,
    filled: usize,
    output: Vec<u8>,
    written: usize,
    flushed: bool,
    limit: usize,
}

impl Stream {
    /// A stream over a flow; a message of more than `limit` bytes is refused before it arrives.
    pub(super) fn new(flow: AnyFlow, limit: usize) -> Self {
        Self {
            flow,
            input: Vec::new(),
            taken: 0,
            filled: 0,
            output: Vec::new(),
            written: 0,
            flushed: true,
            limit,
        }
    }

    /// Queues a message.
    pub(super) fn push(&mut self, message: &Message<'_>) {
        message.encode_frame(&mut self.output);
        self.flushed = false;
    }

    /// How many bytes wait to be written.
    pub(super) fn queued(&self) -> usize {
        self.output.len() - self.written
    }

    /// Writes and flushes what is queued; ready when nothing is left.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        while self.written < self.output.len() {
            let rest = &self.output[self.written..];
            match ready!(self.flow.poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::Closed.into())),
                count => self.written += count,
            }
        }
        self.written = 0;
        self.output.clear();
        self.output.shrink_to(KEPT);
        if !self.flushed {
            ready!(self.flow.poll_flush(cx))?;
            self.flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what is queued and ends the writing half.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        ready!(self.poll_flush(cx))?;
        self.flow.poll_close_write(cx)
    }

    /// Reads some bytes; false at the end of the stream.
    ///
    /// # Errors
    /// Those of the flow, and [`ErrorKind::Truncated`] when the stream ends within a frame.
    pub(super) fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, FlowError>> {
        self.make_room();
        let room = &mut self.input[self.filled..];
        let count = ready!(self.flow.poll_read(cx, room))?;
        self.filled += count;
        Poll::Ready(match count {
            0 if self.taken < self.filled => Err(ErrorKind::Truncated.into()),
            count => Ok(count > 0),
        })
    }

    /// Takes the next whole message that has been read.
    ///
    /// # Errors
    /// When what has been read is no frame, or one that is too long.
    pub(super) fn take(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let unread = &self.input[self.taken..self.filled];
        let Some(frame) = frame::split(unread, self.limit)? else {
            return Ok(None);
        };
        self.taken += frame.length;
        Ok(Some(frame.message))
    }

    /// Moves what is left to the front and sees to it that something can be read behind it.
    ///
    /// The buffer grows with what has arrived, not with what a peer announces.
    fn make_room(&mut self) {
        if self.taken == self.filled && self.input.len() > KEPT {
            self.input = Vec::new();
            (self.taken, self.filled) = (0, 0);
        }
        if self.taken > 0 {
            self.input.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
        }
        if self.input.len() - self.filled < READ {
            self.input.resize((self.filled * 2).max(READ), 0);
        }
    }
}
