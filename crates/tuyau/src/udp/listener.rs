//! Accepting UDP peers at one socket.

use std::{
    any::{Any, TypeId},
    convert::Infallible,
    fmt,
    future::{Future, Ready, ready},
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use ::tokio::{net::UdpSocket, task::AbortHandle};
use tuyau_core::{
    Address, Datagrams, EndpointKey, ErrorKind, FlowError, Incoming, LocalAddress, Origin,
    PeerAddress,
};

use super::{Options, UdpKey, flow::send_error, max_size, peers::Peers};
use crate::ListenError;

/// Accepts UDP peers at one address: the first datagram of a peer makes a flow of it.
///
/// Flows that were accepted outlive the listener; the socket is closed with the last of them.
#[derive(Debug)]
pub struct Listener {
    socket: Arc<Shared>,
    address: Address,
}

#[derive(Debug)]
struct Shared {
    socket: Arc<UdpSocket>,
    peers: Arc<Peers>,
    receiving: AbortHandle,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}

impl Listener {
    /// Listens at an address whose host is an IP address, whatever its scheme, with the default
    /// [`Options`]; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind(address: &Address) -> Result<Self, ListenError> {
        Self::bind_with(address, Options::default())
    }

    /// Like [`bind`](Self::bind), with these limits.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_with(address: &Address, options: Options) -> Result<Self, ListenError> {
        let socket = UdpKey::read(address)?;
        Self::listen(socket, options).map_err(|error| error.at(address))
    }

    /// Listens at an IP endpoint; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_socket(at: SocketAddr) -> Result<Self, ListenError> {
        Self::listen(at, Options::default())
    }

    fn listen(at: SocketAddr, options: Options) -> Result<Self, ListenError> {
        let fail = |error| ListenError::from_io(format_args!("udp://{at}"), error);
        let socket = listen(at).map_err(fail)?;
        let bound = socket.local_addr().map_err(fail)?;
        let address = Address::from_socket("udp", bound)
            .map_err(|error| ListenError::invalid(bound, "an IP endpoint", error))?;
        let (socket, peers) = (Arc::new(socket), Arc::new(Peers::new(options)));
        let task = ::tokio::spawn(receive(socket.clone(), peers.clone()));
        let receiving = task.abort_handle();
        Ok(Self {
            socket: Arc::new(Shared {
                socket,
                peers,
                receiving,
            }),
            address,
        })
    }
}

fn listen(at: SocketAddr) -> io::Result<UdpSocket> {
    let socket = std::net::UdpSocket::bind(at)?;
    socket.set_nonblocking(true)?;
    UdpSocket::from_std(socket)
}

/// How long receiving pauses when the system is short of something.
const PAUSE: Duration = Duration::from_millis(100);

/// Hands what arrives to the peers, until it is aborted.
async fn receive(socket: Arc<UdpSocket>, peers: Arc<Peers>) {
    let mut buffer = vec![0; 65_535];
    loop {
        match socket.recv_from(&mut buffer).await {
            Ok((length, peer)) => {
                let woken = peers.arrived(peer, &buffer[..length]);
                woken.into_iter().flatten().for_each(Waker::wake);
            }
            // An earlier send to one of the peers came back; the others are not concerned.
            Err(error) if is_about_a_peer(&error) => {}
            Err(_) => ::tokio::time::sleep(PAUSE).await,
        }
    }
}

fn is_about_a_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::Interrupted
    )
}

impl tuyau_core::Listener for Listener {
    type Flow = Accepted;
    type Error = Infallible;
    type Handshake = Ready<Result<Accepted, Infallible>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, Infallible>> {
        let peer = ready!(self.socket.peers.poll_accept(cx));
        let flow = Accepted::new(self.socket.clone(), peer, &self.address);
        Poll::Ready(Ok(Incoming {
            origin: Origin::Ip(peer),
            handshake: ready(Ok(flow)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.socket.peers.close();
    }
}

type Writable = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// What a [`Listener`] exchanges with one peer. It knows its [`PeerAddress`] and [`LocalAddress`].
pub struct Accepted {
    shared: Arc<Shared>,
    to: SocketAddr,
    /// The wait for room to send: many flows share the socket, each waits for itself.
    writable: Option<Writable>,
    local: LocalAddress,
    peer: Option<PeerAddress>,
}

impl Accepted {
    fn new(shared: Arc<Shared>, to: SocketAddr, at: &Address) -> Self {
        Self {
            shared,
            to,
            writable: None,
            local: LocalAddress(at.clone()),
            peer: Address::from_socket("udp", to).ok().map(PeerAddress),
        }
    }
}

impl fmt::Debug for Accepted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accepted")
            .field("peer", &self.to)
            .finish_non_exhaustive()
    }
}

impl Drop for Accepted {
    fn drop(&mut self) {
        self.shared.peers.forget(self.to);
    }
}

impl Datagrams for Accepted {
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &[u8]) -> Poll<Result<(), FlowError>> {
        if datagram.len() > self.max_size() {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        }
        loop {
            if let Some(writable) = &mut self.writable {
                let waited = ready!(writable.as_mut().poll(cx));
                self.writable = None;
                waited?;
            }
            match self.shared.socket.try_send_to(datagram, self.to) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let socket = self.shared.socket.clone();
                    self.writable = Some(Box::pin(async move { socket.writable().await }));
                }
                result => return Poll::Ready(result.map(|_| ()).map_err(send_error)),
            }
        }
    }

    fn poll_receive(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        let datagram = ready!(self.shared.peers.poll_receive(self.to, cx));
        let Some(room) = buffer.get_mut(..datagram.len()) else {
            return Poll::Ready(Err(ErrorKind::TooLarge.into()));
        };
        room.copy_from_slice(&datagram);
        Poll::Ready(Ok(datagram.len()))
    }

    fn max_size(&self) -> usize {
        max_size(&self.to)
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            Some(&self.local)
        } else {
            None
        }
    }
}
