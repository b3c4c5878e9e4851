//! TCP on tokio, and host names resolved by the operating system.
//!
//! The key is there without the feature, for the TCP of other backends.
//!
#![cfg_attr(feature = "tcp", doc = "```")]
#![cfg_attr(not(feature = "tcp"), doc = "```ignore")]
//! use tuyau::tcp;
//! use tuyau_core::{Attempt, FlowExt, Listener, ListenerExt, Protocol, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut listener = tcp::Listener::bind(&"tcp://127.0.0.1:0".parse()?)?;
//! let endpoint = listener.address().socket().expect("it is an IP endpoint");
//!
//! let attempt = Attempt::new(Stage::new("tcp"));
//! let mut client = tcp::Tcp::new().connect(&endpoint, &attempt).await?;
//! let mut server = listener.accept().await?.handshake.await?;
//!
//! client.write_all(b"ping").await?;
//! let mut ping = [0; 4];
//! server.read_exact(&mut ping).await?;
//! assert_eq!(&ping, b"ping");
//! # Ok(())
//! # }
//! ```

#[cfg(any(feature = "blocking", feature = "tcp"))]
pub(crate) mod bind;
#[cfg(feature = "tcp")]
mod flow;
#[cfg(feature = "tcp")]
mod listener;
#[cfg(any(feature = "blocking", feature = "tcp"))]
mod options;
#[cfg(feature = "tcp")]
mod protocol;
#[cfg(any(feature = "blocking", feature = "tcp"))]
mod resolve_error;
#[cfg(feature = "tcp")]
mod resolver;

use std::{fmt, net::SocketAddr};

use tuyau_core::{Address, EndpointError, EndpointKey, Key};

use crate::ip_endpoint;

#[cfg(any(feature = "blocking", feature = "tcp"))]
pub use {bind::BACKLOG, options::Options, resolve_error::ResolveError};
#[cfg(feature = "tcp")]
pub use {flow::Flow, listener::Listener, protocol::Tcp, resolver::SystemResolver};

/// The key of IP endpoints.
pub const KEY: Key<TcpKey> = Key::new();

/// The endpoint of TCP: an IP address and a port. An address with the scheme `tcp` has nothing else; with
/// another one, the rest is that of a layer, as the path of a WebSocket is.
#[derive(Debug)]
pub struct TcpKey;

impl EndpointKey for TcpKey {
    type Endpoint = SocketAddr;
    const NAME: &'static str = "tcp";

    fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ip_endpoint::show(endpoint, f)
    }

    fn read(address: &Address) -> Result<SocketAddr, EndpointError> {
        ip_endpoint::read_alone(address, Self::NAME)
    }
}
