//! What a listener's socket receives, by peer.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    net::SocketAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use super::Options;

/// How many peers wait to be accepted; datagrams of further ones are dropped.
pub const BACKLOG: usize = 128;

/// How many bytes of one peer's datagrams wait to be received; what comes beyond is dropped.
pub const QUEUE: usize = 128 * 1024;

/// The peers of one listening socket, each known by a `P`.
#[derive(Debug)]
pub(crate) struct Peers<P = SocketAddr> {
    options: Options,
    state: Mutex<State<P>>,
}

#[derive(Debug)]
struct State<P> {
    queues: HashMap<P, Queue>,
    /// Peers that were not accepted yet, in the order of their first datagram.
    waiting: VecDeque<P>,
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

impl<P: Copy + Eq + Hash> State<P> {
    /// Whether a datagram of `size` bytes may wait for its peer's flow, or for the peer to be accepted.
    fn has_room(&self, peer: P, size: usize, options: &Options) -> bool {
        let queue = self.queues.get(&peer);
        if queue.is_some_and(|queue| queue.bytes + size > QUEUE) {
            return false;
        }
        let for_strangers = options.queued / 4;
        let for_accepted = options.queued - for_strangers;
        match queue.is_some_and(|queue| queue.accepted) {
            true => self.accepted == 0 || self.accepted + size <= for_accepted,
            // What strangers have sent counts as that of accepted peers once they are, so these may
            // have more than their share.
            false if self.strange == 0 && self.accepted <= for_accepted => true,
            false => {
                let all = self.accepted + self.strange + size;
                self.strange + size <= for_strangers && all <= options.queued
            }
        }
    }

    /// Hands a datagram to a queue, and gives who waits for it.
    fn push(&mut self, peer: P, datagram: &[u8]) -> Option<Waker> {
        let queue = self.queues.entry(peer).or_default();
        let all = match queue.accepted {
            true => &mut self.accepted,
            false => &mut self.strange,
        };
        *all += size(datagram);
        queue.push(datagram)
    }

    fn accept(&mut self, peer: P) {
        let queue = self.queues.entry(peer).or_default();
        queue.accepted = true;
        self.strange -= queue.bytes;
        self.accepted += queue.bytes;
    }

    fn remove(&mut self, peer: P) {
        if let Some(queue) = self.queues.remove(&peer) {
            let all = match queue.accepted {
                true => &mut self.accepted,
                false => &mut self.strange,
            };
            *all -= queue.bytes;
        }
    }
}

impl<P: Copy + Eq + Hash> Peers<P> {
    pub(crate) fn new(options: Options) -> Self {
        let state = Mutex::new(State {
            queues: HashMap::new(),
            waiting: VecDeque::new(),
            accepted: 0,
            strange: 0,
            listener: None,
            closed: false,
        });
        Self { options, state }
    }

    /// One peer that is known from the start, and no other one.
    #[cfg(feature = "smoltcp")]
    pub(crate) fn only(peer: P) -> Self {
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

    fn lock(&self) -> MutexGuard<'_, State<P>> {
        // No code under this lock panics half-way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a datagram to its peer's queue, which is a new one for a peer that is not known, and
    /// gives whom to wake. Where there is no room for it, it is dropped, and makes no new peer.
    #[must_use = "who waits has to be woken"]
    pub(crate) fn arrived(&self, peer: P, datagram: &[u8]) -> [Option<Waker>; 2] {
        let mut state = self.lock();
        if !state.has_room(peer, size(datagram), &self.options) {
            return [None, None];
        }
        let mut listener = None;
        if !state.queues.contains_key(&peer) {
            let many = state.queues.len() >= self.options.peers;
            if state.closed || many || state.waiting.len() >= BACKLOG {
                return [None, None];
            }
            state.waiting.push_back(peer);
            listener = state.listener.take();
        }
        let receiver = state.push(peer, datagram);
        [listener, receiver]
    }

    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<P> {
        let mut state = self.lock();
        if let Some(peer) = state.waiting.pop_front() {
            state.accept(peer);
            return Poll::Ready(peer);
        }
        state.listener = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next datagram of `peer`.
    pub(crate) fn poll_receive(&self, peer: P, cx: &mut Context<'_>) -> Poll<Box<[u8]>> {
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
    pub(crate) fn forget(&self, peer: P) {
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

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: usize = 65_507;

    fn peers(queued: usize) -> Peers {
        Peers::new(Options::default().queued(queued))
    }

    fn peer(number: u16) -> SocketAddr {
        ([127, 0, 0, 1], number).into()
    }

    fn arrived(peers: &Peers, from: u16, bytes: usize) {
        let woken = peers.arrived(peer(from), &vec![0; bytes]);
        woken.into_iter().flatten().for_each(Waker::wake);
    }

    fn accept(peers: &Peers) -> Option<u16> {
        match peers.poll_accept(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(peer) => Some(peer.port()),
            Poll::Pending => None,
        }
    }

    /// How many bytes the next datagram of a peer has.
    fn receive(peers: &Peers, from: u16) -> Option<usize> {
        match peers.poll_receive(peer(from), &mut Context::from_waker(Waker::noop())) {
            Poll::Ready(datagram) => Some(datagram.len()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn whoever_is_handed_over_has_a_datagram() {
        let peers = peers(4096);
        for from in 1..=5 {
            arrived(&peers, from, 300);
        }
        for from in 1..=3 {
            assert_eq!(accept(&peers), Some(from));
        }
        assert_eq!(accept(&peers), None);
        for from in 1..=3 {
            assert_eq!(receive(&peers, from), Some(300));
            assert_eq!(receive(&peers, from), None);
        }
        // Whoever was not heard can come again.
        arrived(&peers, 5, 300);
        assert_eq!(accept(&peers), Some(5));
    }

    #[test]
    fn the_largest_datagram_has_room_where_nothing_else_waits() {
        let peers = peers(4096);
        arrived(&peers, 1, LARGEST);
        arrived(&peers, 2, 1);
        assert_eq!((accept(&peers), accept(&peers)), (Some(1), None));
        assert_eq!(receive(&peers, 1), Some(LARGEST));
        arrived(&peers, 1, LARGEST);
        arrived(&peers, 1, 1);
        assert_eq!(receive(&peers, 1), Some(LARGEST));
        assert_eq!(receive(&peers, 1), None);
    }

    /// Bad input: peers that are accepted and not read.
    #[test]
    fn what_accepted_peers_leave_unread_is_bounded_too() {
        let peers = peers(4096);
        let heard = (0..100).filter(|from| {
            arrived(&peers, *from, 500);
            accept(&peers).is_some()
        });
        assert_eq!(heard.count(), 4096 / (500 + size(&[])));
        let state = peers.lock();
        assert_eq!(state.strange, 0);
        assert!(state.accepted <= 4096, "{}", state.accepted);
    }
}
