//! What happens to a service.

use std::time::Duration;

use tuyau_core::{Address, AnyListenerError, Origin};
use tuyau_wire::Identity;

use super::{InboundError, LinkError};
use crate::{Delivery, Peer, Receipt, Rejection, RequestError};

/// Something that happened to a [`Service`](super::Service).
#[derive(Debug)]
#[non_exhaustive]
pub enum ServiceEvent {
    /// It accepts connections at this address.
    Listening {
        /// The address that it is bound to.
        address: Address,
    },
    /// It begins an attempt to reach its router.
    Connecting {
        /// Where the router is.
        router: Address,
        /// Who has to answer there.
        identity: Identity,
    },
    /// The router answered, proved its identity and said hello.
    Connected {
        /// Where the router is.
        router: Address,
        /// Who it is and what it said of itself.
        peer: Box<Peer>,
    },
    /// The router accepted the registration.
    Registered {
        /// Where the router is.
        router: Address,
        /// The router.
        peer: Identity,
        /// This service.
        identity: Identity,
        /// The routes that are registered, best first.
        routes: Vec<Address>,
        /// The number and the end of the registration.
        receipt: Receipt,
        /// Whether it only prolongs a registration made over the same connection.
        renewal: bool,
    },
    /// The router refused the registration.
    Refused {
        /// Why.
        rejection: Rejection,
        /// When it is tried again, over the same connection.
        retry_in: Duration,
    },
    /// A message came.
    Delivered {
        /// The message and who sent it.
        delivery: Delivery,
        /// The way it came.
        via: Via,
    },
    /// The router accepted the answer to a message.
    Answered {
        /// Who sent the message.
        to: Identity,
        /// The way it went.
        via: Via,
    },
    /// The answer to a message did not get through.
    Unanswered {
        /// Who sent the message.
        to: Identity,
        /// Why.
        error: RequestError,
    },
    /// There is no session with the router any more, or an attempt to have one failed.
    Lost {
        /// Why.
        reason: LinkError,
        /// When the next attempt begins.
        retry_in: Duration,
    },
    /// The router connected to a route of this service.
    Reached {
        /// Where it came from.
        origin: Origin,
    },
    /// A connection to a route of this service was turned away.
    Turned {
        /// Where it came from.
        origin: Origin,
        /// Why.
        error: InboundError,
    },
    /// A connection could not be accepted. The service goes on listening.
    AcceptFailed {
        /// Why.
        error: AnyListenerError,
    },
    /// The registration was taken back.
    Withdrawn,
    /// The registration could not be taken back, and stays until it expires.
    WithdrawalFailed {
        /// Why.
        reason: LinkError,
    },
    /// The service has ended.
    Stopped,
}

/// The way a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// Over the connection that the service opened to its router.
    Session,
    /// Over a connection that the router opened to a route of the service.
    Route,
}
