//! What a listener's socket receives, by peer.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::Options;

/// How many peers wait to be accepted; datagrams of further ones are dropped.
pub const BACKLOG: usize = 128;

/// How many bytes of one peer's datagrams wait to be received; what comes beyond is dropped.
pub const QUEUE: usize = 128 * 1024;

/// The peers of one listening socket.
#[derive(Debug)]
pub(crate) struct Peers {
    options: Options,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    queues: HashMap<SocketAddr, Queue>,
    /// Peers that were not accepted yet, in the order of their first datagram.
    waiting: VecDeque<SocketAddr>,
    /// How many bytes wait in the queues of peers that were accepted.
    accepted: usize,
    /// How many bytes wait in those of the others.
    strange: usize,
    listener: Option<Waker>,
    /// The listener was dropped: new peers are not taken any more.
    closed: bool,
}

#[derive(Debug, Default)]
struct Queue {
    datagrams: VecDeque<Box<[u8]>>,
    bytes: usize,
    accepted: bool,
    receiver: Option<Waker>,
}

/// What a datagram takes; an empty one takes room too.
fn size(datagram: &[u8]) -> usize {
    size_of::<Box<[u8]>>() + datagram.len()
}

impl Queue {
    /// Takes a datagram, and gives who waits for it.
    fn push(&mut self, datagram: &[u8]) -> Option<Waker> {
        self.bytes += size(datagram);
        self.datagrams.push_back(datagram.into());
        self.receiver.take()
    }

    fn pop(&mut self) -> Option<Box<[u8]>> {
        let datagram = self.datagrams.pop_front()?;
        self.bytes -= size(&datagram);
        Some(datagram)
    }
}

impl State {
    /// Hands a datagram to a queue if there is room, and gives who waits for it.
    fn push(&mut self, peer: SocketAddr, datagram: &[u8], options: &Options) -> Option<Waker> {
        let queue = self.queues.entry(peer).or_default();
        let of_strangers = options.queued / 4;
        let (all, limit) = match queue.accepted {
            true => (&mut self.accepted, options.queued - of_strangers),
            false => (&mut self.strange, of_strangers),
        };
        let size = size(datagram);
        if queue.bytes + size > QUEUE || *all + size > limit {
            return None;
        }
        *all += size;
        queue.push(datagram)
    }

    fn accept(&mut self, peer: SocketAddr) {
        let queue = self.queues.entry(peer).or_default();
        queue.accepted = true;
        self.strange -= queue.bytes;
        self.accepted += queue.bytes;
    }

    fn remove(&mut self, peer: SocketAddr) {
        if let Some(queue) = self.queues.remove(&peer) {
            let all = match queue.accepted {
                true => &mut self.accepted,
                false => &mut self.strange,
            };
            *all -= queue.bytes;
        }
    }
}

impl Peers {
    pub(crate) fn new(options: Options) -> Self {
        let state = Mutex::default();
        Self { options, state }
    }

    /// One peer that is known from the start, and no other one.
    #[cfg(feature = "smoltcp")]
    pub(crate) fn only(peer: SocketAddr) -> Self {
        let peers = Self::new(Options::default());
        let mut state = peers.lock();
        state.closed = true;
        state.accept(peer);
        drop(state);
        peers
    }

    /// Whoever waits for something.
    #[cfg(feature = "smoltcp")]
    pub(crate) fn take_waiting(&self) -> Vec<Waker> {
        let mut state = self.lock();
        let listener = state.listener.take();
        let receivers = state.queues.values_mut();
        let receivers = receivers.filter_map(|queue| queue.receiver.take());
        receivers.chain(listener).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a datagram to its peer's queue, which is a new one for a peer that is not known, and
    /// gives whom to wake.
    #[must_use = "who waits has to be woken"]
    pub(crate) fn arrived(&self, peer: SocketAddr, datagram: &[u8]) -> [Option<Waker>; 2] {
        let mut state = self.lock();
        let mut listener = None;
        if !state.queues.contains_key(&peer) {
            let many = state.queues.len() >= self.options.peers;
            if state.closed || many || state.waiting.len() >= BACKLOG {
                return [None, None];
            }
            state.waiting.push_back(peer);
            listener = state.listener.take();
        }
        let receiver = state.push(peer, datagram, &self.options);
        [listener, receiver]
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<SocketAddr> {
        let mut state = self.lock();
        if let Some(peer) = state.waiting.pop_front() {
            state.accept(peer);
            return Poll::Ready(peer);
        }
        state.listener = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next datagram of `peer`.
    pub(crate) fn poll_receive(&self, peer: SocketAddr, cx: &mut Context<'_>) -> Poll<Box<[u8]>> {
        let mut state = self.lock();
        let queue = state.queues.entry(peer).or_default();
        if let Some(datagram) = queue.pop() {
            state.accepted -= size(&datagram);
            return Poll::Ready(datagram);
        }
        queue.receiver = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The flow of `peer` was dropped; its next datagram is that of a new peer.
    pub(crate) fn forget(&self, peer: SocketAddr) {
        self.lock().remove(peer);
    }

    /// The listener was dropped; the flows that it gave go on.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for peer in std::mem::take(&mut state.waiting) {
            state.remove(peer);
        }
    }
}
