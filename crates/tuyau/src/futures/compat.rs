//! Any flow as a stream of futures-io.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use futures_io::{AsyncRead, AsyncWrite};
use tuyau_core::Flow;

use crate::io_slices::with_plain_slices;

/// A flow as futures-io's `AsyncRead` and `AsyncWrite`; closing it ends the writing half.
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
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_read(cx, buffer).map_err(Into::into)
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

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_flush(cx).map_err(Into::into)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_close_write(cx).map_err(Into::into)
    }
}
