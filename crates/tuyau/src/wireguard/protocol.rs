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
    routed: bool,
}

impl WireGuard {
    /// TCP to the peers of this tunnel themselves: to the addresses that [`Peer::allow`](super::Peer::allow)
    /// gives to one of them as networks of one address, `/32` or `/128`. Any other is
    /// [`TunnelError::Behind`] the peer that has it.
    ///
    /// Who answers has proved the key that has this address, which is
    /// [`Authenticated`](Security::Authenticated).
    pub fn new(tunnel: Tunnel) -> Self {
        let routed = false;
        Self { tunnel, routed }
    }

    /// TCP to all addresses that peers of this tunnel may have, also in the networks behind them.
    ///
    /// The tunnel protects as far as the peer, which has proved its key; who answers behind it has proved
    /// nothing, and is reached as the peer likes. Such a flow is [`Plain`](Security::Plain), like one
    /// through a proxy: put a layer such as TLS over it.
    pub fn routed(tunnel: Tunnel) -> Self {
        let routed = true;
        Self { tunnel, routed }
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
        if !self.routed && !status.is_own(address) {
            return Err(TunnelError::Behind { address, key }.into());
        }
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
        match self.routed {
            true => Security::Plain,
            false => Security::Authenticated,
        }
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
