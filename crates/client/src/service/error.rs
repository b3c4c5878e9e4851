//! Why a service could not begin, lost its router, or turned a connection away.

use std::{error::Error, fmt, time::Duration};

use tuyau::ListenError;
use tuyau_core::{Address, AnyListenerError};
use tuyau_wire::MAX_ROUTES;

use crate::{FileError, OpenError, RequestError, SessionError};

/// Why a service could not begin.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServiceError {
    /// It cannot listen.
    Listen {
        /// Where.
        address: Address,
        /// Why.
        error: ListenError,
    },
    /// It listens nowhere and has no route to register.
    NoRoute,
    /// It has more routes than a registration can hold.
    TooManyRoutes {
        /// How many.
        found: usize,
    },
    /// It listens on every interface, and has not been told by which address others reach it.
    Wildcard {
        /// The address that stands for every interface.
        address: Address,
    },
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { error, .. } => error.fmt(f),
            Self::NoRoute => f.write_str(
                "the service has no route: give an address to listen on, or routes to advertise",
            ),
            Self::TooManyRoutes { found } => write!(
                f,
                "the service has {found} routes: a registration holds at most {MAX_ROUTES}"
            ),
            Self::Wildcard { address } => write!(
                f,
                "nobody can connect to {address}, which stands for every interface: give the \
                 routes to advertise"
            ),
        }
    }
}

impl Error for ServiceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen { error, .. } => error.source(),
            _ => None,
        }
    }
}

/// Why a service has no session with its router.
#[derive(Debug)]
#[non_exhaustive]
pub enum LinkError {
    /// Who the router is could not be found out.
    Identity(FileError),
    /// No session came about.
    Open(OpenError),
    /// The session ended.
    Session(SessionError),
    /// A request was not answered, or could not be made.
    Request(RequestError),
    /// The time for taking the registration back passed.
    TimedOut(Duration),
}

impl LinkError {
    fn inner(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Identity(error) => Some(error),
            Self::Open(error) => Some(error),
            Self::Session(error) => Some(error),
            Self::Request(error) => Some(error),
            Self::TimedOut(_) => None,
        }
    }
}

/// Transparent: it prints what the failing part says.
impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.inner()) {
            (Self::TimedOut(time), _) => {
                write!(f, "it did not work out within {} s", time.as_secs())
            }
            (_, Some(error)) => write!(f, "{error}"),
            (_, None) => Ok(()),
        }
    }
}

impl Error for LinkError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.inner()?.source()
    }
}

/// Why a connection to a route of a service was turned away.
#[derive(Debug)]
#[non_exhaustive]
pub enum InboundError {
    /// The TLS handshake failed.
    Handshake(AnyListenerError),
    /// The TLS handshake took too long.
    TimedOut(Duration),
    /// Who the router is could not be found out, and only the router may come in.
    Identity(FileError),
    /// The peer is not the router, or the hello failed.
    Open(OpenError),
}

/// Transparent where another error is inside.
impl fmt::Display for InboundError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Handshake(error) => error.fmt(f),
            Self::TimedOut(time) => {
                let time = time.as_millis();
                write!(f, "the TLS handshake was not done within {time} ms")
            }
            Self::Identity(error) => error.fmt(f),
            Self::Open(error) => error.fmt(f),
        }
    }
}

impl Error for InboundError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Handshake(error) => error.source(),
            Self::TimedOut(_) => None,
            Self::Identity(error) => error.source(),
            Self::Open(error) => error.source(),
        }
    }
}
