//! A connected byte stream.

use core::{
    any::{Any, TypeId},
    task::{Context as TaskContext, Poll},
};

use crate::{Address, FlowError};

mod ext;
mod look;
#[cfg(feature = "std")]
mod split;
mod transfer;

pub use ext::FlowExt;
#[cfg(feature = "std")]
pub use split::{ReadHalf, WriteHalf};

/// A connected instance of a protocol: a byte stream in both directions.
///
/// The trait is object safe and polled, so that erasing a flow ([`AnyFlow`](crate::AnyFlow)) costs
/// one allocation for the flow's life and none for a read or write. Users call the methods of
/// [`FlowExt`] instead.
///
/// # Rules
///
/// - The end of the stream is sticky: after `poll_read` gave 0 for a non-empty buffer it gives 0
///   again, and an end that the peer did not mean is an error
///   ([`Truncated`](crate::ErrorKind::Truncated)), not 0.
/// - What `poll_write` accepted is bounded while the peer does not read.
/// - `Pending` registers the task's waker, for each of the two directions on its own.
/// - A `Pending` read has consumed nothing: dropping a read loses no bytes.
/// - Dropping a flow closes it.
pub trait Flow: Any + Send {
    /// Reads into `buffer` and gives the number of bytes, 0 at the end of the stream or when
    /// `buffer` is empty.
    fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>>;

    /// Accepts bytes for sending and gives how many, at least one unless `bytes` is empty.
    fn poll_write(
        &mut self,
        cx: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>>;

    /// Like [`poll_write`](Self::poll_write) for the concatenation of `slices`.
    ///
    /// It has no default: a wrapper that forgot it would silently split writes. A flow that gains
    /// nothing from several slices writes the first one that is not empty.
    fn poll_write_vectored(
        &mut self,
        cx: &mut TaskContext<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>>;

    /// Whether [`poll_write_vectored`](Self::poll_write_vectored) takes more than one slice at a time.
    fn is_write_vectored(&self) -> bool;

    /// Holds nothing back any more of what was accepted so far: it is on its way, without further calls,
    /// by the operating system, or by the task or driver of a connection that lives in this process.
    ///
    /// It says nothing of where the bytes are. While the flow lives they arrive, as far as the peer reads
    /// and the path permits. When the flow is dropped, some protocols go on to deliver the rest, and
    /// others, such as QUIC, take it back, unless [`poll_close_write`](Self::poll_close_write) has ended
    /// it. Only an answer of the peer tells that it has them.
    fn poll_flush(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>>;

    /// Flushes and ends the writing half; reading stays open. Doing it twice is not an error.
    fn poll_close_write(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>>;

    /// Gives the flow up at once: what is in flight may be lost, and the peer sees a reset where
    /// the protocol has one. The next read or write fails with [`Closed`](crate::ErrorKind::Closed).
    fn abort(&mut self);

    /// The flow that this layer runs over, as [`Error::source`](core::error::Error::source) does for causes.
    fn inner(&self) -> Option<&dyn Flow> {
        None
    }

    /// What this flow itself knows of the type `want`: [`PeerAddress`], a peer's key or certificate, …
    ///
    /// The value given must be of that type; [`FlowExt::info`] asks each flow of the chain, outermost
    /// first.
    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        let _ = want;
        None
    }
}

/// Information of a flow: the address of the other side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub Address);

/// Information of a flow: the address of this side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAddress(pub Address);
