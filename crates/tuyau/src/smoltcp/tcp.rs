//! TCP of a stack in user space, dialled and listened at.

use std::{
    fmt,
    future::{Ready, poll_fn, ready},
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll, ready as done},
};

use tuyau_core::{Address, Attempt, FlowError, Incoming, Origin, Protocol, Stage};

use super::{Flow, Network, backlog::Taken, state::Share};
use crate::{ListenError, ListenErrorKind, tcp::TcpKey};

/// TCP of a [`Network`]. It shares its key with every other TCP; two networks of one program are told
/// apart by the key's instance.
#[derive(Clone, Debug)]
pub struct Tcp {
    network: Network,
}

impl Tcp {
    /// TCP of this network.
    pub fn new(network: Network) -> Self {
        Self { network }
    }
}

impl Protocol for Tcp {
    type Key = TcpKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("tcp");

    async fn connect(&self, endpoint: &SocketAddr, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let share = self.network.share.clone();
        let (handle, ends) = share.with(|state, wakes| {
            let handle = state.dial(*endpoint, wakes)?;
            Ok::<_, FlowError>((handle, state.ends(handle)))
        })?;
        let mut flow = Flow::new(share, handle, ends);
        poll_fn(|cx| flow.poll_connected(cx)).await?;
        Ok(flow)
    }
}

/// Accepts TCP connections at one address of a [`Network`]. Dropping it resets those that wait.
#[derive(Debug)]
pub struct Listener {
    share: Arc<Share>,
    backlog: u64,
    address: Address,
}

impl Listener {
    /// Listens at an address whose host is an IP address of the network, whatever its scheme; port 0
    /// takes a free one, and `0.0.0.0` or `[::]` stand for all addresses of the network, of either
    /// family.
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind(network: &Network, address: &Address) -> Result<Self, ListenError> {
        let Some(socket) = address.socket() else {
            let expected = "an IP address and a port, as in `tcp://10.0.0.1:6000`";
            let missing = "a host name is not resolved for listening";
            return Err(ListenError::invalid(address, expected, missing));
        };
        Self::bind_socket(network, socket).map_err(|error| error.at(address))
    }

    /// Listens at an IP endpoint of the network; see [`bind`](Self::bind).
    ///
    /// # Errors
    /// A [`ListenError`] that names the address.
    pub fn bind_socket(network: &Network, socket: SocketAddr) -> Result<Self, ListenError> {
        let share = network.share.clone();
        let bound = share.with(|state, _| state.listen(socket));
        let (backlog, socket) =
            bound.map_err(|taken| refused(format_args!("tcp://{socket}"), taken))?;
        let address = Address::from_socket("tcp", socket)
            .map_err(|error| ListenError::invalid(socket, "an IP endpoint", error))?;
        Ok(Self {
            share,
            backlog,
            address,
        })
    }
}

/// Why a network does not listen at an address.
pub(super) fn refused(address: impl fmt::Display, taken: Taken) -> ListenError {
    let (kind, remedy) = match taken {
        Taken::InUse => (
            ListenErrorKind::InUse,
            "stop the other listener of this network or choose another port",
        ),
        Taken::NotOurs => (
            ListenErrorKind::NotAvailable,
            "choose an address of this network, or 0.0.0.0 or [::] for all of them",
        ),
        Taken::NoPort => (
            ListenErrorKind::NotAvailable,
            "all ephemeral ports are taken, close some flows",
        ),
    };
    ListenError::new(address, kind, remedy)
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = FlowError;
    type Handshake = Ready<Result<Flow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let backlog = self.backlog;
        let (handle, ends) = done!(self.share.with(|state, _| {
            let handle = done!(state.poll_accept(backlog, cx))?;
            Poll::Ready(Ok::<_, FlowError>((handle, state.ends(handle))))
        }))?;
        let origin = ends.map_or(Origin::Local("tcp"), |(_, remote)| Origin::Ip(remote));
        let flow = Flow::new(self.share.clone(), handle, ends);
        Poll::Ready(Ok(Incoming {
            origin,
            handshake: ready(Ok(flow)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let backlog = self.backlog;
        self.share
            .with(|state, wakes| state.stop_listening(backlog, wakes));
    }
}
