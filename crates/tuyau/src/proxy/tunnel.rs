//! A flow through a proxy.

use std::{
    any::{Any, TypeId},
    task::{Context, Poll},
};

use tuyau_core::{Flow, FlowError, FlowExt, LocalAddress, PeerAddress};

use super::Destination;

/// Information of a flow: that it goes through a proxy, and where to.
///
/// The [`PeerAddress`] of such a flow is the proxy's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    pub(crate) destination: Destination,
    pub(crate) bound: Option<Destination>,
}

impl Via {
    /// Where the proxy has connected to, as it was asked.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    /// The proxy's own end of the connection to there, when it says so: SOCKS5 does, often as zeros.
    pub fn bound(&self) -> Option<&Destination> {
        self.bound.as_ref()
    }
}

/// A flow through a proxy, over the flow `F` to it. It knows the [`Via`], and the [`PeerAddress`] and
/// [`LocalAddress`] of that flow.
///
/// It ends elsewhere than the flow to the proxy. What else is known of that one, such as the key or the
/// certificate that the proxy has proved, would be taken for the destination's: so `find` and `info` end
/// here, and [`to_proxy`](Self::to_proxy) goes on.
#[derive(Debug)]
pub struct Tunnel<F> {
    inner: F,
    /// What the destination said behind the proxy's answer, and how much of it was read.
    early: Vec<u8>,
    taken: usize,
    aborted: bool,
    via: Via,
}

impl<F> Tunnel<F> {
    pub(crate) fn new(inner: F, early: Vec<u8>, via: Via) -> Self {
        Self {
            inner,
            early,
            taken: 0,
            aborted: false,
            via,
        }
    }

    /// Where the flow goes.
    pub fn via(&self) -> &Via {
        &self.via
    }

    /// The flow to the proxy, and with it all that is known of the proxy.
    pub fn to_proxy(&self) -> &F {
        &self.inner
    }

    /// The flow to the proxy, which carries the destination's bytes from here on; nothing when some
    /// that came early were not read yet.
    pub fn into_inner(self) -> Option<F> {
        (self.taken == self.early.len()).then_some(self.inner)
    }
}

impl<F: Flow> Flow for Tunnel<F> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let early = &self.early[self.taken..];
        if early.is_empty() || self.aborted {
            return self.inner.poll_read(cx, buffer);
        }
        let count = early.len().min(buffer.len());
        buffer[..count].copy_from_slice(&early[..count]);
        self.taken += count;
        if self.taken == self.early.len() {
            (self.early, self.taken) = (Vec::new(), 0);
        }
        Poll::Ready(Ok(count))
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
        self.aborted = true;
        self.inner.abort();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<Via>() {
            Some(&self.via)
        } else if want == TypeId::of::<PeerAddress>() {
            Some(self.inner.info::<PeerAddress>()?)
        } else if want == TypeId::of::<LocalAddress>() {
            Some(self.inner.info::<LocalAddress>()?)
        } else {
            None
        }
    }
}
