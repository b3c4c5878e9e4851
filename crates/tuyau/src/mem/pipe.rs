//! One direction of a memory flow: a bounded byte queue with two ends.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, FlowError};

/// A pipe, shared by the flow that writes and the flow that reads.
#[derive(Clone, Debug)]
pub(super) struct Pipe(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    capacity: usize,
    phase: Phase,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Open,
    /// The writer has ended it; what it holds can still be read.
    Ended,
    /// The reader is gone; writing is an error.
    Unread,
    /// One of the two gave it up; what it held is lost.
    Reset,
}

impl Pipe {
    pub(super) fn new(capacity: usize) -> Self {
        Self(Arc::new(Mutex::new(State {
            bytes: VecDeque::new(),
            capacity: capacity.max(1),
            phase: Phase::Open,
            reader: None,
            writer: None,
        })))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let mut state = self.lock();
        if state.phase == Phase::Reset {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let count = state.take(buffer);
        if count == 0 {
            if state.phase == Phase::Ended {
                return Poll::Ready(Ok(0));
            }
            register(&mut state.reader, cx);
            return Poll::Pending;
        }
        let writer = state.writer.take();
        drop(state);
        wake(writer);
        Poll::Ready(Ok(count))
    }

    pub(super) fn poll_write(
        &self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        let mut state = self.lock();
        match state.phase {
            Phase::Open => {}
            Phase::Ended => return Poll::Ready(Err(ErrorKind::Closed.into())),
            Phase::Unread | Phase::Reset => return Poll::Ready(Err(ErrorKind::Reset.into())),
        }
        let mut room = state.capacity - state.bytes.len();
        if room == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            register(&mut state.writer, cx);
            return Poll::Pending;
        }
        let before = room;
        for slice in slices {
            let count = slice.len().min(room);
            state.bytes.extend(&slice[..count]);
            room -= count;
        }
        let reader = state.reader.take();
        drop(state);
        wake(reader);
        Poll::Ready(Ok(before - room))
    }

    /// Whether the writer may still flush or end it.
    pub(super) fn check_written(&self) -> Result<(), FlowError> {
        match self.lock().phase {
            Phase::Reset => Err(ErrorKind::Reset.into()),
            Phase::Open | Phase::Ended | Phase::Unread => Ok(()),
        }
    }

    /// The writer's end of it.
    pub(super) fn end(&self) {
        self.change(Phase::Ended);
    }

    /// The reader goes; nobody will read what it holds.
    pub(super) fn leave_unread(&self) {
        self.change(Phase::Unread);
    }

    /// Gives it up in both directions at once.
    pub(super) fn reset(&self) {
        self.change(Phase::Reset);
    }

    fn change(&self, to: Phase) {
        let mut state = self.lock();
        if matches!(state.phase, Phase::Open | Phase::Ended) && state.phase != to {
            state.phase = to;
            if to != Phase::Ended {
                state.bytes = VecDeque::new();
            }
        }
        let (reader, writer) = (state.reader.take(), state.writer.take());
        drop(state);
        wake(reader);
        wake(writer);
    }
}

impl State {
    fn take(&mut self, buffer: &mut [u8]) -> usize {
        let (first, second) = self.bytes.as_slices();
        let head = first.len().min(buffer.len());
        buffer[..head].copy_from_slice(&first[..head]);
        let tail = second.len().min(buffer.len() - head);
        buffer[head..head + tail].copy_from_slice(&second[..tail]);
        self.bytes.drain(..head + tail);
        head + tail
    }
}

fn register(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

fn wake(waker: Option<Waker>) {
    if let Some(waker) = waker {
        waker.wake();
    }
}
