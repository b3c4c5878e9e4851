//! The halves of any flow as tokio streams.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tuyau_core::{Flow, ReadHalf, WriteHalf};

use crate::io_slices::with_plain_slices;

/// The half of a flow that reads, as tokio's `AsyncRead`.
///
/// Errors are `std::io::Error`s whose source is the [`FlowError`](tuyau_core::FlowError).
#[derive(Debug)]
pub struct CompatRead<F>(ReadHalf<F>);

impl<F: Flow> CompatRead<F> {
    /// Wraps a half.
    pub fn new(half: ReadHalf<F>) -> Self {
        Self(half)
    }

    /// The half, to read from it or to give the flow up, for instance.
    pub fn half_mut(&mut self) -> &mut ReadHalf<F> {
        &mut self.0
    }

    /// Takes the half out, for instance to [unite](tuyau_core::ReadHalf::unite) it with the other one.
    pub fn into_half(self) -> ReadHalf<F> {
        self.0
    }
}

impl<F: Flow> AsyncRead for CompatRead<F> {
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

/// The half of a flow that writes, as tokio's `AsyncWrite`; shutting it down ends the writing half.
///
/// Errors are `std::io::Error`s whose source is the [`FlowError`](tuyau_core::FlowError).
#[derive(Debug)]
pub struct CompatWrite<F>(WriteHalf<F>);

impl<F: Flow> CompatWrite<F> {
    /// Wraps a half.
    pub fn new(half: WriteHalf<F>) -> Self {
        Self(half)
    }

    /// The half, to write to it or to give the flow up, for instance.
    pub fn half_mut(&mut self) -> &mut WriteHalf<F> {
        &mut self.0
    }

    /// Takes the half out, for instance to [unite](tuyau_core::ReadHalf::unite) it with the other one.
    pub fn into_half(self) -> WriteHalf<F> {
        self.0
    }
}

impl<F: Flow> AsyncWrite for CompatWrite<F> {
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
