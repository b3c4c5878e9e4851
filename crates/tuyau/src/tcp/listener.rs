//! Accepting TCP connections.

use std::{
    future::{Ready, ready},
    net::SocketAddr,
    task::{Context, Poll, ready},
};

use ::tokio::net::TcpListener;
use tuyau_core::{Address, EndpointKey, FlowError, Incoming, Origin};

use super::{Flow, Options, TcpKey, bind};
use crate::ListenError;

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
        let (listener, address) = bind::listen(socket)?;
        let listener = TcpListener::from_std(listener);
        let listener = listener.map_err(|error| ListenError::from_io(&address, error))?;
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
        let flow = options
            .map(|()| Flow::new(stream, peer))
            .map_err(FlowError::from);
        Poll::Ready(Ok(Incoming {
            origin: Origin::Ip(peer),
            handshake: ready(flow),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}
