//! A flow of bytes, polled in both directions by one task, with what was read and not handled and
//! what is to be written.

use std::task::{Context, Poll, ready};

use tuyau_core::{AnyFlow, ErrorKind, Flow as _, FlowError};
use tuyau_wire::{
    Message,
    frame::{self, FrameError},
};

/// How many bytes are read at a time at least.
const READ: usize = 16 * 1_024;

/// How many bytes are read at a time when much comes.
const READ_MUCH: usize = 64 * 1_024;

/// A buffer that grew beyond this for one long message is given back when it is empty.
const KEPT: usize = 512 * 1_024;

/// A flow of frames. What is written is queued here; what is read stays here until it is taken.
pub(super) struct Stream {
    flow: AnyFlow,
    input: Vec<u8>,
    /// Where in `input` what has not been taken begins, and where what has been read ends.
    taken: usize,
    filled: usize,
    /// How many bytes the next read is to take.
    read: usize,
    output: Vec<u8>,
    written: usize,
    flushed: bool,
    /// How many bytes went in both directions.
    moved: u64,
    /// How many of them were read.
    heard: u64,
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
            read: READ,
            output: Vec::new(),
            written: 0,
            flushed: true,
            moved: 0,
            heard: 0,
            limit,
        }
    }

    /// Queues a message.
    pub(super) fn push(&mut self, message: &Message<'_>) {
        message.encode_frame(&mut self.output);
    }

    /// Where frames are queued: empty when all has been written.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        &mut self.output
    }

    /// Whether something waits to be written.
    pub(super) fn is_queued(&self) -> bool {
        !self.output.is_empty()
    }

    /// How many bytes went in both directions so far.
    pub(super) fn moved(&self) -> u64 {
        self.moved
    }

    /// How many bytes were read so far.
    pub(super) fn heard(&self) -> u64 {
        self.heard
    }

    /// Writes and flushes what is queued; ready when nothing is left.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        while self.written < self.output.len() {
            self.flushed = false;
            let rest = &self.output[self.written..];
            match ready!(self.flow.poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(ErrorKind::Closed.into())),
                count => {
                    self.written += count;
                    self.moved += count as u64;
                }
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
        let available = room.len();
        let count = ready!(self.flow.poll_read(cx, room))?;
        self.filled += count;
        self.moved += count as u64;
        self.heard += count as u64;
        if count == available {
            self.read = READ_MUCH;
        }
        Poll::Ready(match count {
            0 if self.taken < self.filled => Err(ErrorKind::Truncated.into()),
            count => Ok(count > 0),
        })
    }

    /// What has been read and not been taken.
    pub(super) fn unread(&self) -> &[u8] {
        &self.input[self.taken..self.filled]
    }

    /// Takes so many bytes of it.
    pub(super) fn consume(&mut self, length: usize) {
        self.taken += length;
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
            (self.taken, self.filled, self.read) = (0, 0, READ);
        }
        if self.taken > 0 {
            self.input.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
        }
        if self.input.len() - self.filled < self.read {
            let length = (self.filled * 2).max(self.filled + self.read);
            self.input.resize(length, 0);
        }
    }
}
