//! An open serial line.

use std::{
    any::{Any, TypeId},
    pin::Pin,
    task::{Context, Poll},
};

use ::tokio::io::AsyncWrite;
use serial2_tokio::SerialPort;
use tuyau_core::{Address, ErrorKind, FlowError, PeerAddress};

use super::{Line, SerialKey};
use crate::tokio::{poll_read_stream, with_io_slices};

/// An open serial line. It knows the line as its [`PeerAddress`].
#[derive(Debug)]
pub struct Flow {
    port: Option<SerialPort>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(port: SerialPort, line: &Line) -> Self {
        let peer = Address::of::<SerialKey>("serial", line);
        Self {
            port: Some(port),
            peer: peer.ok().map(PeerAddress),
        }
    }

    /// Takes the open port out; none when the flow was aborted.
    pub fn into_port(self) -> Option<SerialPort> {
        self.port
    }

    fn port(&mut self) -> Result<&mut SerialPort, FlowError> {
        self.port.as_mut().ok_or_else(|| ErrorKind::Closed.into())
    }
}

/// An open port whose other end is not known by a path, such as one of
/// [`SerialPort::pair`](serial2_tokio::SerialPort::pair).
impl From<SerialPort> for Flow {
    fn from(port: SerialPort) -> Self {
        Self {
            port: Some(port),
            peer: None,
        }
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let port = self.port()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        poll_read_stream(port, cx, buffer).map_err(Into::into)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        let port = Pin::new(self.port()?);
        port.poll_write(cx, bytes).map_err(Into::into)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let port = Pin::new(self.port()?);
        with_io_slices(slices, |slices| port.poll_write_vectored(cx, slices)).map_err(Into::into)
    }

    fn is_write_vectored(&self) -> bool {
        self.port
            .as_ref()
            .is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is with the operating system already; waiting until it has left the wire
        // would block the thread.
        Poll::Ready(self.port().map(|_| ()))
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let kind = match self.port {
            Some(_) => ErrorKind::Unsupported,
            None => ErrorKind::Closed,
        };
        Poll::Ready(Err(kind.into()))
    }

    fn abort(&mut self) {
        self.port = None;
    }

    fn info(&self, want: TypeId) -> Option<&dyn Any> {
        let peer = self.peer.as_ref().map(|address| address as &dyn Any);
        peer.filter(|_| want == TypeId::of::<PeerAddress>())
    }
}
