//! UDP of a stack in user space, dialled and listened at.

use std::{
    any::{Any, TypeId},
    fmt,
    future::{Ready, ready},
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready as done},
};

use tuyau_core::{
    Address, Attempt, Datagrams, EndpointKey, ErrorKind, FlowError, Incoming, LocalAddress, Origin,
    PeerAddress, Protocol, Stage,
};

use super::{Network, state::Share, syn::Ends, tcp::refused};
use crate::{
    ListenError,
    udp::{Options, Peers, UdpKey},
};

/// UDP of a [`Network`]. It shares its key with every other UDP.
#[derive(Clone, Debug)]
pub struct Udp {
    network: Network,
}

impl Udp {
    /// UDP of this network.
    pub fn new(network: Network) -> Self {
        Self { network }
    }
}

impl Protocol for Udp {
    type Key = UdpKey;
    type Flow = UdpFlow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("udp");

    async fn connect(
        &self,
        endpoint: &SocketAddr,
        _attempt: &Attempt,
    ) -> Result<UdpFlow, FlowError> {
        let share = self.network.share.clone();
        // The senders of datagrams have neither a scope nor a flow label.
        let peer = SocketAddr::new(endpoint.ip(), endpoint.port());
        let (port, peers, ends, max_size) = share.with(|state, _| {
            let (port, peers, ends) = state.dial_udp(peer)?;
            Ok::<_, FlowError>((port, peers, ends, state.max_datagram(peer)))
        })?;
        Ok(UdpFlow::new(share, port, peers, ends, max_size))
    }
}

/// Datagrams between a [`Network`] and one peer. It knows its [`PeerAddress`] and [`LocalAddress`].
///
/// A datagram fits into one packet. While the network is slower than the sender, sending waits. When
/// none of a flow's datagrams has left for 3 seconds, as when the neighbour is silent, all that wait
/// are dropped; sending more of them does not put that off. Of the flows that one listener gave, 128
/// at a time have datagrams that wait to leave, and another one's sending waits for one of these. Only
/// half of them may be flows none of whose datagrams has left yet, so that strangers who do not exist
/// hold up nobody who does: a further one takes the place of that which has waited in vain for the longest
/// time, as soon as this is 20 milliseconds, and these come in the order in which they began to wait.
pub struct UdpFlow {
    share: Arc<Share>,
    port: u64,
    peers: Arc<Peers<Ends>>,
    ends: Ends,
    max_size: usize,
    local: Option<LocalAddress>,
    remote: Option<PeerAddress>,
}

impl UdpFlow {
    fn new(
        share: Arc<Share>,
        port: u64,
        peers: Arc<Peers<Ends>>,
        ends: Ends,
        max_size: usize,
    ) -> Self {
        let address = |socket| Address::from_socket("udp", socket).ok();
        Self {
            share,
            port,
            peers,
            ends,
            max_size,
            local: address(ends.local).map(LocalAddress),
            remote: address(ends.remote).map(PeerAddress),
        }
    }
}

impl Datagrams for UdpFlow {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        if datagram.len() > self.max_size {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        let flow = (self.port, self.ends);
        self.share
            .with(|state, wakes| state.poll_send(flow, cx, datagram, wakes))
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let received = self.share.with(|state, _| {
            state.check()?;
            self.peers
                .poll_receive(self.ends, cx)
                .map(Ok::<_, FlowError>)
        });
        let datagram = done!(received)?;
        let Some(room) = buffer.get_mut(..datagram.len()) else {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        };
        room.copy_from_slice(&datagram);
        Poll::Ready(Ok(datagram.len()))
    }

    fn max_size(&self) -> usize {
        self.max_size
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.remote.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}

impl Drop for UdpFlow {
    fn drop(&mut self) {
        self.peers.forget(self.ends);
        let (port, ends) = (self.port, self.ends);
        self.share
            .with(|state, wakes| state.release_flow(port, ends, wakes));
    }
}

impl fmt::Debug for UdpFlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UdpFlow")
            .field("peer", &self.ends.remote)
            .finish_non_exhaustive()
    }
}

/// Accepts UDP peers at one address of a [`Network`]: the first datagram of a peer makes a flow of it.
///
/// Flows that were accepted outlive the listener.
#[derive(Debug)]
pub struct UdpListener {
    share: Arc<Share>,
    port: u64,
    peers: Arc<Peers<Ends>>,
    address: Address,
}

impl UdpListener {
    /// Listens at an address whose host is an IP address of the network, whatever its scheme, with the
    /// default [`Options`]; port 0 takes a free one, and `0.0.0.0` or `[::]` stand for all addresses
    /// of the network, of either family: each peer is answered from the address that it has sent to.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind(network: &Network, address: &Address) -> Result<Self, ListenError> {
        Self::bind_with(network, address, Options::default())
    }

    /// Like [`bind`](Self::bind), with these limits.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind_with(
        network: &Network,
        address: &Address,
        options: Options,
    ) -> Result<Self, ListenError> {
        let socket = UdpKey::read(address)?;
        let share = network.share.clone();
        let bound = share.with(|state, _| state.listen_udp(socket, options));
        let (port, peers, at) = bound.map_err(|taken| refused(address, taken))?;
        let address = Address::from_socket("udp", at)
            .map_err(|error| ListenError::invalid(at, "an IP endpoint", error))?;
        Ok(Self {
            share,
            port,
            peers,
            address,
        })
    }
}

impl tuyau_core::Listener for UdpListener {
    type Flow = UdpFlow;
    type Error = FlowError;
    type Handshake = Ready<Result<UdpFlow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let (port, peers) = (self.port, &self.peers);
        let (ends, max_size) = done!(self.share.with(|state, _| {
            state.check()?;
            let ends = done!(peers.poll_accept(cx));
            state.hold_udp(port);
            Poll::Ready(Ok::<_, FlowError>((ends, state.max_datagram(ends.remote))))
        }))?;
        let (share, peers) = (self.share.clone(), self.peers.clone());
        let flow = UdpFlow::new(share, port, peers, ends, max_size);
        Poll::Ready(Ok(Incoming {
            origin: Origin::Ip(ends.remote),
            handshake: ready(Ok(flow)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for UdpListener {
    fn drop(&mut self) {
        self.peers.close();
        let port = self.port;
        self.share
            .with(|state, wakes| state.release_udp(port, wakes));
    }
}
