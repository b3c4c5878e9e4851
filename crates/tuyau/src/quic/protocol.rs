//! Dialling QUIC.

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use quinn::{ConnectError, Endpoint};
use tuyau_core::{Attempt, Over, Protocol, Security, Stage};

use super::{Connection, DatagramFlow, Error, Flow, Kind, Options, QuicKey, config};
use crate::tls::{Connector, Peer, Prepared, TlsKey};

/// The stage at which a peer is refused for what it proved, as that of TLS over TCP.
const TLS: Stage = Stage::new("tls");

/// QUIC as a client: a flow is the first stream of a connection of its own. Connecting wants a tokio
/// runtime with its I/O driver and its timer.
#[derive(Clone, Debug)]
pub struct Quic {
    connector: Connector,
    options: Options,
}

impl Quic {
    /// QUIC with the default [`Options`], which proves and judges what `connector` does.
    pub fn new(connector: Connector) -> Self {
        let options = Options::default();
        Self { connector, options }
    }

    /// Sets the options of each connection.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The protocol whose flows are the datagrams of a connection.
    pub fn datagrams(self) -> Datagrams {
        Datagrams(self)
    }

    async fn dial(
        &self,
        (socket, peer): &(SocketAddr, Peer),
        attempt: &Attempt,
    ) -> Result<Connection, Error> {
        let prepared = self.connector.prepare_quic(peer).map_err(|error| {
            attempt.enter(TLS);
            Error::tls(error)
        })?;
        let Prepared {
            config,
            name,
            verdict,
        } = prepared;
        let config = config::client(config, &self.options)
            .map_err(|error| Error::new(Kind::Provider, error))?;
        let endpoint = Endpoint::client(any(socket))?;
        let connecting = endpoint.connect_with(config, *socket, &name)?;
        let connector = self.connector.clone();
        let connected = connecting.await.map_err(|error| match verdict.take() {
            Some(kind) => Error::tls(self.connector.error(kind)),
            None => Error::lost(error, |kind| self.connector.error(kind)),
        });
        let explain = Arc::new(move |kind| connector.error(kind));
        connected
            .and_then(|quinn| Connection::new(quinn, endpoint.local_addr().ok(), explain))
            .inspect_err(|error| {
                if error.kind() == Kind::Tls {
                    attempt.enter(TLS);
                }
            })
    }
}

/// An address of this machine that can reach `peer`, and a free port.
fn any(peer: &SocketAddr) -> SocketAddr {
    match peer {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        Self::new(Kind::Socket, error)
    }
}

impl Protocol for Quic {
    type Key = Over<QuicKey, TlsKey>;
    type Flow = Flow;
    type Error = Error;

    const STAGE: Stage = Stage::new("quic");

    async fn connect(
        &self,
        endpoint: &(SocketAddr, Peer),
        attempt: &Attempt,
    ) -> Result<Flow, Error> {
        self.dial(endpoint, attempt).await?.open().await
    }

    fn security(&self) -> Security {
        self.connector.protection()
    }
}

/// QUIC as a client whose flows are the datagrams of a connection of their own (RFC 9221), made by
/// [`Quic::datagrams`].
#[derive(Clone, Debug)]
pub struct Datagrams(Quic);

impl Protocol for Datagrams {
    type Key = Over<QuicKey, TlsKey>;
    type Flow = DatagramFlow;
    type Error = Error;

    const STAGE: Stage = Stage::new("quic");

    async fn connect(
        &self,
        endpoint: &(SocketAddr, Peer),
        attempt: &Attempt,
    ) -> Result<DatagramFlow, Error> {
        let connection = self.0.dial(endpoint, attempt).await?;
        let datagrams = connection.datagrams();
        datagrams.map_err(|error| Error::new(Kind::NoDatagrams, error))
    }

    fn security(&self) -> Security {
        self.0.security()
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("quic datagrams")
    }
}
