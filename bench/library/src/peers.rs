//! The peers whose subject is connecting: hyper-util's connector and libp2p's transport.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use hyper_util::client::legacy::connect::{HttpConnector, dns::Name};
use libp2p_core::{
    Endpoint, Multiaddr, Transport,
    multiaddr::Protocol,
    transport::{Boxed, DialOpts, PortUse},
};
use libp2p_tcp::tokio::{TcpStream, Transport as TcpTransport};
use tower_service::Service;

use crate::Lost;

/// Connects with hyper-util.
#[derive(Clone)]
pub struct Hyper {
    connector: HttpConnector,
    uri: Uri,
}

impl Hyper {
    /// For a server at an address.
    pub fn new(server: SocketAddr) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let uri = format!("http://{server}").parse().expect("an address");
        Self { connector, uri }
    }

    /// Connects and resets.
    ///
    /// # Errors
    /// When it fails.
    pub async fn connect(&self) -> Result<(), Lost> {
        let stream = self.connector.clone().call(self.uri.clone()).await?;
        stream.inner().set_zero_linger()?;
        Ok(())
    }
}

/// Connects with libp2p.
pub struct Libp2p {
    transport: std::cell::RefCell<Boxed<TcpStream>>,
    address: Multiaddr,
}

impl Libp2p {
    /// For a server at an address.
    pub fn new(server: SocketAddr) -> Self {
        let transport = TcpTransport::new(libp2p_tcp::Config::new().nodelay(true));
        let address = Multiaddr::from(server.ip()).with(Protocol::Tcp(server.port()));
        Self {
            transport: transport.boxed().into(),
            address,
        }
    }

    /// Connects and resets.
    ///
    /// # Errors
    /// When it fails.
    pub async fn connect(&self) -> Result<(), Lost> {
        let options = DialOpts {
            role: Endpoint::Dialer,
            port_use: PortUse::New,
        };
        let dialling = self
            .transport
            .borrow_mut()
            .dial(self.address.clone(), options)?;
        dialling.await?.0.set_zero_linger()?;
        Ok(())
    }
}

/// Connects with hyper-util to one of several addresses.
///
/// # Errors
/// When it fails.
pub async fn race(
    addresses: Vec<SocketAddr>,
    stagger: Duration,
    timeout: Option<Duration>,
) -> Result<(), Lost> {
    let mut connector = HttpConnector::new_with_resolver(Fixed(addresses));
    connector.set_nodelay(true);
    connector.set_happy_eyeballs_timeout(Some(stagger));
    connector.set_connect_timeout(timeout);
    let stream = connector.call(Uri::from_static("http://service")).await?;
    stream.inner().set_zero_linger()?;
    Ok(())
}

/// A resolver that knows the answer.
#[derive(Clone)]
struct Fixed(Vec<SocketAddr>);

impl Service<Name> for Fixed {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _name: Name) -> Self::Future {
        ready(Ok(self.0.clone().into_iter()))
    }
}
