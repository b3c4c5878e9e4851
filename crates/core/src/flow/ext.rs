//! What users of a flow call.

use core::{
    future::{Future, poll_fn},
    task::{Poll, ready},
};

use crate::{ErrorKind, Flow, FlowError};

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
    /// [`ErrorKind::Truncated`] when the stream ends before; what was read till then is in `buffer`.
    ///
    /// # Cancel safety
    /// Not cancel safe: bytes read so far are in `buffer`, their number is lost.
    fn read_exact(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<(), FlowError>> + Send {
        let mut filled = 0;
        poll_fn(move |cx| {
            while filled < buffer.len() {
                let count = ready!(self.poll_read(cx, &mut buffer[filled..]))?;
                if count == 0 {
                    return Poll::Ready(Err(ErrorKind::Truncated.into()));
                }
                filled += count;
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Writes all of `bytes`; [`flush`](Self::flush) sends what a layer still holds back.
    ///
    /// # Cancel safety
    /// Not cancel safe: an unknown part of `bytes` has been written.
    fn write_all(&mut self, bytes: &[u8]) -> impl Future<Output = Result<(), FlowError>> + Send {
        let mut written = 0;
        poll_fn(move |cx| {
            while written < bytes.len() {
                let count = ready!(self.poll_write(cx, &bytes[written..]))?;
                if count == 0 {
                    return Poll::Ready(Err(ErrorKind::Closed.into()));
                }
                written += count;
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Hands everything written so far to the operating system or the peer.
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
