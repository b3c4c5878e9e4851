//! How a tunnel is set up.

use std::{fmt, future::Future, num::NonZeroU16, pin::Pin, sync::Arc, time::Duration};

use tuyau_core::{AnyDatagrams, Datagrams, Listener, Timer};

use super::{
    InterfaceError, PresharedKey, PrivateKey, PublicKey, TunnelDevice,
    accepting::{Accepted, Accepting},
    status::Status,
};
use crate::smoltcp::{Cidr, Driver, Network};

/// The MTU inside a tunnel unless told otherwise, in bytes: what is left of an Ethernet packet with
/// IPv6, UDP and WireGuard around it, as `wg-quick` has it.
pub const MTU: usize = 1420;

/// A peer of a tunnel: its key, the addresses that it may have, and how to reach it.
#[derive(Debug)]
pub struct Peer {
    pub(super) key: PublicKey,
    pub(super) preshared: Option<PresharedKey>,
    pub(super) allowed: Vec<Cidr>,
    pub(super) keepalive: Option<u16>,
    pub(super) carrier: Option<AnyDatagrams>,
}

impl Peer {
    /// The peer with this key. It may have no address yet.
    pub fn new(key: PublicKey) -> Self {
        Self {
            key,
            preshared: None,
            allowed: Vec::new(),
            keepalive: None,
            carrier: None,
        }
    }

    /// Lets the peer have the addresses of a network: packets to them go to it, and packets from
    /// others are not taken from it. Of several peers, the longest prefix decides; the same network
    /// cannot be that of two.
    ///
    /// A network of one address, `/32` or `/128`, says that it is the peer's own, which is what
    /// [`WireGuard::new`](super::WireGuard::new) connects to. Another one is behind it.
    pub fn allow(mut self, network: Cidr) -> Self {
        self.allowed.push(network);
        self
    }

    /// Sets the secret that both share beside their keys.
    pub fn preshared(mut self, key: PresharedKey) -> Self {
        self.preshared = Some(key);
        self
    }

    /// Sends an empty message after this time of silence, in seconds, so that a NAT keeps the way open.
    pub fn keepalive(mut self, seconds: NonZeroU16) -> Self {
        self.keepalive = Some(seconds.get());
        self
    }

    /// Reaches the peer over these datagrams, until an authentic message of it comes another way.
    /// Without them the peer has to begin.
    pub fn over(mut self, datagrams: impl Datagrams) -> Self {
        self.carrier = Some(AnyDatagrams::new(datagrams));
        self
    }
}

/// Our end of a tunnel, to be set up.
#[must_use = "a tunnel is made by `start`"]
pub struct Interface {
    private: PrivateKey,
    addresses: Vec<Cidr>,
    peers: Vec<Peer>,
    accepting: Option<Box<dyn Accepting>>,
    mtu: usize,
}

impl Interface {
    /// An end that proves this key, without addresses and peers yet.
    pub fn new(private: PrivateKey) -> Self {
        Self {
            private,
            addresses: Vec::new(),
            peers: Vec::new(),
            accepting: None,
            mtu: MTU,
        }
    }

    /// Adds an address of this end inside the tunnel.
    pub fn address(mut self, address: Cidr) -> Self {
        self.addresses.push(address);
        self
    }

    /// Adds a peer.
    pub fn peer(mut self, peer: Peer) -> Self {
        self.peers.push(peer);
        self
    }

    /// Takes datagrams from whoever dials this listener, such as one for UDP. It is also how peers
    /// roam: one that comes from a new address is answered there.
    pub fn listen<L>(mut self, listener: L) -> Self
    where
        L: Listener,
        L::Flow: Datagrams,
    {
        self.accepting = Some(Box::new(Accepted::new(listener)));
        self
    }

    /// Sets the largest IP packet inside the tunnel, in bytes, by default [`MTU`]. The datagrams have
    /// to hold 32 bytes more.
    pub fn mtu(mut self, mtu: usize) -> Self {
        self.mtu = mtu;
        self
    }

    /// Sets the tunnel up; nothing moves before the driver is polled.
    ///
    /// # Errors
    /// When the addresses or the MTU cannot be used, or two peers are the same or have a network both.
    pub fn start(
        self,
        timer: impl Timer,
    ) -> Result<(Tunnel, Driver<TunnelDevice>), InterfaceError> {
        check(&self.peers)?;
        let known = self.peers.iter().map(|it| (it.key, it.allowed.clone()));
        let status = Arc::new(Status::new(known));
        let timer: Arc<dyn Timer> = Arc::new(timer);
        let device = TunnelDevice::new(
            &self.private,
            self.peers,
            self.accepting,
            self.mtu,
            timer.clone(),
            status.clone(),
        );
        let builder = Network::builder();
        let builder = self
            .addresses
            .into_iter()
            .fold(builder, |builder, address| builder.address(address));
        let (network, driver) = builder.start(device, Shared(timer))?;
        Ok((Tunnel { network, status }, driver))
    }
}

/// Whether it is clear to which peer each packet goes.
fn check(peers: &[Peer]) -> Result<(), InterfaceError> {
    for (number, peer) in peers.iter().enumerate() {
        for earlier in &peers[..number] {
            if earlier.key == peer.key {
                return Err(InterfaceError::PeerTwice(peer.key));
            }
            let taken = |own: &&Cidr| {
                let mut networks = earlier.allowed.iter();
                networks.any(|it| it.prefix() == own.prefix() && it.contains(own.address()))
            };
            if let Some(network) = peer.allowed.iter().find(taken) {
                return Err(InterfaceError::NetworkTwice {
                    network: *network,
                    peers: [earlier.key, peer.key],
                });
            }
        }
    }
    Ok(())
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("addresses", &self.addresses)
            .field("peers", &self.peers)
            .finish_non_exhaustive()
    }
}

/// A tunnel: a network whose neighbours are the peers. Clones are the same tunnel.
#[derive(Clone, Debug)]
pub struct Tunnel {
    pub(super) network: Network,
    pub(super) status: Arc<Status>,
}

impl Tunnel {
    /// The network inside the tunnel.
    pub fn network(&self) -> &Network {
        &self.network
    }
}

/// The timer, for the tunnel and its network alike.
struct Shared(Arc<dyn Timer>);

impl Timer for Shared {
    fn now(&self) -> Duration {
        self.0.now()
    }

    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0.sleep(until)
    }
}
