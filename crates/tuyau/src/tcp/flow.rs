//! A TCP connection.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
    time::Duration,
};

use ::tokio::net::TcpStream;
use socket2::SockRef;
use tuyau_core::{Address, FlowError, LocalAddress, PeerAddress};

use crate::tokio::FromTokio;

/// A TCP connection. It knows its [`PeerAddress`] and [`LocalAddress`].
#[derive(Debug)]
pub struct Flow {
    stream: FromTokio<TcpStream>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(stream: TcpStream) -> Self {
        let address = |socket| Address::from_socket("tcp", socket).ok();
        let local = stream.local_addr().ok().and_then(address);
        let peer = stream.peer_addr().ok().and_then(address);
        Self {
            stream: FromTokio::new(stream),
            local: local.map(LocalAddress),
            peer: peer.map(PeerAddress),
        }
    }

    /// Takes tokio's stream out; none when the flow was aborted.
    pub fn into_stream(self) -> Option<TcpStream> {
        self.stream.into_stream()
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.stream.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.stream.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.stream.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is with the operating system already.
        self.stream.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.stream.poll_close_write(cx)
    }

    fn abort(&mut self) {
        if let Some(stream) = self.stream.stream() {
            // With a linger time of zero, closing sends RST. Where that fails it is closed anyway.
            let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
        }
        self.stream.abort();
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
