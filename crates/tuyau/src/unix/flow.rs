//! A Unix stream connection.

use std::{
    any::{Any, TypeId},
    path::Path,
    task::{Context, Poll},
};

use ::tokio::net::UnixStream;
use tuyau_core::{Address, FlowError, LocalAddress, PeerAddress};

use crate::tokio::FromTokio;

/// A Unix stream connection.
///
/// It knows the path that was dialled as its [`PeerAddress`], the path that it was accepted at as
/// its [`LocalAddress`], and the peer's [`PeerCredentials`].
#[derive(Debug)]
pub struct Flow {
    stream: FromTokio<UnixStream>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
    credentials: Option<PeerCredentials>,
}

/// Information of a flow: who the peer is, as the operating system knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerCredentials {
    /// The user's number.
    pub user: u32,
    /// The group's number.
    pub group: u32,
    /// The process's number, where the system tells.
    pub process: Option<i32>,
}

impl Flow {
    pub(super) fn dialled(stream: UnixStream, path: &Path) -> Self {
        let address = path.to_str();
        let address = address.and_then(|path| Address::from_path("unix", path).ok());
        let mut flow = Self::new(stream);
        flow.peer = address.map(PeerAddress);
        flow
    }

    pub(super) fn accepted(stream: UnixStream, address: Address) -> Self {
        let mut flow = Self::new(stream);
        flow.local = Some(LocalAddress(address));
        flow
    }

    fn new(stream: UnixStream) -> Self {
        let credentials = stream.peer_cred().ok().map(|peer| PeerCredentials {
            user: peer.uid(),
            group: peer.gid(),
            process: peer.pid(),
        });
        Self {
            stream: FromTokio::new(stream),
            local: None,
            peer: None,
            credentials,
        }
    }

    /// Takes tokio's stream out; none when the flow was aborted.
    pub fn into_stream(self) -> Option<UnixStream> {
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

    /// Closes the socket; Unix sockets have no reset of their own.
    fn abort(&mut self) {
        self.stream.abort();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<PeerCredentials>() {
            self.credentials.as_ref().map(|it| it as &dyn Any)
        } else {
            None
        }
    }
}
