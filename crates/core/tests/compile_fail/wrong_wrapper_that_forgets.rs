use std::task::{Context, Poll};

use tuyau_core::{Flow, FlowError};

struct Forgetful<F>(F);

impl<F: Flow> Flow for Forgetful<F> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.0.poll_write(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.0.poll_flush(cx)
    }

    fn abort(&mut self) {
        self.0.abort();
    }
}

fn main() {}
