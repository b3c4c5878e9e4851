//! Any flow as a tokio stream.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tuyau_core::Flow;

use crate::io_slices::with_plain_slices;

/// A flow as tokio's `AsyncRead` and `AsyncWrite`; shutting it down ends the writing half.
///
/// Errors are `std::io::Error`s whose source is the [`FlowError`](tuyau_core::FlowError).
#[derive(Debug)]
pub struct Compat<F>(F);

impl<F: Flow> Compat<F> {
    /// Wraps a flow.
    pub fn new(flow: F) -> Self {
        Self(flow)
    }

    /// The flow.
    pub fn flow(&self) -> &F {
        &self.0
    }

    /// The flow, for reading and writing.
    pub fn flow_mut(&mut self) -> &mut F {
        &mut self.0
    }

    /// Takes the flow out.
    pub fn into_flow(self) -> F {
        self.0
    }
}

impl<F: Flow + Unpin> AsyncRead for Compat<F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = ready!(self.0.poll_read(cx, buffer.initialize_unfilled()))?;
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<F: Flow + Unpin> AsyncWrite for Compat<F> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(cx, bytes).map_err(Into::into)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        with_plain_slices(slices, |slices| self.0.poll_write_vectored(cx, slices))
            .map_err(Into::into)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx).map_err(Into::into)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_write(cx).map_err(Into::into)
    }
}
