//! A TCP connection of a stack in user space.

use std::{
    any::{Any, TypeId},
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
};

use ::smoltcp::iface::SocketHandle;
use tuyau_core::{Address, ErrorKind, FlowError, LocalAddress, PeerAddress};

use super::state::{Share, State, Wakes};

/// A TCP connection of a [`Network`](super::Network). It knows its [`PeerAddress`] and
/// [`LocalAddress`].
///
/// Dropping it closes it: what was written is still sent while the network's driver runs, for up to
/// 120 seconds. When something was received that nobody read, the peer sees a reset.
#[derive(Debug)]
pub struct Flow {
    share: Arc<Share>,
    handle: Option<SocketHandle>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl Flow {
    /// A flow that has the connection from now on.
    pub(super) fn new(
        share: Arc<Share>,
        handle: SocketHandle,
        ends: Option<(SocketAddr, SocketAddr)>,
    ) -> Self {
        let address = |socket| Address::from_socket("tcp", socket).ok();
        Self {
            share,
            handle: Some(handle),
            local: ends.and_then(|ends| address(ends.0)).map(LocalAddress),
            peer: ends.and_then(|ends| address(ends.1)).map(PeerAddress),
        }
    }

    /// Waits for the end of the handshake.
    pub(super) fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.with(|state, handle, _| state.poll_connected(handle, cx))?
    }

    fn with<T>(
        &self,
        work: impl FnOnce(&mut State, SocketHandle, &mut Wakes) -> T,
    ) -> Result<T, FlowError> {
        let handle = self.handle.ok_or(ErrorKind::Closed)?;
        Ok(self.share.with(|state, wakes| work(state, handle, wakes)))
    }

    fn release(&mut self, reset: bool) {
        if let Some(handle) = self.handle.take() {
            self.share
                .with(|state, wakes| state.release(handle, reset, wakes));
        }
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.with(|state, handle, wakes| state.poll_read(handle, cx, buffer, wakes))?
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.with(|state, handle, wakes| state.poll_write(handle, cx, slices, wakes))?
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // What was accepted is with the stack already.
        Poll::Ready(self.with(|state, _, _| state.check())?.map_err(Into::into))
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(self.with(|state, handle, wakes| state.close_write(handle, wakes))?)
    }

    fn abort(&mut self) {
        self.release(true);
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

impl Drop for Flow {
    fn drop(&mut self) {
        self.release(false);
    }
}
