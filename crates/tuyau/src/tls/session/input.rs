//! TLS bytes that were read and not yet processed.

use std::task::{Context, Poll, ready};

use tuyau_core::{Flow, FlowError};

/// What rustls's own buffer takes at once. As long as that is enough it is read into straight, and
/// nothing is kept allocated here.
const SMALLEST: usize = 4 * 1024;

/// The largest read, four full records: a busy connection needs one system call for so much.
const LARGEST: usize = 64 * 1024;

/// A buffer whose size follows the traffic: a read that fills it doubles it, one that leaves three
/// quarters of it empty halves it.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// How much the next read asks for.
    size: usize,
}

impl Default for Input {
    fn default() -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            size: SMALLEST,
        }
    }
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

    /// Gives the memory back when rustls's own buffer is enough, and everything is consumed; whether
    /// that is so.
    pub(super) fn is_needless(&mut self) -> bool {
        if self.size > SMALLEST || !self.is_empty() {
            return false;
        }
        (self.start, self.end) = (0, 0);
        self.bytes = Vec::new();
        true
    }

    /// A read into rustls's own buffer has filled it.
    pub(super) fn becomes_needed(&mut self) {
        self.size = SMALLEST * 2;
    }

    /// Reads more, once everything is consumed; 0 is the end of the stream.
    pub(super) fn poll_read<F: Flow>(
        &mut self,
        cx: &mut Context<'_>,
        flow: &mut F,
    ) -> Poll<Result<usize, FlowError>> {
        debug_assert!(self.is_empty());
        if self.bytes.is_empty() {
            self.bytes = vec![0; self.size];
        } else if self.bytes.len() < self.size {
            self.bytes.resize(self.size, 0);
        } else if self.bytes.len() > self.size {
            self.bytes.truncate(self.size);
            self.bytes.shrink_to_fit();
        }
        let count = ready!(flow.poll_read(cx, &mut self.bytes))?;
        (self.start, self.end) = (0, count);
        self.adapt(count);
        Poll::Ready(Ok(count))
    }

    fn adapt(&mut self, count: usize) {
        if count == self.size && self.size < LARGEST {
            self.size *= 2;
        } else if count < self.size / 4 && self.size > SMALLEST {
            self.size /= 2;
        }
    }
}
