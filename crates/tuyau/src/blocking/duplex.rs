//! What TCP and Unix stream connections have in common.

use std::{
    io::{self, Read, Write},
    task::{Context, Poll},
};

use mio::event::Source;
use tuyau_core::{ErrorKind, FlowError};

use super::{reactor::Direction, socket::Socket};
use crate::io_slices::with_io_slices;

/// A connected stream socket of mio.
pub(super) trait StreamSocket: Source + Read + Write + Send + 'static {
    /// Whether the connect is done; `None` when it still goes on.
    fn connected(&self) -> Option<io::Result<()>>;
    /// Ends the writing half.
    fn end(&self) -> io::Result<()>;
}

/// The calls of a flow, over a stream socket; none when it was aborted.
#[derive(Debug)]
pub(super) struct Duplex<S: StreamSocket> {
    socket: Option<Socket<S>>,
    closed: bool,
}

impl<S: StreamSocket> Duplex<S> {
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket: Some(Socket::new(socket)),
            closed: false,
        }
    }

    /// The socket; none when it was aborted.
    pub(super) fn get(&self) -> Option<&S> {
        self.socket.as_ref().map(Socket::get)
    }

    pub(super) fn poll_connected(&mut self, cx: &Context<'_>) -> Poll<Result<(), FlowError>> {
        let socket = self.reading()?;
        match socket.get().connected() {
            Some(done) => Poll::Ready(done.map_err(Into::into)),
            None => match socket.wait(cx, Direction::Write) {
                Ok(()) => Poll::Pending,
                Err(error) => Poll::Ready(Err(error)),
            },
        }
    }

    pub(super) fn poll_read(
        &mut self,
        cx: &Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let socket = self.reading()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        socket.poll(cx, Direction::Read, |socket| socket.read(buffer))
    }

    pub(super) fn poll_write(
        &mut self,
        cx: &Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let socket = self.writing()?;
        if slices.iter().all(|slice| slice.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        with_io_slices(slices, |slices| {
            socket.poll(cx, Direction::Write, |socket| socket.write_vectored(slices))
        })
    }

    /// What was accepted is with the operating system already.
    pub(super) fn poll_flush(&mut self) -> Poll<Result<(), FlowError>> {
        Poll::Ready(self.reading().map(|_| ()))
    }

    pub(super) fn poll_close_write(&mut self) -> Poll<Result<(), FlowError>> {
        let closed = self.closed;
        let socket = self.reading()?;
        if !closed {
            match socket.get().end() {
                // The peer has gone already, and the system with it.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
                other => other?,
            }
            self.closed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the socket out to close it.
    pub(super) fn abort(&mut self) -> Option<Socket<S>> {
        self.socket.take()
    }

    fn reading(&mut self) -> Result<&mut Socket<S>, FlowError> {
        self.socket.as_mut().ok_or_else(|| ErrorKind::Closed.into())
    }

    fn writing(&mut self) -> Result<&mut Socket<S>, FlowError> {
        if self.closed {
            return Err(ErrorKind::Closed.into());
        }
        self.reading()
    }
}

/// Tells whether a connect is done from what the socket says of itself (mio's documentation of
/// `TcpStream::connect` has these steps).
pub(super) fn connected<P>(
    pending: io::Result<Option<io::Error>>,
    peer: impl FnOnce() -> io::Result<P>,
) -> Option<io::Result<()>> {
    match pending {
        Err(error) | Ok(Some(error)) => return Some(Err(error)),
        Ok(None) => {}
    }
    match peer() {
        Ok(_) => Some(Ok(())),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => None,
        Err(error) => Some(Err(error)),
    }
}
