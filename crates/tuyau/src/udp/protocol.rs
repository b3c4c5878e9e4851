//! Dialling UDP.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use ::tokio::net::UdpSocket;
use tuyau_core::{Attempt, FlowError, Protocol, Stage};

use super::{Flow, UdpKey};

/// UDP on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Udp;

impl Udp {
    /// UDP.
    pub fn new() -> Self {
        Self
    }
}

impl Protocol for Udp {
    type Key = UdpKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("udp");

    async fn connect(&self, peer: &SocketAddr, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let any: SocketAddr = match peer {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(peer).await?;
        Ok(Flow::new(socket, *peer)?)
    }
}
