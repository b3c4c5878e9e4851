//! What a listener's socket receives, by peer.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

/// How many peers wait to be accepted; datagrams of further ones are dropped.
pub const BACKLOG: usize = 128;

/// How many bytes of one peer's datagrams wait to be received; what comes beyond is dropped.
pub const QUEUE: usize = 128 * 1024;

/// The peers of one listening socket.
#[derive(Debug, Default)]
pub(super) struct Peers(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queues: HashMap<SocketAddr, Queue>,
    /// Peers that were not accepted yet, in the order of their first datagram.
    waiting: VecDeque<SocketAddr>,
    listener: Option<Waker>,
    /// The listener was dropped: new peers are not taken any more.
    closed: bool,
}

#[derive(Debug, Default)]
struct Queue {
    datagrams: VecDeque<Box<[u8]>>,
    bytes: usize,
    receiver: Option<Waker>,
}

impl Queue {
    /// Takes a datagram if there is room, and gives who waits for it.
    fn push(&mut self, datagram: &[u8]) -> Option<Waker> {
        // An empty one takes room too.
        let bytes = self.bytes + size_of::<Box<[u8]>>() + datagram.len();
        if bytes > QUEUE {
            return None;
        }
        self.bytes = bytes;
        self.datagrams.push_back(datagram.into());
        self.receiver.take()
    }

    fn pop(&mut self) -> Option<Box<[u8]>> {
        let datagram = self.datagrams.pop_front()?;
        self.bytes -= size_of::<Box<[u8]>>() + datagram.len();
        Some(datagram)
    }
}

impl Peers {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a datagram to its peer's queue, which is a new one for a peer that is not known.
    pub(super) fn arrived(&self, peer: SocketAddr, datagram: &[u8]) {
        let mut state = self.lock();
        let mut listener = None;
        if !state.queues.contains_key(&peer) {
            if state.closed || state.waiting.len() >= BACKLOG {
                return;
            }
            state.waiting.push_back(peer);
            listener = state.listener.take();
        }
        let receiver = state.queues.entry(peer).or_default().push(datagram);
        drop(state);
        for waker in [listener, receiver].into_iter().flatten() {
            waker.wake();
        }
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<SocketAddr> {
        let mut state = self.lock();
        if let Some(peer) = state.waiting.pop_front() {
            return Poll::Ready(peer);
        }
        state.listener = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next datagram of `peer`.
    pub(super) fn poll_receive(&self, peer: SocketAddr, cx: &mut Context<'_>) -> Poll<Box<[u8]>> {
        let mut state = self.lock();
        let queue = state.queues.entry(peer).or_default();
        if let Some(datagram) = queue.pop() {
            return Poll::Ready(datagram);
        }
        queue.receiver = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The flow of `peer` was dropped; its next datagram is that of a new peer.
    pub(super) fn forget(&self, peer: SocketAddr) {
        self.lock().queues.remove(&peer);
    }

    /// The listener was dropped; the flows that it gave go on.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for peer in std::mem::take(&mut state.waiting) {
            state.queues.remove(&peer);
        }
    }
}
