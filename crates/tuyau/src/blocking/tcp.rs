//! TCP on non-blocking sockets of std's kind.

use std::{
    any::{Any, TypeId},
    future::{Ready, poll_fn, ready},
    io,
    net::{self, Shutdown, SocketAddr},
    task::{Context, Poll, ready},
    time::Duration,
};

use mio::net::TcpStream;
use socket2::SockRef;
use tuyau_core::{
    Address, Attempt, EndpointKey, Flow, FlowError, Incoming, LocalAddress, Origin, PeerAddress,
    Protocol, Stage,
};

use super::{
    NotConnected,
    duplex::{Duplex, StreamSocket, connected},
    reactor::Direction,
    socket::Socket,
};
use crate::{
    ListenError,
    tcp::{Options, TcpKey, bind},
};

/// TCP for [`block_on`](super::block_on), under the same key as every other TCP.
#[derive(Clone, Debug, Default)]
pub struct Tcp {
    options: Options,
}

impl Tcp {
    /// TCP with the default [`Options`].
    pub fn new() -> Self {
        Self::default()
    }

    /// TCP with these options for each flow.
    pub fn with_options(options: Options) -> Self {
        Self { options }
    }
}

impl Protocol for Tcp {
    type Key = TcpKey;
    type Flow = TcpFlow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("tcp");

    async fn connect(&self, endpoint: &SocketAddr, _: &Attempt) -> Result<TcpFlow, FlowError> {
        let mut duplex = Duplex::new(TcpStream::connect(*endpoint)?);
        poll_fn(|cx| duplex.poll_connected(cx)).await?;
        TcpFlow::new(duplex, self.options)
    }
}

impl StreamSocket for TcpStream {
    fn connected(&self) -> Option<io::Result<()>> {
        connected(self.take_error(), || self.peer_addr())
    }

    fn end(&self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

/// A TCP connection. It knows its [`PeerAddress`] and [`LocalAddress`].
///
/// It waits in [`block_on`](super::block_on) only, in any thread's.
#[derive(Debug)]
pub struct TcpFlow {
    duplex: Duplex<TcpStream>,
    local: Option<LocalAddress>,
    peer: Option<PeerAddress>,
}

impl TcpFlow {
    /// Makes a flow of a connection that was made or accepted by std, or by anything that hands out its
    /// sockets.
    ///
    /// Its options stay what they are: [`set_nodelay`](net::TcpStream::set_nodelay) is off unless the
    /// caller turned it on, and the caller sets it before. The socket becomes non-blocking, and with it
    /// each clone of it ([`try_clone`](net::TcpStream::try_clone)); std's timeouts no longer hold, those
    /// of a [`Stream`](super::Stream) over the flow do.
    ///
    /// # Errors
    /// [`Closed`](tuyau_core::ErrorKind::Closed), caused by [`NotConnected`], when the socket has no
    /// peer; otherwise what the system says when it does not make the socket non-blocking. The socket is
    /// closed then.
    ///
    /// # Examples
    /// ```
    /// use std::{
    ///     io::{Read, Write},
    ///     net::{TcpListener, TcpStream},
    /// };
    /// use tuyau::blocking::{Stream, TcpFlow, block_on};
    /// use tuyau_core::{FlowExt, PeerAddress};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let mut near = TcpStream::connect(listener.local_addr()?)?;
    /// let (far, peer) = listener.accept()?;
    ///
    /// let mut flow = TcpFlow::from_std(far)?;
    /// assert_eq!(flow.info::<PeerAddress>().unwrap().0.socket(), Some(peer));
    /// block_on(flow.write_all(b"hello"))?;
    /// near.read_exact(&mut [0; 5])?;
    /// near.write_all(b"and back")?;
    /// drop(near);
    ///
    /// let mut text = String::new();
    /// Stream::new(flow).read_to_string(&mut text)?;
    /// assert_eq!(text, "and back");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std(stream: net::TcpStream) -> Result<Self, FlowError> {
        let peer = stream.peer_addr().map_err(NotConnected::because)?;
        let local = stream.local_addr().ok();
        stream.set_nonblocking(true)?;
        let duplex = Duplex::new(TcpStream::from_std(stream));
        Ok(Self::between(duplex, local, Some(peer)))
    }

    fn new(duplex: Duplex<TcpStream>, options: Options) -> Result<Self, FlowError> {
        let socket = duplex.get().ok_or(tuyau_core::ErrorKind::Closed)?;
        options.apply(socket)?;
        let (local, peer) = (socket.local_addr().ok(), socket.peer_addr().ok());
        Ok(Self::between(duplex, local, peer))
    }

    fn between(
        duplex: Duplex<TcpStream>,
        local: Option<SocketAddr>,
        peer: Option<SocketAddr>,
    ) -> Self {
        let address = |socket| Address::from_socket("tcp", socket).ok();
        Self {
            duplex,
            local: local.and_then(address).map(LocalAddress),
            peer: peer.and_then(address).map(PeerAddress),
        }
    }
}

impl Flow for TcpFlow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_read(cx, buffer)
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_write(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.duplex.poll_write(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.duplex.poll_flush()
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        self.duplex.poll_close_write()
    }

    fn abort(&mut self) {
        if let Some(socket) = self.duplex.abort() {
            // With a linger time of zero, closing sends RST. Where that fails it is closed anyway.
            let _ = SockRef::from(socket.get()).set_linger(Some(Duration::ZERO));
        }
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<PeerAddress>() {
            self.peer.as_ref().map(|address| address as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.local.as_ref().map(|address| address as &dyn Any)
        } else {
            None
        }
    }
}

/// Accepts TCP connections at one address.
#[derive(Debug)]
pub struct TcpListener {
    listener: Socket<mio::net::TcpListener>,
    address: Address,
    options: Options,
}

impl TcpListener {
    /// Listens at an address whose host is an IP address, whatever its scheme; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind(address: &Address) -> Result<Self, ListenError> {
        // A host name is not resolved for listening.
        let socket = TcpKey::read(address)?;
        Self::bind_socket(socket).map_err(|error| error.at(address))
    }

    /// Listens at an IP endpoint; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind_socket(socket: SocketAddr) -> Result<Self, ListenError> {
        let (listener, address) = bind::listen(socket)?;
        Ok(Self {
            listener: Socket::new(mio::net::TcpListener::from_std(listener)),
            address,
            options: Options::default(),
        })
    }

    /// Sets the options of accepted flows.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

impl tuyau_core::Listener for TcpListener {
    type Flow = TcpFlow;
    type Error = FlowError;
    type Handshake = Ready<Result<TcpFlow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let accept = |listener: &mut mio::net::TcpListener| listener.accept();
        let (stream, peer) = ready!(self.listener.poll(cx, Direction::Read, accept))?;
        Poll::Ready(Ok(Incoming {
            origin: Origin::Ip(peer),
            handshake: ready(TcpFlow::new(Duplex::new(stream), self.options)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
