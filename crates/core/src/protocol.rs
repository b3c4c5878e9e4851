//! What moves payload to an endpoint.

use core::{error::Error, fmt, future::Future};

use crate::{Attempt, EndpointKey, Layer, Layered, Stage};

/// The endpoint of a protocol.
pub type Endpoint<P> = <<P as Protocol>::Key as EndpointKey>::Endpoint;

/// Moves payload to an endpoint without interpreting it: TCP, a Unix socket, memory, and every
/// layer over one of them.
///
/// What a connect gives says what payload is: a [`Flow`](crate::Flow) is a stream of bytes, a
/// [`Datagrams`](crate::Datagrams) keeps the boundaries of messages. Keys, registry, racing and
/// report are the same for both.
pub trait Protocol: Send + Sync + 'static {
    /// Names the endpoint type.
    type Key: EndpointKey;
    /// What a connect gives.
    type Flow: Send + 'static;
    /// Why a connect failed.
    type Error: Error + Send + Sync + 'static;

    /// The stage that connecting begins with, as reports show it.
    const STAGE: Stage;

    /// Connects. Done means usable: every handshake has finished.
    ///
    /// Nothing happens before the first poll. A protocol with several stages notes each one it
    /// enters in `attempt`.
    ///
    /// # Cancel safety
    /// Dropping the future gives the attempt up and leaves nothing behind.
    fn connect(
        &self,
        endpoint: &Endpoint<Self>,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Self::Flow, Self::Error>> + Send;

    /// What a flow of this protocol is at least worth.
    fn security(&self) -> Security {
        Security::Plain
    }

    /// Prints the name in reports.
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::STAGE.name())
    }
}

/// What protects a flow, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Security {
    /// Anyone on the way can read and change it.
    Plain,
    /// Nobody on the way can read it, but the peer has not proved who it is.
    Encrypted,
    /// Encrypted, and the peer has proved to be the one that was asked for.
    Authenticated,
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Plain => "plain",
            Self::Encrypted => "encrypted",
            Self::Authenticated => "authenticated",
        })
    }
}

/// Composition of protocols.
pub trait ProtocolExt: Protocol + Sized {
    /// The protocol that runs `layer` over this one.
    fn layer<L: Layer<Self::Flow>>(self, layer: L) -> Layered<Self, L> {
        Layered::new(self, layer)
    }
}

impl<P: Protocol> ProtocolExt for P {}
