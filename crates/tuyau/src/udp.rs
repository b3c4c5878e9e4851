//! UDP on tokio: datagrams to one peer.
//!
//! The key is there without the feature, for the UDP of other backends.
//!
#![cfg_attr(feature = "udp", doc = "```")]
#![cfg_attr(not(feature = "udp"), doc = "```ignore")]
//! use tuyau::{tcp::SystemResolver, tokio::TokioTimer, udp};
//! use tuyau_core::{DatagramsExt, Listener, ListenerExt, Registry, ResolverExt, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut listener = udp::Listener::bind(&"udp://127.0.0.1:0".parse()?)?;
//! let address = listener.address().clone();
//!
//! let mut registry = Registry::new();
//! registry.datagrams(udp::KEY, udp::Udp::new());
//! registry.resolver(udp::KEY, 0, SystemResolver.under::<udp::UdpKey>());
//! let context = registry.freeze(TokioTimer::new());
//!
//! let mut client = context.connect(Target::from(address)).open_datagrams().await?.flow;
//! client.send(b"ping").await?;
//!
//! // The first datagram of a peer makes a flow of it, and is the first that it receives.
//! let mut server = listener.accept().await?.handshake.await?;
//! let mut buffer = [0; 1500];
//! let length = server.receive(&mut buffer).await?;
//! assert_eq!(&buffer[..length], b"ping");
//! # Ok(())
//! # }
//! ```
//!
//! # What to know
//!
//! Connecting sends nothing: a peer that is not there is noticed at the earliest by the first
//! send or receive after an answer of the network that says so
//! ([`ErrorKind::Refused`](tuyau_core::ErrorKind::Refused)). In a race against protocols with a
//! handshake, UDP therefore always wins at once; give it a rank of its own.
//!
//! Anyone can send to a listener, under any address. It keeps no more peers and no more bytes than its
//! `Options` say; who comes when all places are taken is not heard, and nobody loses a place to it.
//! Nothing tells that a peer is gone: drop the flows that are silent for too long.

#[cfg(feature = "udp")]
mod flow;
#[cfg(feature = "udp")]
mod listener;
#[cfg(any(feature = "smoltcp", feature = "udp"))]
mod options;
#[cfg(any(feature = "smoltcp", feature = "udp"))]
mod peers;
#[cfg(feature = "udp")]
mod protocol;

use std::{fmt, net::SocketAddr};

use tuyau_core::{Address, EndpointError, EndpointKey, Key};

use crate::ip_endpoint;

#[cfg(feature = "smoltcp")]
pub(crate) use peers::Peers;
#[cfg(feature = "udp")]
pub use {
    flow::Flow,
    listener::{Accepted, Listener},
    protocol::Udp,
};
#[cfg(any(feature = "smoltcp", feature = "udp"))]
pub use {
    options::Options,
    peers::{BACKLOG, QUEUE},
};

/// The key of UDP endpoints.
pub const KEY: Key<UdpKey> = Key::new();

/// The endpoint of UDP: an IP address and a port. An address with the scheme `udp` has nothing else; with
/// another one, the rest is that of what lies over it.
#[derive(Debug)]
pub struct UdpKey;

impl EndpointKey for UdpKey {
    type Endpoint = SocketAddr;
    const NAME: &'static str = "udp";

    fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        ip_endpoint::show(endpoint, f)
    }

    fn read(address: &Address) -> Result<SocketAddr, EndpointError> {
        ip_endpoint::read_alone(address, Self::NAME)
    }
}

/// The size of the largest datagram that can be sent to `peer`, in bytes: what 65,535 leave beside
/// the headers (RFC 768; RFC 8200, section 4.5, for IPv6, whose payload length does not count its
/// own header).
pub const fn max_size(peer: &SocketAddr) -> usize {
    match peer {
        SocketAddr::V4(_) => 65_535 - 20 - 8,
        SocketAddr::V6(_) => 65_535 - 8,
    }
}
