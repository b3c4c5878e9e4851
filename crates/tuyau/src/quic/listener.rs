//! Accepting QUIC connections.

use std::{
    fmt,
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use quinn::Endpoint;
use tuyau_core::{Address, BoxHandshake, EndpointKey, Incoming, Origin};

use super::{Connection, DatagramListener, Error, Flow, Kind, Options, QuicKey, config};
use crate::{ListenError, ListenErrorKind, tls::Acceptor};

/// A handshake of an accepted connection.
pub(super) type Handshake<F> = BoxHandshake<F, Error>;

/// Accepts QUIC connections at one address.
///
/// Each connection gives one flow, the first stream that its client opens; further streams come from
/// the flow's [`connection`](Flow::connection). Connections outlive the listener.
pub struct Listener {
    endpoint: Endpoint,
    accepting: Accepting,
    acceptor: Acceptor,
    address: Address,
}

type Accepting = Pin<Box<dyn Future<Output = Option<quinn::Incoming>> + Send>>;

impl Listener {
    /// Listens at an address whose host is an IP address, whatever its scheme, with the default
    /// [`Options`]; port 0 takes a free one.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind(address: &Address, acceptor: &Acceptor) -> Result<Self, ListenError> {
        Self::bind_with(address, acceptor, Options::default())
    }

    /// Like [`bind`](Self::bind), with these options for each connection.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    ///
    /// # Panics
    /// Outside a tokio runtime with its I/O driver.
    pub fn bind_with(
        address: &Address,
        acceptor: &Acceptor,
        options: Options,
    ) -> Result<Self, ListenError> {
        let socket = QuicKey::read(address)?;
        let config = config::server(acceptor, &options).map_err(|error| {
            let remedy = "choose a crypto provider with AES-128-GCM";
            ListenError::new(address, ListenErrorKind::Other, remedy).because(error)
        })?;
        let fail = |error: io::Error| ListenError::from_io(address, error);
        let endpoint = Endpoint::server(config, socket).map_err(fail)?;
        let bound = endpoint.local_addr().map_err(fail)?;
        let address = Address::from_socket("quic", bound)
            .map_err(|error| ListenError::invalid(bound, "an IP endpoint", error))?;
        Ok(Self {
            accepting: accept(&endpoint),
            endpoint,
            acceptor: acceptor.clone(),
            address,
        })
    }

    /// The listener whose flows are the datagrams of the connections.
    pub fn datagrams(self) -> DatagramListener {
        DatagramListener(self)
    }

    /// Accepts the next connection; the future is its handshake.
    pub(super) fn poll_connection(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(Origin, Connecting), Error>> {
        let accepted = ready!(self.accepting.as_mut().poll(cx));
        self.accepting = accept(&self.endpoint);
        let Some(incoming) = accepted else {
            let gone = io::Error::other("its runtime is gone");
            return Poll::Ready(Err(Error::new(Kind::Socket, gone)));
        };
        let origin = Origin::Ip(incoming.remote_address());
        let bound = self.endpoint.local_addr().ok();
        let handshake = shake(incoming, bound, self.acceptor.clone());
        Poll::Ready(Ok((origin, Box::pin(handshake))))
    }
}

/// A connection whose handshake is not done.
pub(super) type Connecting = BoxHandshake<Connection, Error>;

fn accept(endpoint: &Endpoint) -> Accepting {
    let endpoint = endpoint.clone();
    Box::pin(async move { endpoint.accept().await })
}

async fn shake(
    incoming: quinn::Incoming,
    bound: Option<SocketAddr>,
    acceptor: Acceptor,
) -> Result<Connection, Error> {
    let lost = |error| Error::lost(error, |kind| acceptor.error(kind));
    let quinn = incoming.accept().map_err(lost)?.await.map_err(lost)?;
    let explain = acceptor.clone();
    Connection::new(quinn, bound, Arc::new(move |kind| explain.error(kind)))
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = Error;
    type Handshake = Handshake<Flow>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, Error>> {
        let (origin, connected) = ready!(self.poll_connection(cx))?;
        Poll::Ready(Ok(Incoming {
            origin,
            handshake: Box::pin(async move { Ok(Flow::awaited(connected.await?)) }),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Listener {
    /// Connections that were accepted keep the socket; new ones get no answer from now on.
    fn drop(&mut self) {
        self.endpoint.set_server_config(None);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
