//! The flow beneath, as the session's task has it: it can be taken away from the task.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use ::tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::Sleep,
};
use tuyau_core::{ErrorKind, Flow, FlowError};

use super::inbox::Inbox;

/// How long a dropped flow goes on sending what it had accepted: one second.
pub const FAREWELL: Duration = Duration::from_secs(1);

/// What may wait for the flow beneath: more than the window that a peer usually grants (2 MiB), so
/// that two sides that both send never wait for each other.
const OUT_LIMIT: usize = 4 * 1024 * 1024;

/// How much of what the peer says first is kept, to tell what it is if it is not SSH.
const HEARD: usize = 512;

/// The stream that the session's task reads and writes.
pub(super) struct Wire<F>(Arc<Mutex<State<F>>>);

struct State<F> {
    flow: Option<F>,
    /// Where what is read goes in the end: while it is full, nothing is read.
    inbox: Inbox,
    out: VecDeque<u8>,
    wants_flush: bool,
    write_error: Option<FlowError>,
    /// How what the peer said begins.
    heard: Vec<u8>,
    released: bool,
    shut: bool,
    farewell: Option<Pin<Box<Sleep>>>,
    task: Option<Waker>,
}

/// The other end of a [`Wire`]: whoever drops it ends the session's task.
pub(super) struct Link {
    wire: Option<Arc<dyn Cut>>,
}

trait Cut: Send + Sync {
    fn cut(&self, abort: bool);
    fn release(&self);
    fn heard(&self) -> Vec<u8>;
}

pub(super) fn pair<F: Flow>(flow: F, inbox: Inbox) -> (Wire<F>, Link) {
    let state = Arc::new(Mutex::new(State {
        flow: Some(flow),
        inbox,
        out: VecDeque::new(),
        wants_flush: false,
        write_error: None,
        heard: Vec::new(),
        released: false,
        shut: false,
        farewell: None,
        task: None,
    }));
    let link = Link {
        wire: Some(state.clone()),
    };
    (Wire(state), link)
}

impl Link {
    /// Aborts the flow beneath; the task ends.
    pub(super) fn abort(&mut self) {
        self.end(true);
    }

    fn end(&mut self, abort: bool) {
        if let Some(wire) = self.wire.take() {
            wire.cut(abort);
        }
    }

    /// How what the peer said begins: at most [`HEARD`] bytes.
    pub(super) fn heard(&self) -> Vec<u8> {
        self.wire
            .as_ref()
            .map_or_else(Vec::new, |wire| wire.heard())
    }

    /// Leaves the task [`FAREWELL`] to send what it has.
    pub(super) fn release(&mut self) {
        if let Some(wire) = self.wire.take() {
            wire.release();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.end(false);
    }
}

fn lock<F>(state: &Mutex<State<F>>) -> MutexGuard<'_, State<F>> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<F: Flow> Cut for Mutex<State<F>> {
    fn cut(&self, abort: bool) {
        let (flow, task) = {
            let mut state = lock(self);
            (state.flow.take(), state.task.take())
        };
        if let Some(mut flow) = flow
            && abort
        {
            flow.abort();
        }
        task.into_iter().for_each(Waker::wake);
    }

    fn release(&self) {
        let task = {
            let mut state = lock(self);
            state.released = true;
            state.task.take()
        };
        task.into_iter().for_each(Waker::wake);
    }

    fn heard(&self) -> Vec<u8> {
        lock(self).heard.clone()
    }
}

impl<F: Flow> State<F> {
    /// Notes who polls, and gives the flow up when its farewell took too long.
    fn enter(&mut self, cx: &mut Context<'_>) {
        if !self
            .task
            .as_ref()
            .is_some_and(|task| task.will_wake(cx.waker()))
        {
            self.task = Some(cx.waker().clone());
        }
        if !self.released || self.flow.is_none() {
            return;
        }
        let farewell = self
            .farewell
            .get_or_insert_with(|| Box::pin(::tokio::time::sleep(FAREWELL)));
        if farewell.as_mut().poll(cx).is_ready() {
            self.flow = None;
        }
    }

    /// Sends what waits, as far as the flow beneath takes it.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while !self.out.is_empty() && self.write_error.is_none() {
            let Some(flow) = &mut self.flow else {
                return Poll::Ready(());
            };
            let (front, back) = self.out.as_slices();
            match ready!(flow.poll_write_vectored(cx, &[front, back])) {
                Ok(0) => self.write_error = Some(ErrorKind::Closed.into()),
                Ok(count) => drop(self.out.drain(..count)),
                Err(error) => self.write_error = Some(error),
            }
        }
        if self.wants_flush
            && self.write_error.is_none()
            && let Some(flow) = &mut self.flow
        {
            match ready!(flow.poll_flush(cx)) {
                Ok(()) => self.wants_flush = false,
                Err(error) => self.write_error = Some(error),
            }
        }
        Poll::Ready(())
    }

    fn broken(&mut self) -> Option<io::Error> {
        if self.flow.is_none() {
            return Some(io::ErrorKind::NotConnected.into());
        }
        let error = self.write_error.as_ref()?;
        Some(io::ErrorKind::from(error.kind()).into())
    }
}

impl<F: Flow> AsyncRead for Wire<F> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = lock(&self.0);
        state.enter(cx);
        // Reading is what the task does whenever it waits, so it also sends here.
        let _ = state.poll_drain(cx);
        if state.released && state.shut {
            return Poll::Ready(Ok(()));
        }
        let State { flow, inbox, .. } = &mut *state;
        let Some(flow) = flow else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        ready!(inbox.poll_room(cx));
        let count = ready!(flow.poll_read(cx, buffer.initialize_unfilled()))?;
        let room = HEARD - state.heard.len();
        let read = &buffer.initialize_unfilled()[..count];
        state.heard.extend(&read[..count.min(room)]);
        buffer.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl<F: Flow> AsyncWrite for Wire<F> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut state = lock(&self.0);
        state.enter(cx);
        if state.out.len() >= OUT_LIMIT {
            let _ = state.poll_drain(cx);
        }
        if let Some(error) = state.broken() {
            return Poll::Ready(Err(error));
        }
        if state.out.len() >= OUT_LIMIT {
            return Poll::Pending;
        }
        state.out.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = lock(&self.0);
        state.enter(cx);
        state.wants_flush = true;
        // What the flow beneath does not take now goes on when the task reads.
        let _ = state.poll_drain(cx);
        Poll::Ready(state.broken().map_or(Ok(()), Err))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = lock(&self.0);
        state.enter(cx);
        ready!(state.poll_drain(cx));
        if let Some(error) = state.broken() {
            return Poll::Ready(Err(error));
        }
        if let Some(flow) = &mut state.flow {
            ready!(flow.poll_close_write(cx))?;
        }
        state.shut = true;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use ::tokio::io::AsyncReadExt;
    use tuyau_core::FlowExt;

    use super::{super::inbox::LIMIT, *};
    use crate::mem;

    /// A peer may flood before there is a flow.
    #[tokio::test]
    async fn who_waits_for_room_goes_on_when_the_link_is_dropped() {
        let (near, mut far) = mem::pair();
        far.write_all(b"more").await.unwrap();
        let inbox = Inbox::default();
        let (mut wire, link) = pair(near, inbox.clone());
        inbox.push(&vec![0; LIMIT]);
        let task = tokio::spawn(async move { wire.read(&mut [0; 4]).await });
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        drop(link);
        task.await.unwrap().unwrap_err();
    }

    #[tokio::test]
    async fn who_waits_for_room_goes_on_when_the_application_has_read() {
        let (near, mut far) = mem::pair();
        far.write_all(b"more").await.unwrap();
        let inbox = Inbox::default();
        let (mut wire, _link) = pair(near, inbox.clone());
        inbox.push(&vec![0; LIMIT]);
        let task = tokio::spawn(async move { wire.read(&mut [0; 4]).await });
        tokio::task::yield_now().await;
        assert!(!task.is_finished());
        assert_eq!(inbox.lock().take(&mut [0]), 1);
        assert_eq!(task.await.unwrap().unwrap(), 4);
    }
}
