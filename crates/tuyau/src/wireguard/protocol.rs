//! TCP inside a tunnel.

use std::{
    future::{Future, Ready, poll_fn, ready},
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, ready as done},
};

use tuyau_core::{Address, Attempt, FlowError, Incoming, Origin, Protocol, Security, Stage};

use super::{Flow, Tunnel, TunnelError, status::Status};
use crate::{
    ListenError,
    smoltcp::{self, Tcp},
    tcp::TcpKey,
};

/// TCP inside a [`Tunnel`]. It shares its key with every other TCP, so it wants an instance of the key
/// of its own, whose resolver says which names are inside the tunnel.
///
/// An attempt is at the stage `wireguard` until the handshake with the peer is done, then at `tcp`.
#[derive(Clone, Debug)]
pub struct WireGuard {
    tunnel: Tunnel,
}

impl WireGuard {
    /// TCP inside this tunnel.
    pub fn new(tunnel: Tunnel) -> Self {
        Self { tunnel }
    }
}

impl Protocol for WireGuard {
    type Key = TcpKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("wireguard");

    async fn connect(&self, endpoint: &SocketAddr, attempt: &Attempt) -> Result<Flow, FlowError> {
        let status = &self.tunnel.status;
        let address = endpoint.ip();
        let (peer, key) = status.find(address).ok_or(TunnelError::NoPeer(address))?;
        let given_up = status.given_up(peer);
        let tcp = Tcp::new(self.tunnel.network.clone());
        // Its first packet begins the handshake.
        let mut connecting = pin!(tcp.connect(endpoint, attempt));
        let mut through = false;
        let inner = poll_fn(|cx| {
            if !through && status.poll_session(peer, given_up, cx)?.is_ready() {
                through = true;
                attempt.enter(Tcp::STAGE);
            }
            connecting.as_mut().poll(cx)
        });
        Ok(Flow::new(inner.await?, Some(key)))
    }

    fn security(&self) -> Security {
        Security::Authenticated
    }

    fn describe(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("tcp/wireguard")
    }
}

/// Accepts TCP connections at one address inside a [`Tunnel`].
#[derive(Debug)]
pub struct Listener {
    inner: smoltcp::Listener,
    status: Arc<Status>,
}

impl Listener {
    /// Listens as [`smoltcp::Listener::bind`] does, inside the tunnel.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind(tunnel: &Tunnel, address: &Address) -> Result<Self, ListenError> {
        let inner = smoltcp::Listener::bind(&tunnel.network, address)?;
        let status = tunnel.status.clone();
        Ok(Self { inner, status })
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
        let incoming = done!(self.inner.poll_accept(cx))?;
        let Incoming { origin, handshake } = incoming;
        let key = match &origin {
            Origin::Ip(peer) => self.status.find(peer.ip()).map(|(_, key)| key),
            _ => None,
        };
        let flow = handshake.into_inner().map(|inner| Flow::new(inner, key));
        Poll::Ready(Ok(Incoming {
            origin,
            handshake: ready(flow),
        }))
    }

    fn address(&self) -> &Address {
        self.inner.address()
    }
}
