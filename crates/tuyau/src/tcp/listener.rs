//! Accepting TCP connections.

use std::{
    future::{Ready, ready},
    io,
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use ::tokio::net::TcpListener;
use socket2::{Domain, Protocol, Socket, Type};
use tuyau_core::{Address, EndpointKey, FlowError, Incoming, Origin};

use super::{Flow, Options, TcpKey};
use crate::ListenError;

/// How many connections the system keeps for us until they are accepted; it may cap this lower.
/// Large, so that a wave of reconnecting services finds room.
pub const BACKLOG: i32 = 4096;

/// Accepts TCP connections at one address.
#[derive(Debug)]
pub struct Listener {
    listener: TcpListener,
    address: Address,
    options: Options,
}

impl Listener {
    /// Listens at an address whose host is an IP address, whatever its scheme; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind(address: &Address) -> Result<Self, ListenError> {
        // A host name is not resolved for listening.
        let socket = TcpKey::read(address)?;
        Self::bind_socket(socket).map_err(|error| error.at(address))
    }

    /// Listens at an IP endpoint; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_socket(socket: SocketAddr) -> Result<Self, ListenError> {
        let fail = |error| ListenError::from_io(format_args!("tcp://{socket}"), error);
        let listener = listen(socket).map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let address = Address::from_socket("tcp", bound)
            .map_err(|error| ListenError::invalid(bound, "an IP endpoint", error))?;
        Ok(Self {
            listener,
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

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    // A restarted server may take its port while old connections are in TIME_WAIT. Windows means
    // something else by this option: two listeners on one port.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = FlowError;
    type Handshake = Ready<Result<Flow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let (stream, peer) = ready!(self.listener.poll_accept(cx))?;
        let options = self.options.apply(&stream);
        let flow = options.map(|()| Flow::new(stream)).map_err(FlowError::from);
        Poll::Ready(Ok(Incoming {
            origin: Origin::Ip(peer),
            handshake: ready(flow),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
