//! The flow beneath a WebSocket.

use std::{
    ops::{Deref, DerefMut},
    task::{Context, Waker},
};

use tuyau_core::Flow;

/// The flow beneath, which can be taken out of what ends it when it is dropped.
#[derive(Debug)]
pub(super) struct Beneath<F>(Option<F>);

impl<F> Beneath<F> {
    pub(super) fn new(flow: F) -> Self {
        Self(Some(flow))
    }

    /// Takes it out. It may be done once, and nothing else after it.
    pub(super) fn take(&mut self) -> F {
        self.0.take().expect(THERE)
    }
}

impl<F: Flow> Beneath<F> {
    /// Ends its writing half, as far as that is possible without waiting.
    pub(super) fn end(&mut self) {
        if let Some(flow) = &mut self.0 {
            // Nobody is left to be told that it failed or has to wait.
            let _ = flow.poll_close_write(&mut Context::from_waker(Waker::noop()));
        }
    }
}

const THERE: &str = "the flow beneath is there until it is taken out";

impl<F> Deref for Beneath<F> {
    type Target = F;

    fn deref(&self) -> &F {
        self.0.as_ref().expect(THERE)
    }
}

impl<F> DerefMut for Beneath<F> {
    fn deref_mut(&mut self) -> &mut F {
        self.0.as_mut().expect(THERE)
    }
}
