//! Bytes that were read from a flow and not yet understood.

use std::task::{Context, Poll, ready};

use tuyau_core::{Flow, FlowError};

/// The smallest buffer: what an idle connection keeps allocated.
const SMALLEST: usize = 4 * 1024;

/// The size beyond which the buffer only grows when one message needs it.
const LARGE: usize = 64 * 1024;

/// A buffer whose size follows the traffic: a read that fills it doubles it, one that leaves three
/// quarters of it empty halves it.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Incoming {
    /// What was read and not yet consumed.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The first `count` bytes of the rest are done with.
    pub(crate) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Reads more behind the rest, with room for a rest of `need` bytes; gives how many came, 0 at
    /// the end of the stream.
    pub(crate) fn poll_fill<F: Flow>(
        &mut self,
        cx: &mut Context<'_>,
        flow: &mut F,
        need: usize,
    ) -> Poll<Result<usize, FlowError>> {
        self.make_room(need);
        let count = ready!(flow.poll_read(cx, &mut self.bytes[self.end..]))?;
        self.end += count;
        self.adapt(count);
        Poll::Ready(Ok(count))
    }

    fn make_room(&mut self, need: usize) {
        if self.start > 0 && (self.start == self.end || self.bytes.len() - self.start < need) {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let size = need.max(self.end + 1).max(SMALLEST);
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
    }

    fn adapt(&mut self, count: usize) {
        let size = self.bytes.len();
        if self.end == size && size < LARGE {
            self.bytes.resize(size * 2, 0);
        } else if count < size / 4 && size > SMALLEST && self.end <= size / 2 {
            self.bytes.truncate((size / 2).max(SMALLEST));
            self.bytes.shrink_to_fit();
        }
    }
}

#[cfg(all(test, feature = "mem"))]
mod tests {
    use std::task::Waker;

    use tuyau_core::Flow as _;

    use super::*;
    use crate::mem;

    #[test]
    fn keeps_every_byte_while_it_grows_and_shrinks() {
        let (mut near, mut far) = mem::pair_with_capacity(1_000_000);
        let mut cx = Context::from_waker(Waker::noop());
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| (number / 7) as u8).collect();
        assert!(near.poll_write(&mut cx, &bytes).is_ready());
        let mut incoming = Incoming::default();
        let mut read = Vec::new();
        for round in 0.. {
            let need = [2, 70_000, 5, 9_000][round % 4];
            while incoming.rest().len() < need {
                if incoming.poll_fill(&mut cx, &mut far, need).is_pending() {
                    read.extend_from_slice(incoming.rest());
                    assert!(read == bytes);
                    return;
                }
            }
            read.extend_from_slice(&incoming.rest()[..need]);
            incoming.consume(need);
        }
    }
}
