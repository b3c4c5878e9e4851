//! A flow whose type is not known at compile time.

use alloc::boxed::Box;
use core::{
    any::{Any, TypeId},
    fmt,
    task::{Context as TaskContext, Poll},
};

use crate::{Flow, FlowError};

/// A flow of any type: one allocation when it is made, none for a read or write.
///
/// [`find`](Self::find) and [`info`](Self::info) look through the layers, and
/// [`downcast`](Self::downcast) takes the concrete flow out again.
pub struct AnyFlow(Box<dyn Flow>);

impl AnyFlow {
    /// Erases the type of `flow`. An `AnyFlow` is given back as it is, not boxed twice.
    pub fn new(flow: impl Flow) -> Self {
        let flow: Box<dyn Flow> = Box::new(flow);
        if (&*flow as &dyn Any).is::<Self>() {
            let flow: Box<dyn Any> = flow;
            return match flow.downcast::<Self>() {
                Ok(flow) => *flow,
                Err(_) => unreachable!("the type was checked"),
            };
        }
        Self(flow)
    }

    /// Takes the concrete flow out, or gives the erased one back.
    ///
    /// # Errors
    /// This flow, when the outermost type is not `F`.
    pub fn downcast<F: Flow>(self) -> Result<F, Self> {
        if !(&*self.0 as &dyn Any).is::<F>() {
            return Err(self);
        }
        let flow: Box<dyn Any> = self.0;
        match flow.downcast::<F>() {
            Ok(flow) => Ok(*flow),
            Err(_) => unreachable!("the type was checked"),
        }
    }

    /// As [`FlowExt::find`](crate::FlowExt::find), without importing that.
    pub fn find<F: Flow>(&self) -> Option<&F> {
        self.0.find()
    }

    /// As [`FlowExt::info`](crate::FlowExt::info), without importing that.
    pub fn info<T: 'static>(&self) -> Option<&T> {
        self.0.info()
    }
}

impl fmt::Debug for AnyFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyFlow").finish_non_exhaustive()
    }
}

impl Flow for AnyFlow {
    #[inline]
    fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.poll_read(cx, buffer)
    }

    #[inline]
    fn poll_write(
        &mut self,
        cx: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.poll_write(cx, bytes)
    }

    #[inline]
    fn poll_write_vectored(
        &mut self,
        cx: &mut TaskContext<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.0.poll_write_vectored(cx, slices)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    #[inline]
    fn poll_flush(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.0.poll_flush(cx)
    }

    #[inline]
    fn poll_close_write(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.0.poll_close_write(cx)
    }

    #[inline]
    fn abort(&mut self) {
        self.0.abort();
    }

    #[inline]
    fn inner(&self) -> Option<&dyn Flow> {
        Some(&*self.0)
    }

    #[inline]
    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        self.0.info_of(want)
    }
}
