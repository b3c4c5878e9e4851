//! What the flows of a tunnel know of its peers.

use std::{
    error::Error,
    fmt,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tuyau_core::{ErrorKind, FlowError};

use super::PublicKey;
use crate::smoltcp::Cidr;

/// The peers of a tunnel, seen by the flows.
#[derive(Debug)]
pub(super) struct Status(Mutex<Vec<Known>>);

#[derive(Debug)]
struct Known {
    key: PublicKey,
    allowed: Vec<Cidr>,
    /// The handshake was done once.
    session: bool,
    /// How many handshakes were given up.
    given_up: u64,
    waiting: Vec<Waker>,
}

impl Status {
    pub(super) fn new(peers: impl Iterator<Item = (PublicKey, Vec<Cidr>)>) -> Self {
        let known = |(key, allowed)| Known {
            key,
            allowed,
            session: false,
            given_up: 0,
            waiting: Vec::new(),
        };
        Self(Mutex::new(peers.map(known).collect()))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Known>> {
        // No code under the lock panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The peer whose networks hold an address, the longest prefix first, with its key.
    pub(super) fn find(&self, address: IpAddr) -> Option<(usize, PublicKey)> {
        let peers = self.lock();
        let networks = peers.iter().enumerate().flat_map(|(number, peer)| {
            let networks = peer.allowed.iter();
            networks.map(move |network| (network, number, peer.key))
        });
        let matching = networks.filter(|(network, ..)| network.contains(address));
        let best = matching.max_by_key(|(network, ..)| network.prefix())?;
        Some((best.1, best.2))
    }

    /// Whether an address is this peer's, and no other one's with a longer prefix: what answers to the
    /// address go to, and under whose key its flows are known.
    pub(super) fn is_of(&self, peer: usize, address: IpAddr) -> bool {
        self.find(address).is_some_and(|(owner, _)| owner == peer)
    }

    /// Whether a peer has this address for itself, by a network of one address.
    pub(super) fn is_own(&self, address: IpAddr) -> bool {
        let own = Cidr::host(address);
        self.lock().iter().any(|peer| peer.allowed.contains(&own))
    }

    /// How many handshakes with a peer were given up so far.
    pub(super) fn given_up(&self, peer: usize) -> u64 {
        self.lock().get(peer).map_or(0, |peer| peer.given_up)
    }

    /// Waits for the handshake with a peer, or until one more than `before` was given up.
    pub(super) fn poll_session(
        &self,
        peer: usize,
        before: u64,
        cx: &Context<'_>,
    ) -> Poll<Result<(), TunnelError>> {
        let mut peers = self.lock();
        let Some(peer) = peers.get_mut(peer) else {
            return Poll::Pending;
        };
        if peer.session {
            return Poll::Ready(Ok(()));
        }
        if peer.given_up != before {
            return Poll::Ready(Err(TunnelError::NoAnswer(peer.key)));
        }
        if !peer.waiting.iter().any(|it| it.will_wake(cx.waker())) {
            peer.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    /// Notes whether a peer has a session.
    pub(super) fn session(&self, peer: usize, session: bool) {
        self.change(peer, |peer| {
            let new = session && !peer.session;
            peer.session = session;
            new
        });
    }

    /// Notes that a handshake was given up.
    pub(super) fn give_up(&self, peer: usize) {
        self.change(peer, |peer| {
            peer.given_up += 1;
            true
        });
    }

    fn change(&self, peer: usize, change: impl FnOnce(&mut Known) -> bool) {
        let mut peers = self.lock();
        let Some(peer) = peers.get_mut(peer) else {
            return;
        };
        let wake = change(peer).then(|| std::mem::take(&mut peer.waiting));
        drop(peers);
        wake.into_iter().flatten().for_each(Waker::wake);
    }
}

/// Why a flow inside a tunnel cannot be, beside what TCP says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TunnelError {
    /// No peer may have this address.
    NoPeer(IpAddr),
    /// This address is in a network behind a peer, and [`WireGuard::new`](super::WireGuard::new) connects
    /// to the peers themselves.
    Behind {
        /// The address.
        address: IpAddr,
        /// The peer.
        key: PublicKey,
    },
    /// The handshake with this peer was tried for 90 seconds without an answer: its endpoint is
    /// silent, or it does not know our key.
    NoAnswer(PublicKey),
}

impl fmt::Display for TunnelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPeer(address) => write!(
                f,
                "no peer of the tunnel may have {address}, add it to the allowed addresses of one"
            ),
            Self::Behind { address, key } => write!(
                f,
                "{address} is in a network behind the peer {key}, expected an address of its own; \
                 allow it {}, or take `WireGuard::routed`, whose flows count as plain",
                Cidr::host(*address)
            ),
            Self::NoAnswer(key) => write!(
                f,
                "the peer {key} answered no handshake, check its endpoint and that it knows our key"
            ),
        }
    }
}

impl Error for TunnelError {}

impl From<TunnelError> for FlowError {
    fn from(error: TunnelError) -> Self {
        let kind = match error {
            TunnelError::NoPeer(_) | TunnelError::Behind { .. } => ErrorKind::Unreachable,
            TunnelError::NoAnswer(_) => ErrorKind::TimedOut,
        };
        Self::new(kind, error)
    }
}
