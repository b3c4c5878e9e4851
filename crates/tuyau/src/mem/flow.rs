//! The two ends of a memory connection.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
};

use tuyau_core::{ErrorKind, FlowError, LocalAddress, PeerAddress};

use super::{CAPACITY, pipe::Pipe};

/// Two connected flows, each holding up to [`CAPACITY`] bytes that the other has not read.
pub fn pair() -> (Flow, Flow) {
    pair_with_capacity(CAPACITY)
}

/// Two connected flows, each holding up to `capacity` bytes (at least 1) that the other has not read.
pub fn pair_with_capacity(capacity: usize) -> (Flow, Flow) {
    let (there, back) = (Pipe::new(capacity), Pipe::new(capacity));
    let first = Flow::new(back.clone(), there.clone());
    (first, Flow::new(there, back))
}

/// One end of a connection inside this process.
///
/// Dropping it ends what it writes after what was written, and makes the peer's writes fail.
#[derive(Debug)]
pub struct Flow {
    input: Pipe,
    output: Pipe,
    aborted: bool,
    pub(super) local: Option<LocalAddress>,
    pub(super) peer: Option<PeerAddress>,
}

impl Flow {
    fn new(input: Pipe, output: Pipe) -> Self {
        Self {
            input,
            output,
            aborted: false,
            local: None,
            peer: None,
        }
    }

    fn check(&self) -> Result<(), FlowError> {
        if self.aborted {
            return Err(ErrorKind::Closed.into());
        }
        Ok(())
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        self.input.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        self.output.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        Poll::Ready(self.output.check_written())
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        self.output.check_written()?;
        self.output.end();
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.input.reset();
        self.output.reset();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.output.end();
        self.input.leave_unread();
    }
}
