//! A connected exchange of datagrams, the sibling of a byte stream.

use alloc::boxed::Box;
use core::{
    any::{Any, TypeId},
    fmt,
    future::{Future, poll_fn},
    task::{Context as TaskContext, Poll},
};

use crate::FlowError;

/// A connected instance of a protocol that keeps message boundaries: UDP, QUIC datagrams, …
///
/// Like [`Flow`](crate::Flow) it is object safe and polled; users call the methods of
/// [`DatagramsExt`] instead.
///
/// # Rules
///
/// - One send is one datagram: what arrives, arrives whole and apart from others, also when it is
///   empty. Whether it arrives, once, and in order, is up to the protocol.
/// - A datagram larger than [`max_size`](Self::max_size) is refused with
///   [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge), and one larger than the receiver's buffer
///   is such an error for the receiver, never a silent cut.
/// - What waits to be received is bounded; what does not fit is dropped, as a network does.
/// - `Pending` registers the task's waker, for each of the two directions on its own.
/// - A `Pending` receive has consumed nothing.
/// - Dropping it closes it.
pub trait Datagrams: Any + Send {
    /// Sends one datagram.
    fn poll_send(
        &mut self,
        cx: &mut TaskContext<'_>,
        datagram: &[u8],
    ) -> Poll<Result<(), FlowError>>;

    /// Receives one datagram into `buffer` and gives its length in bytes.
    ///
    /// An error of the kind [`TooLarge`](crate::ErrorKind::TooLarge) concerns the one datagram, which
    /// is lost; the next one can be received.
    fn poll_receive(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>>;

    /// The size of the largest datagram that can be sent now, in bytes.
    fn max_size(&self) -> usize;

    /// What these datagrams run over.
    fn inner(&self) -> Option<&dyn Datagrams> {
        None
    }

    /// What is known of the type `want`, as [`Flow::info_of`](crate::Flow::info_of) has it.
    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        let _ = want;
        None
    }
}

/// What users of datagrams call.
pub trait DatagramsExt: Datagrams {
    /// Sends one datagram.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) beyond
    /// [`max_size`](Datagrams::max_size).
    ///
    /// # Cancel safety
    /// Dropping the future before its end sends nothing.
    fn send(&mut self, datagram: &[u8]) -> impl Future<Output = Result<(), FlowError>> + Send {
        poll_fn(move |cx| self.poll_send(cx, datagram))
    }

    /// Receives one datagram into `buffer` and gives its length in bytes.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) when it does not fit; it is lost then.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    fn receive(
        &mut self,
        buffer: &mut [u8],
    ) -> impl Future<Output = Result<usize, FlowError>> + Send {
        poll_fn(move |cx| self.poll_receive(cx, buffer))
    }

    /// The outermost datagrams of the type `D` among these and those that they run over.
    fn find<D: Datagrams>(&self) -> Option<&D>
    where
        Self: Sized,
    {
        (self as &dyn Datagrams).find()
    }

    /// The information of the type `T` that these have, else that of what is beneath, and so on.
    fn info<T: 'static>(&self) -> Option<&T>
    where
        Self: Sized,
    {
        (self as &dyn Datagrams).info()
    }
}

impl<D: Datagrams + ?Sized> DatagramsExt for D {}

/// Datagrams of any type, as [`AnyFlow`](crate::AnyFlow) is a flow of any type.
pub struct AnyDatagrams(Box<dyn Datagrams>);

impl AnyDatagrams {
    /// Erases the type of `datagrams`. An `AnyDatagrams` is given back as it is, not boxed twice.
    pub fn new(datagrams: impl Datagrams) -> Self {
        let datagrams: Box<dyn Datagrams> = Box::new(datagrams);
        if (&*datagrams as &dyn Any).is::<Self>() {
            let datagrams: Box<dyn Any> = datagrams;
            return match datagrams.downcast::<Self>() {
                Ok(datagrams) => *datagrams,
                Err(_) => unreachable!("the type was checked"),
            };
        }
        Self(datagrams)
    }

    /// Takes the concrete type out, or gives the erased one back.
    ///
    /// # Errors
    /// These datagrams, when the outermost type is not `D`.
    pub fn downcast<D: Datagrams>(self) -> Result<D, Self> {
        if !(&*self.0 as &dyn Any).is::<D>() {
            return Err(self);
        }
        let datagrams: Box<dyn Any> = self.0;
        match datagrams.downcast::<D>() {
            Ok(datagrams) => Ok(*datagrams),
            Err(_) => unreachable!("the type was checked"),
        }
    }

    /// As [`DatagramsExt::find`], without importing that.
    pub fn find<D: Datagrams>(&self) -> Option<&D> {
        self.0.find()
    }

    /// As [`DatagramsExt::info`], without importing that.
    pub fn info<T: 'static>(&self) -> Option<&T> {
        self.0.info()
    }
}

impl fmt::Debug for AnyDatagrams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyDatagrams").finish_non_exhaustive()
    }
}

impl Datagrams for AnyDatagrams {
    #[inline]
    fn poll_send(
        &mut self,
        cx: &mut TaskContext<'_>,
        datagram: &[u8],
    ) -> Poll<Result<(), FlowError>> {
        self.0.poll_send(cx, datagram)
    }

    #[inline]
    fn poll_receive(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.poll_receive(cx, buffer)
    }

    #[inline]
    fn max_size(&self) -> usize {
        self.0.max_size()
    }

    #[inline]
    fn inner(&self) -> Option<&dyn Datagrams> {
        Some(&*self.0)
    }

    #[inline]
    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.0.info_of(want)
    }
}
