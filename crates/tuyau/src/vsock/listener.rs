//! Accepting vsock connections.

use std::{
    future::{Ready, ready},
    io,
    task::{Context, Poll, ready},
};

use ::tokio::{io::Interest, net::UnixStream};
use socket2::SockRef;
use tuyau_core::{Address, EndpointKey, FlowError, Incoming, Origin};

use super::{Endpoint, Flow, VsockKey, socket};
use crate::ListenError;

/// How many connections the system keeps for us until they are accepted; it may cap this lower.
const BACKLOG: i32 = 4096;

/// Accepts vsock connections at one address.
#[derive(Debug)]
pub struct Listener {
    socket: UnixStream,
    address: Address,
}

impl Listener {
    /// Listens at an address such as `vsock://4294967295:5000` (every identifier that this machine
    /// has, port 5000), whatever its scheme; `?port=4294967295` takes a free port.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind(address: &Address) -> Result<Self, ListenError> {
        let endpoint = VsockKey::read(address)?;
        Self::bind_endpoint(endpoint).map_err(|error| error.at(address))
    }

    /// Listens at an endpoint; [`Endpoint::ANY`] and [`Endpoint::ANY_PORT`] leave it to the system.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_endpoint(endpoint: Endpoint) -> Result<Self, ListenError> {
        let fail = |error| ListenError::from_io(format_args!("vsock://{endpoint}"), error);
        let socket = listen(endpoint).map_err(fail)?;
        let bound = SockRef::from(&socket).local_addr().map_err(fail)?;
        let bound = Endpoint::from_sock_addr(&bound).unwrap_or(endpoint);
        let address = Address::of::<VsockKey>("vsock", &bound)
            .map_err(|error| ListenError::invalid(bound, "a machine and a port", error))?;
        Ok(Self { socket, address })
    }
}

fn listen(endpoint: Endpoint) -> io::Result<UnixStream> {
    let socket = socket::open()?;
    socket.bind(&endpoint.to_sock_addr())?;
    socket.listen(BACKLOG)?;
    socket::dress(socket)
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = FlowError;
    type Handshake = Ready<Result<Flow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        loop {
            ready!(self.socket.poll_read_ready(cx))?;
            let accept = || SockRef::from(&self.socket).accept();
            let socket = match self.socket.try_io(Interest::READABLE, accept) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                accepted => accepted?.0,
            };
            let stream = socket
                .set_nonblocking(true)
                .and_then(|()| socket::dress(socket));
            let flow = stream.map(Flow::new).map_err(FlowError::from);
            return Poll::Ready(Ok(Incoming {
                origin: Origin::Local("vsock"),
                handshake: ready(flow),
            }));
        }
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
