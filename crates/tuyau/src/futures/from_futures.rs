//! Any stream of futures-io as a flow.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_io::{AsyncRead, AsyncWrite};
use tuyau_core::{ErrorKind, Flow, FlowError};

use crate::io_slices::with_io_slices;

/// A stream of futures-io as a flow.
///
/// The end of the stream is made sticky. Ending the writing half is the stream's `poll_close`, which
/// some leave out: `async_net::TcpStream` ends it, `async_io::Async` only flushes.
/// [`abort`](Flow::abort) drops the stream.
#[derive(Debug)]
pub struct FromFutures<S> {
    stream: Option<S>,
    vectored: bool,
    ended: bool,
    closed: bool,
}

impl<S> FromFutures<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    /// Wraps a stream.
    pub fn new(stream: S) -> Self {
        Self {
            stream: Some(stream),
            vectored: false,
            ended: false,
            closed: false,
        }
    }

    /// Whether the stream takes several slices in one vectored write, as sockets do. The traits of
    /// futures-io do not tell, and no is assumed unless told otherwise.
    pub fn vectored(mut self, vectored: bool) -> Self {
        self.vectored = vectored;
        self
    }

    /// The stream; none when the flow was aborted.
    pub fn stream(&self) -> Option<&S> {
        self.stream.as_ref()
    }

    /// Takes the stream out; none when the flow was aborted.
    pub fn into_stream(self) -> Option<S> {
        self.stream
    }

    fn reading(&mut self) -> Result<Pin<&mut S>, FlowError> {
        let stream = self.stream.as_mut();
        stream.map(Pin::new).ok_or_else(|| ErrorKind::Closed.into())
    }

    fn writing(&mut self) -> Result<Pin<&mut S>, FlowError> {
        if self.closed {
            return Err(ErrorKind::Closed.into());
        }
        self.reading()
    }
}

impl<S> Flow for FromFutures<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let ended = self.ended;
        let stream = self.reading()?;
        if ended || buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let count = ready!(stream.poll_read(cx, buffer))?;
        self.ended = count == 0;
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.writing()?.poll_write(cx, bytes).map_err(Into::into)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let stream = self.writing()?;
        with_io_slices(slices, |slices| stream.poll_write_vectored(cx, slices)).map_err(Into::into)
    }

    fn is_write_vectored(&self) -> bool {
        self.vectored
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.reading()?.poll_flush(cx).map_err(Into::into)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let closed = self.closed;
        let stream = self.reading()?;
        if !closed {
            ready!(stream.poll_close(cx))?;
            self.closed = true;
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.stream = None;
    }
}
