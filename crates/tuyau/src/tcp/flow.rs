//! A TCP connection.

use std::{
    any::{Any, TypeId},
    net::SocketAddr,
    sync::OnceLock,
    task::{Context, Poll},
    time::Duration,
};

use ::tokio::net::TcpStream;
use socket2::SockRef;
use tuyau_core::{Address, FlowError, LocalAddress, PeerAddress};

use crate::tokio::FromTokio;

/// A TCP connection. It knows its [`PeerAddress`] and, until it is aborted, its [`LocalAddress`].
#[derive(Debug)]
pub struct Flow {
    stream: FromTokio<TcpStream>,
    /// What was dialled, or where the accepted connection came from.
    remote: SocketAddr,
    // Most flows are never asked, and asking the system and making text cost time.
    peer: OnceLock<Box<PeerAddress>>,
    local: OnceLock<Box<LocalAddress>>,
}

impl Flow {
    pub(super) fn new(stream: TcpStream, remote: SocketAddr) -> Self {
        Self {
            stream: FromTokio::new(stream),
            remote,
            peer: OnceLock::new(),
            local: OnceLock::new(),
        }
    }

    fn peer(&self) -> Option<&PeerAddress> {
        if self.peer.get().is_none() {
            // The system knows better than the one who dialled an unspecified address, but only
            // while there is a connection.
            let stream = self.stream.stream();
            let known = stream.and_then(|stream| stream.peer_addr().ok());
            let address = Address::from_socket("tcp", known.unwrap_or(self.remote)).ok()?;
            let _ = self.peer.set(PeerAddress(address).into());
        }
        self.peer.get().map(|address| &**address)
    }

    fn local(&self) -> Option<&LocalAddress> {
        if self.local.get().is_none() {
            let socket = self.stream.stream()?.local_addr().ok()?;
            let address = Address::from_socket("tcp", socket).ok()?;
            let _ = self.local.set(LocalAddress(address).into());
        }
        self.local.get().map(|address| &**address)
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

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}
