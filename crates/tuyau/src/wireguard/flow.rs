//! A TCP connection inside a tunnel.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
};

use tuyau_core::FlowError;

use super::PublicKey;
use crate::smoltcp;

/// A TCP connection inside a [`Tunnel`](super::Tunnel). It knows the [`PeerKey`] of the other side.
#[derive(Debug)]
pub struct Flow {
    inner: smoltcp::Flow,
    key: Option<PeerKey>,
}

/// Information of a flow: the key of the peer that has the other side's address, or has the network
/// behind it in which that address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerKey(pub PublicKey);

impl Flow {
    pub(super) fn new(inner: smoltcp::Flow, key: Option<PublicKey>) -> Self {
        let key = key.map(PeerKey);
        Self { inner, key }
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.inner.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.inner.poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.inner.poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.inner.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.inner.poll_close_write(cx)
    }

    fn abort(&mut self) {
        self.inner.abort();
    }

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        Some(&self.inner)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want != TypeId::of::<PeerKey>() {
            return None;
        }
        self.key.as_ref().map(|key| key as &dyn Any)
    }
}
