//! An open serial line.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
};

use serial2_tokio::SerialPort;
use tuyau_core::{Address, ErrorKind, FlowError, PeerAddress};

use super::{Line, SerialKey};
use crate::tokio::FromTokio;

/// An open serial line. It knows the line as its [`PeerAddress`].
#[derive(Debug)]
pub struct Flow {
    port: FromTokio<SerialPort>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(port: SerialPort, line: &Line) -> Self {
        let peer = Address::of::<SerialKey>("serial", line);
        Self {
            port: FromTokio::new(port),
            peer: peer.ok().map(PeerAddress),
        }
    }

    /// Takes the open port out; none when the flow was aborted.
    pub fn into_port(self) -> Option<SerialPort> {
        self.port.into_stream()
    }
}

/// An open port whose other end is not known by a path, such as one of
/// `SerialPort::pair` with its feature `unix`.
impl From<SerialPort> for Flow {
    fn from(port: SerialPort) -> Self {
        Self {
            port: FromTokio::new(port),
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
        self.port.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.port.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.port.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.port.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is with the operating system already; waiting until it has left the wire
        // would block the thread.
        self.port.poll_flush(cx)
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let kind = match self.port.stream() {
            Some(_) => ErrorKind::Unsupported,
            None => ErrorKind::Closed,
        };
        Poll::Ready(Err(kind.into()))
    }

    fn abort(&mut self) {
        self.port.abort();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        let peer = self.peer.as_ref().map(|address| address as &dyn Any);
        peer.filter(|_| want == TypeId::of::<PeerAddress>())
    }
}
