//! A non-blocking socket, registered with the poller of the thread that polls it.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use mio::{Token, event::Source};
use tuyau_core::FlowError;

use super::reactor::{Direction, Interests, Reactor};

/// A socket, and where it waits.
#[derive(Debug)]
pub(super) struct Socket<S: Source> {
    socket: S,
    interests: Arc<Interests>,
    home: Option<(Arc<Reactor>, Token)>,
}

impl<S: Source> Socket<S> {
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket,
            interests: Arc::default(),
            home: None,
        }
    }

    pub(super) fn get(&self) -> &S {
        &self.socket
    }

    /// Calls `operation`, and once more whenever the socket is ready for it, until it does not tell to wait.
    pub(super) fn poll<T>(
        &mut self,
        cx: &Context<'_>,
        direction: Direction,
        mut operation: impl FnMut(&mut S) -> io::Result<T>,
    ) -> Poll<Result<T, FlowError>> {
        loop {
            match operation(&mut self.socket) {
                Ok(done) => return Poll::Ready(Ok(done)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    return match self.wait(cx, direction) {
                        Ok(()) => Poll::Pending,
                        Err(error) => Poll::Ready(Err(error)),
                    };
                }
                Err(error) => return Poll::Ready(Err(error.into())),
            }
        }
    }

    /// Has the task woken when the socket is ready.
    pub(super) fn wait(&mut self, cx: &Context<'_>, direction: Direction) -> Result<(), FlowError> {
        let reactor = Reactor::current()?;
        self.interests.set(direction, cx.waker());
        match &self.home {
            Some((home, _)) if Arc::ptr_eq(home, &reactor) => return Ok(()),
            _ => self.leave(),
        }
        // What became ready before this is told by the poller as well.
        let token = reactor.register(&mut self.socket, &self.interests)?;
        self.home = Some((reactor, token));
        Ok(())
    }

    fn leave(&mut self) {
        if let Some((reactor, token)) = self.home.take() {
            reactor.deregister(&mut self.socket, token);
        }
    }
}

impl<S: Source> Drop for Socket<S> {
    fn drop(&mut self) {
        self.leave();
    }
}
