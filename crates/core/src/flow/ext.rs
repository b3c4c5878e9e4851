//! What users of a flow call.

use alloc::vec::Vec;
use core::future::{Future, poll_fn};

use super::transfer;
use crate::{Flow, FlowError};
#[cfg(feature = "std")]
use crate::{ReadHalf, WriteHalf};

/// What users of a flow call.
pub trait FlowExt: Flow {
    /// Reads into `buffer`, gives the number of bytes, 0 at the end of the stream.
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes.
    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = Result<usize, FlowError>> + Send {
        poll_fn(move |cx| self.poll_read(cx, buffer))
    }

    /// Fills `buffer`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) when the stream ends before; what was read till then is in `buffer`.
    ///
    /// # Cancel safety
    /// Not cancel safe: bytes read so far are in `buffer`, their number is lost.
    fn read_exact(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::read_exact(|cx, room| self.poll_read(cx, room), buffer)
    }

    /// Reads to the end of the stream, appends it to `bytes`, and gives the number of bytes.
    ///
    /// `limit` is in bytes and counts from this call: a peer must not decide how much memory it takes.
    ///
    /// # Errors
    /// [`TooLarge`](crate::ErrorKind::TooLarge) when more than `limit` bytes come; `bytes` has one more than that then,
    /// and the stream is not at its end. After any other error, too, `bytes` has what came before.
    ///
    /// # Cancel safety
    /// Dropping the future loses no bytes: those read so far are in `bytes`.
    fn read_to_end(
        &mut self,
        bytes: &mut Vec<u8>,
        limit: usize,
    ) -> impl Future<Output = Result<usize, FlowError>> + Send {
        transfer::read_to_end(|cx, room| self.poll_read(cx, room), bytes, limit)
    }

    /// Writes some of `bytes`, at least one unless it is empty, and gives the number.
    ///
    /// # Cancel safety
    /// Dropping the future before its end writes nothing.
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = Result<usize, FlowError>> + Send {
        poll_fn(move |cx| self.poll_write(cx, bytes))
    }

    /// Writes all of `bytes`; [`flush`](Self::flush) sends what a layer still holds back.
    ///
    /// # Cancel safety
    /// Not cancel safe: an unknown part of `bytes` has been written.
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::write_all(|cx, rest| self.poll_write(cx, rest), bytes)
    }

    /// Writes all of `slices`, one after the other, as [`write_all`](Self::write_all) writes their
    /// concatenation, and without copying them together: a head and a body, say.
    ///
    /// # Cancel safety
    /// Not cancel safe: an unknown part of `slices` has been written.
    fn write_all_vectored(
        &mut self,
        slices: &[&[u8]],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        transfer::write_all_vectored(|cx, rest| self.poll_write_vectored(cx, rest), slices)
    }

    /// Sends on its way what was written and is still held back, by a layer for instance.
    ///
    /// It does not tell that anything arrived, and what was flushed may be lost when the flow is dropped
    /// without [`close_write`](Self::close_write): see [`Flow::poll_flush`].
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    fn flush(&mut self) -> impl Future<Output = Result<(), FlowError>> + Send {
        poll_fn(move |cx| self.poll_flush(cx))
    }

    /// Flushes and ends the writing half; reading stays open.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    fn close_write(&mut self) -> impl Future<Output = Result<(), FlowError>> + Send {
        poll_fn(move |cx| self.poll_close_write(cx))
    }

    /// Makes two halves of the flow that each own it, for a task that reads and one that writes.
    ///
    /// A lock is held for the time of a poll, which does not wait; the flow closes when both halves
    /// are dropped, and [`ReadHalf::unite`] makes one flow of them again. It wants the feature `std`.
    ///
    /// ```
    /// use tuyau_core::{Flow, FlowError, FlowExt};
    ///
    /// /// Sends a request, and reads the answer while it does.
    /// async fn ask(flow: impl Flow, request: &[u8]) -> Result<Vec<u8>, FlowError> {
    ///     let (mut read, mut write) = flow.split();
    ///     let sending = async {
    ///         write.write_all(request).await?;
    ///         write.close_write().await
    ///     };
    ///     let mut answer = Vec::new();
    ///     let reading = read.read_to_end(&mut answer, 1 << 20);
    ///     // Or each half in a task of its own.
    ///     let (sent, read) = join(sending, reading).await;
    ///     sent?;
    ///     read?;
    ///     Ok(answer)
    /// }
    /// # async fn join<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    /// #     (one.await, other.await)
    /// # }
    /// ```
    #[cfg(feature = "std")]
    fn split(self) -> (ReadHalf<Self>, WriteHalf<Self>)
    where
        Self: Sized,
    {
        super::split::split(self)
    }

    /// The outermost flow of the type `F` among this one and those that it runs over.
    fn find<F: Flow>(&self) -> Option<&F>
    where
        Self: Sized,
    {
        (self as &dyn Flow).find()
    }

    /// This flow's information of the type `T`, else that of the flow beneath it, and so on:
    /// [`PeerAddress`](crate::PeerAddress), a peer's key or certificate, …
    fn info<T: 'static>(&self) -> Option<&T>
    where
        Self: Sized,
    {
        (self as &dyn Flow).info()
    }
}

impl<F: Flow + ?Sized> FlowExt for F {}
