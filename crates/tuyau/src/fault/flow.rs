//! A flow in which things go wrong.

use std::{
    any::{Any, TypeId},
    sync::Arc,
    task::{Context, Poll, ready},
};

use tuyau_core::{ErrorKind, FlowError, Timer};

use super::{
    Faults,
    half::{Half, Turn},
};
use crate::slices::{total, with_clipped};

/// A flow over `F` with [`Faults`], which are also its information.
///
/// Once it is cut there is no flow beneath any more.
#[derive(Debug)]
pub struct Flow<F> {
    /// None when it was cut.
    inner: Option<F>,
    faults: Faults,
    read: Half,
    write: Half,
    aborted: bool,
}

impl<F: tuyau_core::Flow> Flow<F> {
    pub(super) fn new(inner: F, faults: Faults, timer: &Arc<dyn Timer>) -> Self {
        Self {
            inner: Some(inner),
            read: Half::new(faults.read.clone(), timer.clone()),
            write: Half::new(faults.write.clone(), timer.clone()),
            faults,
            aborted: false,
        }
    }

    /// Takes the flow beneath out; none when it was cut.
    pub fn into_inner(self) -> Option<F> {
        self.inner
    }

    fn whole(&mut self) -> Result<&mut F, FlowError> {
        if self.aborted {
            return Err(ErrorKind::Closed.into());
        }
        self.inner.as_mut().ok_or_else(|| ErrorKind::Reset.into())
    }

    /// Drops what is beneath, once what was written before is on its way.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<FlowError> {
        if let Some(inner) = &mut self.inner {
            // That the flush fails changes nothing.
            let _ = ready!(inner.poll_flush(cx));
        }
        self.inner = None;
        self.read.wake();
        self.write.wake();
        Poll::Ready(ErrorKind::Reset.into())
    }

    /// Writes one byte of `slices` with its bits turned over.
    fn poll_write_corrupt(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let first = slices.iter().find_map(|slice| slice.first());
        let byte = first.map_or(0, |byte| !byte);
        self.whole()?.poll_write(cx, &[byte])
    }
}

impl<F: tuyau_core::Flow> tuyau_core::Flow for Flow<F> {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.whole()?;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let (limit, corrupt) = match ready!(self.read.poll_turn(cx)) {
            Turn::Pass { limit, corrupt } => (limit.min(buffer.len()), corrupt),
            Turn::Cut => return self.poll_cut(cx).map(Err),
        };
        let count = ready!(self.whole()?.poll_read(cx, &mut buffer[..limit]))?;
        if corrupt && count > 0 {
            buffer[0] = !buffer[0];
        }
        self.read.pass(count);
        Poll::Ready(Ok(count))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.whole()?;
        if total(slices) == 0 {
            return self.whole()?.poll_write_vectored(cx, slices);
        }
        let written = match ready!(self.write.poll_turn(cx)) {
            Turn::Cut => return self.poll_cut(cx).map(Err),
            Turn::Pass { corrupt: true, .. } => self.poll_write_corrupt(cx, slices),
            Turn::Pass { limit, .. } => {
                let inner = self.whole()?;
                with_clipped(slices, limit, |slices| {
                    inner.poll_write_vectored(cx, slices)
                })
            }
        };
        let count = ready!(written)?;
        self.write.pass(count);
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.as_ref().is_some_and(F::is_write_vectored)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.whole()?.poll_flush(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.whole()?;
        match ready!(self.write.poll_end(cx)) {
            Turn::Cut => self.poll_cut(cx).map(Err),
            Turn::Pass { .. } => self.whole()?.poll_close_write(cx),
        }
    }

    fn abort(&mut self) {
        self.aborted = true;
        if let Some(inner) = &mut self.inner {
            inner.abort();
        }
        self.read.wake();
        self.write.wake();
    }

    fn inner(&self) -> Option<&dyn tuyau_core::Flow> {
        self.inner.as_ref().map(|inner| inner as _)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<Faults>()).then_some(&self.faults as _)
    }
}
