//! TLS bytes that were read and not yet processed.

use std::task::{Context, Poll, ready};

use tuyau_core::{Flow, FlowError};

/// The smallest read: what an idle connection keeps allocated.
const SMALLEST: usize = 4 * 1024;

/// The largest read, four full records: a busy connection needs one system call for so much.
const LARGEST: usize = 64 * 1024;

/// A buffer whose size follows the traffic: a read that fills it doubles it, one that leaves three
/// quarters of it empty halves it.
#[derive(Debug, Default)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Input {
    /// What was read and not yet consumed.
    pub(super) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
    }

    /// Reads more, once everything is consumed; 0 is the end of the stream.
    pub(super) fn poll_read<F: Flow>(
        &mut self,
        cx: &mut Context<'_>,
        flow: &mut F,
    ) -> Poll<Result<usize, FlowError>> {
        debug_assert!(self.is_empty());
        if self.bytes.is_empty() {
            self.bytes = vec![0; SMALLEST];
        }
        let count = ready!(flow.poll_read(cx, &mut self.bytes))?;
        (self.start, self.end) = (0, count);
        self.adapt(count);
        Poll::Ready(Ok(count))
    }

    fn adapt(&mut self, count: usize) {
        let size = self.bytes.len();
        if count == size && size < LARGEST {
            self.bytes.resize(size * 2, 0);
        } else if count < size / 4 && size > SMALLEST {
            self.bytes.truncate(size / 2);
            self.bytes.shrink_to_fit();
        }
    }
}
