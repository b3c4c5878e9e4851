//! A flow in two halves, for two tasks.

use alloc::{sync::Arc, vec::Vec};
use core::{
    fmt,
    future::{Future, poll_fn},
    task::{Context as TaskContext, Poll},
};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::transfer;
use crate::{Flow, FlowError};

/// The half of a flow that reads, made by [`FlowExt::split`](crate::FlowExt::split).
///
/// The flow closes when both halves are dropped.
pub struct ReadHalf<F>(Shared<F>);

/// The half of a flow that writes, made by [`FlowExt::split`](crate::FlowExt::split).
///
/// Dropping it ends nothing while the other half is there: [`close_write`](Self::close_write) does.
pub struct WriteHalf<F>(Shared<F>);

/// A flow that is locked for no longer than one poll, which does not wait.
struct Shared<F>(Arc<Mutex<F>>);

impl<F> Shared<F> {
    fn lock(&self) -> MutexGuard<'_, F> {
        // A flow that panicked while it was polled is for its user to judge, as without this lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn split<F: Flow>(flow: F) -> (ReadHalf<F>, WriteHalf<F>) {
    let flow = Arc::new(Mutex::new(flow));
    (ReadHalf(Shared(flow.clone())), WriteHalf(Shared(flow)))
}

impl<F: Flow> ReadHalf<F> {
    /// As [`FlowExt::read`](crate::FlowExt::read).
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes.
    pub fn read(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<usize, FlowError>> + Send {
        poll_fn(move |cx| self.0.lock().poll_read(cx, buffer))
    }

    /// As [`FlowExt::read_exact`](crate::FlowExt::read_exact).
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) when the stream ends before.
    ///
    /// # Cancel safety
    /// Not cancel safe: bytes read so far are in `buffer`, their number is lost.
    pub fn read_exact(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::read_exact(|cx, room| self.0.lock().poll_read(cx, room), buffer)
    }

    /// As [`FlowExt::read_to_end`](crate::FlowExt::read_to_end).
    ///
    /// # Errors
    /// [`TooLarge`](crate::ErrorKind::TooLarge) when more than `limit` bytes come.
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes: they are in `bytes`.
    pub fn read_to_end(
        &mut self,
        bytes: &mut Vec<u8>,
        limit: usize,
    ) -> impl Future<Output = Result<usize, FlowError>> + Send {
        transfer::read_to_end(|cx, room| self.0.lock().poll_read(cx, room), bytes, limit)
    }

    /// Gives the flow up at once, in both halves: see [`Flow::abort`].
    pub fn abort(&mut self) {
        self.0.lock().abort();
    }

    /// As [`Flow::poll_read`], for who makes a stream of another kind of the half.
    pub fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.lock().poll_read(cx, buffer)
    }

    /// Makes one flow of its two halves again.
    ///
    /// # Errors
    /// The halves, when they are not of one flow.
    pub fn unite(self, write: WriteHalf<F>) -> Result<F, (Self, WriteHalf<F>)> {
        if !Arc::ptr_eq(&self.0.0, &write.0.0) {
            return Err((self, write));
        }
        drop(write);
        match Arc::try_unwrap(self.0.0) {
            Ok(flow) => Ok(flow.into_inner().unwrap_or_else(PoisonError::into_inner)),
            Err(_) => unreachable!("there are two halves, and one is gone"),
        }
    }
}

impl<F: Flow> WriteHalf<F> {
    /// As [`FlowExt::write`](crate::FlowExt::write).
    ///
    /// # Cancel safety
    /// Dropping the future before its end writes nothing.
    pub fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, FlowError>> + Send {
        poll_fn(move |cx| self.0.lock().poll_write(cx, bytes))
    }

    /// As [`FlowExt::write_all`](crate::FlowExt::write_all).
    ///
    /// # Cancel safety
    /// Not cancel safe: an unknown part of `bytes` has been written.
    pub fn write_all(
        &mut self,
        bytes: &[u8],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::write_all(|cx, rest| self.0.lock().poll_write(cx, rest), bytes)
    }

    /// As [`FlowExt::write_all_vectored`](crate::FlowExt::write_all_vectored).
    ///
    /// # Cancel safety
    /// Not cancel safe: an unknown part of `slices` has been written.
    pub fn write_all_vectored(
        &mut self,
        slices: &[&[u8]],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::write_all_vectored(
            |cx, rest| self.0.lock().poll_write_vectored(cx, rest),
            slices,
        )
    }

    /// As [`FlowExt::flush`](crate::FlowExt::flush).
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub fn flush(&mut self) -> impl Future<Output = Result<(), FlowError>> + Send {
        poll_fn(move |cx| self.0.lock().poll_flush(cx))
    }

    /// As [`FlowExt::close_write`](crate::FlowExt::close_write).
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub fn close_write(&mut self) -> impl Future<Output = Result<(), FlowError>> + Send {
        poll_fn(move |cx| self.0.lock().poll_close_write(cx))
    }

    /// Gives the flow up at once, in both halves: see [`Flow::abort`].
    pub fn abort(&mut self) {
        self.0.lock().abort();
    }

    /// As [`Flow::poll_write`], for who makes a stream of another kind of the half.
    pub fn poll_write(
        &mut self,
        cx: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.lock().poll_write(cx, bytes)
    }

    /// As [`Flow::poll_write_vectored`].
    pub fn poll_write_vectored(
        &mut self,
        cx: &mut TaskContext<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.lock().poll_write_vectored(cx, slices)
    }

    /// As [`Flow::is_write_vectored`].
    pub fn is_write_vectored(&self) -> bool {
        self.0.lock().is_write_vectored()
    }

    /// As [`Flow::poll_flush`].
    pub fn poll_flush(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.0.lock().poll_flush(cx)
    }

    /// As [`Flow::poll_close_write`].
    pub fn poll_close_write(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.0.lock().poll_close_write(cx)
    }
}

impl<F> fmt::Debug for ReadHalf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadHalf").finish_non_exhaustive()
    }
}

impl<F> fmt::Debug for WriteHalf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteHalf").finish_non_exhaustive()
    }
}
