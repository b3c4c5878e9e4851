//! A connection, which its flows share.

use std::{
    any::{Any, TypeId},
    fmt,
    net::SocketAddr,
    sync::Arc,
};

use ::tokio::runtime::Handle;
use quinn::crypto::rustls::HandshakeData;
use rustls::pki_types::CertificateDer;
use tuyau_core::{Address, ErrorKind, FlowError, LocalAddress, PeerAddress};

use super::{DatagramFlow, Error, Flow};
use crate::tls::{self, Knowledge};

/// A QUIC connection, and information of its flows. Cloning gives another handle to the same one; it
/// is closed when the last handle and the last flow are gone.
#[derive(Clone)]
pub struct Connection {
    pub(super) quinn: quinn::Connection,
    facts: Arc<Facts>,
}

/// Makes an error of TLS about the peer, whichever side it is.
pub(super) type Explain = Arc<dyn Fn(tls::Kind) -> tls::Error + Send + Sync>;

struct Facts {
    peer: Option<PeerAddress>,
    local: Option<LocalAddress>,
    knowledge: Knowledge,
    explain: Explain,
    /// Where the connection runs; none where it was made outside of every runtime.
    runtime: Option<Handle>,
}

impl Connection {
    /// `bound` is what the socket is bound to, which may be any address of the machine.
    pub(super) fn new(
        quinn: quinn::Connection,
        bound: Option<SocketAddr>,
        explain: Explain,
    ) -> Result<Self, Error> {
        let presented = quinn
            .peer_identity()
            .and_then(|it| it.downcast::<Vec<CertificateDer<'static>>>().ok());
        let alpn = quinn
            .handshake_data()
            .and_then(|it| it.downcast::<HandshakeData>().ok())
            .and_then(|it| it.protocol);
        let presented = presented.unwrap_or_default();
        let knowledge =
            Knowledge::over_quic(&presented, alpn).map_err(|kind| Error::tls(explain(kind)))?;
        let address = |socket| Address::from_socket("quic", socket).ok();
        let local = bound.map(|mut socket| {
            if let Some(ip) = quinn.local_ip() {
                socket.set_ip(ip);
            }
            socket
        });
        let facts = Facts {
            peer: address(quinn.remote_address()).map(PeerAddress),
            local: local.and_then(address).map(LocalAddress),
            knowledge,
            explain,
            runtime: Handle::try_current().ok(),
        };
        Ok(Self {
            quinn,
            facts: Arc::new(facts),
        })
    }

    /// Opens a further stream. The peer hears of it with the first bytes that are written, and gets it
    /// by [`accept`](Self::accept). Waits while the peer allows no more streams.
    ///
    /// # Errors
    /// When the connection is lost.
    ///
    /// # Cancel safety
    /// Dropping the future opens nothing.
    pub async fn open(&self) -> Result<Flow, Error> {
        let opened = self.quinn.open_bi().await;
        let (send, receive) = opened.map_err(|error| self.lost(error))?;
        Ok(Flow::opened(self.clone(), send, receive))
    }

    /// Waits for the next stream that the peer opens.
    ///
    /// # Errors
    /// When the connection is lost.
    ///
    /// # Cancel safety
    /// Dropping the future loses no stream.
    pub async fn accept(&self) -> Result<Flow, Error> {
        let accepted = self.quinn.accept_bi().await;
        let (send, receive) = accepted.map_err(|error| self.lost(error))?;
        Ok(Flow::opened(self.clone(), send, receive))
    }

    /// The datagrams of this connection. Several such flows share what arrives.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the peer takes none.
    pub fn datagrams(&self) -> Result<DatagramFlow, FlowError> {
        if self.quinn.max_datagram_size().is_none() {
            return Err(ErrorKind::Unsupported.into());
        }
        Ok(DatagramFlow::new(self.clone()))
    }

    pub(super) fn lost(&self, error: quinn::ConnectionError) -> Error {
        Error::lost(error, |kind| (self.facts.explain)(kind))
    }

    /// The runtime to go on in when a flow is dropped, wherever that is done.
    pub(super) fn runtime(&self) -> Option<Handle> {
        let runtime = self.facts.runtime.clone();
        runtime.or_else(|| Handle::try_current().ok())
    }

    pub(super) fn info(&self, want: TypeId) -> Option<&dyn Any> {
        if want == TypeId::of::<Self>() {
            Some(self)
        } else if want == TypeId::of::<PeerAddress>() {
            self.facts.peer.as_ref().map(|it| it as &dyn Any)
        } else if want == TypeId::of::<LocalAddress>() {
            self.facts.local.as_ref().map(|it| it as &dyn Any)
        } else {
            self.facts.knowledge.info(want)
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("peer", &self.quinn.remote_address())
            .finish_non_exhaustive()
    }
}
