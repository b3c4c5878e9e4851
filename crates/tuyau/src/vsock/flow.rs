//! A vsock connection.

use std::{
    any::{Any, TypeId},
    io,
    task::{Context, Poll},
};

use ::tokio::net::UnixStream;
use socket2::{SockAddr, SockRef};
use tuyau_core::{Address, FlowError, LocalAddress, PeerAddress};

use super::{Endpoint, VsockKey};
use crate::tokio::FromTokio;

/// A vsock connection. It knows its [`PeerAddress`] and [`LocalAddress`].
#[derive(Debug)]
pub struct Flow {
    stream: FromTokio<UnixStream>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl Flow {
    pub(super) fn new(stream: UnixStream) -> Self {
        let address = |socket: io::Result<SockAddr>| {
            let endpoint = Endpoint::from_sock_addr(&socket.ok()?)?;
            Address::of::<VsockKey>("vsock", &endpoint).ok()
        };
        Self {
            local: address(SockRef::from(&stream).local_addr()).map(LocalAddress),
            peer: address(SockRef::from(&stream).peer_addr()).map(PeerAddress),
            stream: FromTokio::new(stream),
        }
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
        self.stream.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.stream.poll_close_write(cx)
    }

    fn abort(&mut self) {
        self.stream.abort();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use ::tokio::join;
    use socket2::{Domain, Socket, Type};
    use tuyau_core::FlowExt;

    use super::*;
    use crate::vsock::socket::dress;

    /// A pair of another family: a connected vsock socket does nothing else.
    fn pair() -> (Flow, Flow) {
        let (near, far) = Socket::pair(Domain::UNIX, Type::STREAM, None).unwrap();
        let flow = |socket: Socket| {
            socket.set_nonblocking(true).unwrap();
            Flow::new(dress(socket).unwrap())
        };
        (flow(near), flow(far))
    }

    #[::tokio::test]
    async fn carries_more_than_the_system_buffers_and_ends_each_half_on_its_own() {
        let (mut near, mut far) = pair();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|number| number as u8).collect();
        let mut read = vec![0; bytes.len()];
        let (written, got) = join!(near.write_all(&bytes), far.read_exact(&mut read));
        written.and(got).unwrap();
        assert!(read == bytes);
        near.close_write().await.unwrap();
        assert_eq!(far.read(&mut [0; 8]).await.unwrap(), 0);
        far.write_all(b"still open").await.unwrap();
        assert_eq!(near.read(&mut [0; 64]).await.unwrap(), 10);
    }
}
