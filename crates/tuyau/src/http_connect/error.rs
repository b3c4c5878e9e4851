//! Why an HTTP proxy did not connect.

use std::{error, fmt};

use tuyau_core::FlowError;

use crate::{http::HeadError, proxy::Destination};

/// Why an HTTP proxy did not connect.
///
/// Its text says what the proxy did, what was expected, and what to do.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    destination: Destination,
}

/// The kinds of HTTP CONNECT [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// What answered speaks no HTTP; with its first bytes, at most 48.
    NotHttp(Box<[u8]>),
    /// The head of the answer is longer than the limit, or has too many fields.
    HeadTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The proxy refused to connect, or could not.
    Refused {
        /// The status (RFC 9110, section 15).
        status: u16,
        /// The words beside it.
        reason: Box<str>,
        /// What came of the authentication.
        access: Access,
    },
    /// The proxy ended the stream before its answer was whole.
    Unfinished,
    /// The flow to the proxy failed.
    Io(FlowError),
}

/// What a proxy was told of who asks, and what it wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Nobody's name was given.
    Anonymous,
    /// A user and a password were given.
    WithCredentials,
    /// The proxy wants another authentication than Basic.
    Unsupported,
}

impl Kind {
    pub(super) fn of_head(error: HeadError, limit: usize) -> Self {
        match error {
            HeadError::NotHttp(first) => Self::NotHttp(first),
            HeadError::TooLong => Self::HeadTooLong { limit },
            HeadError::Ended => Self::Unfinished,
            HeadError::Io(error) => Self::Io(error),
        }
    }
}

impl Error {
    pub(super) fn new(kind: Kind, destination: &Destination) -> Self {
        let destination = destination.clone();
        Self { kind, destination }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Where the proxy should have connected to.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NotHttp(first) => {
                let shown = first.escape_ascii();
                write!(f, "expected HTTP of the proxy, but it sent \"{shown}\"; ")?;
                f.write_str(match first.first() {
                    Some(5) => "it looks like SOCKS5, use `socks5` for such a proxy",
                    _ => "check the address, the port, and whether the proxy wants TLS",
                })
            }
            Kind::HeadTooLong { limit } => write!(
                f,
                "the head of the proxy's answer is longer than {limit} bytes or has more than 64 \
                 header fields; use another proxy, or raise the limit"
            ),
            Kind::Refused {
                status,
                reason,
                access,
            } => {
                let (to, reason) = (&self.destination, reason.escape_default());
                let remedy = remedy(*status, *access);
                write!(
                    f,
                    "the proxy did not connect to {to}: {status} ({reason}); {remedy}"
                )
            }
            Kind::Unfinished => f.write_str(
                "the proxy ended the stream before its answer was whole; it stopped, or is no HTTP \
                 proxy",
            ),
            Kind::Io(_) => f.write_str("the connection to the proxy failed"),
        }
    }
}

fn remedy(status: u16, access: Access) -> &'static str {
    match status {
        407 => match access {
            Access::Anonymous => "it wants to know who asks, give it a user and a password",
            Access::WithCredentials => "it does not accept the user or the password, check them",
            Access::Unsupported => {
                "it wants another authentication than Basic, which is not supported"
            }
        },
        400 | 404 | 405 | 501 => "it does not connect for others, check that it is a proxy",
        401 | 403 => "its rules do not allow it, have them changed or use another proxy",
        429 => "try again later",
        502..=504 => "it cannot reach that host and port, check them",
        300..400 => "it redirects, which a proxy should not; check its address",
        500..600 => "see what is wrong with the proxy",
        _ => "200 was expected, check that it is a proxy",
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            _ => None,
        }
    }
}
