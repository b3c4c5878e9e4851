//! A flow that lets bytes pass as fast as its limits permit.

use std::{
    any::{Any, TypeId},
    sync::Arc,
    task::{Context, Poll, ready},
};

use tuyau_core::{FlowError, Timer};

use super::{Limits, bucket::Bucket};
use crate::slices::{total, with_clipped};

/// A flow over `F` with [`Limits`], which are also its information.
#[derive(Debug)]
pub struct Flow<F> {
    inner: F,
    limits: Limits,
    read: Option<Bucket>,
    write: Option<Bucket>,
    aborted: bool,
}

impl<F> Flow<F> {
    pub(super) fn new(inner: F, limits: Limits, timer: &Arc<dyn Timer>) -> Self {
        let bucket = |rate| Bucket::new(rate, timer.clone());
        Self {
            inner,
            limits,
            read: limits.read.map(bucket),
            write: limits.write.map(bucket),
            aborted: false,
        }
    }

    /// Takes the flow beneath out.
    pub fn into_inner(self) -> F {
        self.inner
    }
}

impl<F> Flow<F> {
    /// How many of `wanted` bytes may be read now: all when nothing limits them, and after an abort,
    /// so that the flow beneath says so.
    fn poll_may_read(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<usize> {
        match &mut self.read {
            Some(bucket) if wanted > 0 && !self.aborted => bucket.poll_allow(cx, wanted),
            _ => Poll::Ready(wanted),
        }
    }

    /// The same for writing.
    fn poll_may_write(&mut self, cx: &mut Context<'_>, wanted: usize) -> Poll<usize> {
        match &mut self.write {
            Some(bucket) if wanted > 0 && !self.aborted => bucket.poll_allow(cx, wanted),
            _ => Poll::Ready(wanted),
        }
    }
}

fn spend(bucket: &mut Option<Bucket>, bytes: usize) {
    if let Some(bucket) = bucket {
        bucket.spend(bytes);
    }
}

impl<F: tuyau_core::Flow> tuyau_core::Flow for Flow<F> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let allowed = ready!(self.poll_may_read(cx, buffer.len()));
        let count = ready!(self.inner.poll_read(cx, &mut buffer[..allowed]))?;
        spend(&mut self.read, count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        let allowed = ready!(self.poll_may_write(cx, bytes.len()));
        let count = ready!(self.inner.poll_write(cx, &bytes[..allowed]))?;
        spend(&mut self.write, count);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let allowed = ready!(self.poll_may_write(cx, total(slices)));
        let inner = &mut self.inner;
        let written = with_clipped(slices, allowed, |slices| {
            inner.poll_write_vectored(cx, slices)
        });
        let count = ready!(written)?;
        spend(&mut self.write, count);
        Poll::Ready(Ok(count))
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

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        Some(&self.inner)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<Limits>()).then_some(&self.limits as _)
    }
}
