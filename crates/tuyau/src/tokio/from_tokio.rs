//! Any tokio stream as a flow.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tuyau_core::{ErrorKind, Flow, FlowError};

use crate::io_slices::with_io_slices;

/// A tokio stream as a flow.
///
/// The end of the stream is made sticky. [`abort`](Flow::abort) drops the stream.
#[derive(Debug)]
pub struct FromTokio<S> {
    stream: Option<S>,
    ended: bool,
    closed: bool,
}

impl<S> FromTokio<S>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    /// Wraps a stream.
    pub fn new(stream: S) -> Self {
        Self {
            stream: Some(stream),
            ended: false,
            closed: false,
        }
    }

    /// Takes the stream out; none when the flow was aborted.
    pub fn into_stream(self) -> Option<S> {
        self.stream
    }

    /// The stream; none when the flow was aborted.
    pub fn stream(&self) -> Option<&S> {
        self.stream.as_ref()
    }

    fn reading(&mut self) -> Result<&mut S, FlowError> {
        self.stream.as_mut().ok_or_else(|| ErrorKind::Closed.into())
    }

    fn writing(&mut self) -> Result<&mut S, FlowError> {
        if self.closed {
            return Err(ErrorKind::Closed.into());
        }
        self.reading()
    }
}

impl<S> Flow for FromTokio<S>
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
        let count = ready!(poll_read_stream(stream, cx, buffer))?;
        self.ended = count == 0;
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        let stream = Pin::new(self.writing()?);
        stream.poll_write(cx, bytes).map_err(Into::into)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let stream = Pin::new(self.writing()?);
        with_io_slices(slices, |slices| stream.poll_write_vectored(cx, slices)).map_err(Into::into)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.as_ref().is_some_and(S::is_write_vectored)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Pin::new(self.reading()?).poll_flush(cx).map_err(Into::into)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        if self.closed {
            self.reading()?;
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(self.reading()?).poll_shutdown(cx))?;
        self.closed = true;
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.stream = None;
    }
}

/// Reads from a tokio stream into plain bytes.
fn poll_read_stream(
    stream: &mut (impl AsyncRead + Unpin),
    cx: &mut Context<'_>,
    buffer: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(buffer);
    ready!(Pin::new(stream).poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}
