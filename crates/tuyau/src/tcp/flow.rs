//! A TCP connection.

use std::{
    any::{Any, TypeId},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::tokio::{io::AsyncWrite, net::TcpStream};
use socket2::SockRef;
use tuyau_core::{Address, ErrorKind, FlowError, LocalAddress, PeerAddress};

use crate::tokio::{poll_read_stream, with_io_slices};

/// A TCP connection. It knows its [`PeerAddress`] and [`LocalAddress`].
#[derive(Debug)]
pub struct Flow {
    stream: Option<TcpStream>,
    closed: bool,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(stream: TcpStream) -> Self {
        let address = |socket| Address::from_socket("tcp", socket).ok();
        let local = stream.local_addr().ok().and_then(address);
        let peer = stream.peer_addr().ok().and_then(address);
        Self {
            stream: Some(stream),
            closed: false,
            local: local.map(LocalAddress),
            peer: peer.map(PeerAddress),
        }
    }

    /// Takes tokio's stream out; none when the flow was aborted.
    pub fn into_stream(self) -> Option<TcpStream> {
        self.stream
    }

    fn reading(&mut self) -> Result<&mut TcpStream, FlowError> {
        self.stream.as_mut().ok_or_else(|| ErrorKind::Closed.into())
    }

    fn writing(&mut self) -> Result<Pin<&mut TcpStream>, FlowError> {
        if self.closed {
            return Err(ErrorKind::Closed.into());
        }
        self.reading().map(Pin::new)
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let stream = self.reading()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        poll_read_stream(stream, cx, buffer).map_err(Into::into)
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
        true
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is with the operating system already.
        Poll::Ready(self.reading().map(|_| ()))
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        let closed = self.closed;
        let stream = self.reading()?;
        if !closed {
            ready!(Pin::new(stream).poll_shutdown(cx))?;
            self.closed = true;
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        if let Some(stream) = self.stream.take() {
            // With a linger time of zero, closing sends RST. Where that fails it is closed anyway.
            let _ = SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        }
    }

    fn info(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}
