//! Why WebSocket failed.

use std::{error, fmt, sync::Arc};

use tuyau_core::{ErrorKind, FlowError};

use super::FrameError;
use crate::http::HeadError;

/// Why a handshake or an established WebSocket failed. Cloning is cheap.
///
/// Its text says which side did what, what was expected, and what to do.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    peer: Side,
}

/// Which side the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Client,
    Server,
}

impl Side {
    pub(super) fn error(self, kind: Kind) -> Error {
        Error(Arc::new(Inner { kind, peer: self }))
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// The kinds of WebSocket [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// The peer does not speak HTTP; with its first bytes, at most 48.
    NotHttp(Box<[u8]>),
    /// The head of the peer's handshake is longer than the limit, or has too many fields.
    HeadTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The server answered with another status than 101.
    Refused {
        /// The status (RFC 9110, section 15).
        status: u16,
        /// The words beside it.
        reason: Box<str>,
        /// Where it redirects to.
        location: Option<Box<str>>,
    },
    /// The server's agreement lacks this or has it wrong.
    BadAnswer(&'static str),
    /// The server agreed to another subprotocol than was asked for, or to none.
    Subprotocol {
        /// What was asked for.
        wanted: Option<Box<str>>,
        /// What the server agreed to.
        given: Option<Box<str>>,
    },
    /// The client's request was refused with this status because of this.
    BadRequest {
        /// The status that the client was told.
        status: u16,
        /// What is wrong with the request.
        problem: &'static str,
    },
    /// The stream ended in the middle of the handshake.
    Unfinished,
    /// There were no random bytes for a handshake.
    NoRandomness,
    /// A frame breaks the rules.
    Frame(FrameError),
    /// A text message came, and only binary ones are a byte stream.
    Text,
    /// A message is longer than the limit.
    MessageTooLong {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The peer closed because something was wrong.
    Closed {
        /// The status (RFC 6455, section 7.4).
        status: u16,
        /// The words beside it.
        reason: Box<str>,
    },
    /// The stream ended without a Close frame.
    Truncated,
    /// The flow beneath failed.
    Io(FlowError),
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

    /// The status to close with, when the peer broke the rules (RFC 6455, section 7.4.1).
    pub(super) fn close_status(&self) -> Option<u16> {
        match self {
            Self::Frame(_) => Some(1002),
            Self::Text => Some(1003),
            Self::MessageTooLong { .. } => Some(1009),
            _ => None,
        }
    }
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    fn flow_kind(&self) -> ErrorKind {
        match self.kind() {
            Kind::Truncated | Kind::Unfinished => ErrorKind::Truncated,
            Kind::Closed { .. } => ErrorKind::Reset,
            Kind::Io(error) => error.kind(),
            _ => ErrorKind::Protocol,
        }
    }
}

impl From<Error> for FlowError {
    fn from(error: Error) -> Self {
        FlowError::new(error.flow_kind(), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, peer } = &*self.0;
        match kind {
            Kind::NotHttp(first) => write!(
                f,
                "expected HTTP, but the {peer} sent \"{}\"; {}",
                first.escape_ascii(),
                match peer {
                    Side::Server => "check the address, the port, and whether it wants TLS",
                    Side::Client => "let it connect with WebSocket",
                }
            ),
            Kind::HeadTooLong { limit } => write!(
                f,
                "the {peer}'s part of the handshake is longer than {limit} bytes or has more than 64 \
                 header fields; shorten it, or raise the limit"
            ),
            Kind::Refused {
                status,
                reason,
                location,
            } => {
                let remedy = remedy(*status);
                let reason = reason.escape_default();
                write!(
                    f,
                    "expected 101 of the server, but it answered {status} ({reason}); {remedy}"
                )?;
                match location {
                    Some(location) => write!(f, " {}", location.escape_default()),
                    None => Ok(()),
                }
            }
            Kind::BadAnswer(what) => write!(
                f,
                "the server agreed with 101, but {what}; check that it is a WebSocket server and that \
                 no proxy answers for it"
            ),
            Kind::Subprotocol { wanted, given } => write!(
                f,
                "the server agreed to {}, but {} was asked for; ask for one that it speaks",
                Named(given),
                Named(wanted)
            ),
            Kind::BadRequest { status, problem } => {
                write!(f, "the client was refused with {status}: {problem}")
            }
            Kind::Unfinished => write!(
                f,
                "the {peer} ended the stream in the middle of the handshake"
            ),
            Kind::NoRandomness => f.write_str("the system gave no random bytes for the handshake"),
            Kind::Frame(error) => write!(f, "the {peer} broke the rules of WebSocket: {error}"),
            Kind::Text => write!(
                f,
                "the {peer} sent a text message, and only binary ones are a byte stream; \
                 let it send binary messages"
            ),
            Kind::MessageTooLong { limit } => write!(
                f,
                "the {peer} sent a message of more than {limit} bytes; let it send shorter ones, or \
                 raise the limit"
            ),
            Kind::Closed { status, reason } if reason.is_empty() => {
                write!(f, "the {peer} closed with the status {status}")
            }
            Kind::Closed { status, reason } => {
                let reason = reason.escape_default();
                write!(f, "the {peer} closed with the status {status}: {reason}")
            }
            Kind::Truncated => write!(
                f,
                "the {peer} ended the stream without a Close frame; it stopped, or the connection was cut"
            ),
            Kind::Io(_) => write!(f, "the connection to the {peer} failed"),
        }
    }
}

struct Named<'a>(&'a Option<Box<str>>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(name) => write!(f, "the subprotocol `{}`", name.escape_default()),
            None => f.write_str("no subprotocol"),
        }
    }
}

fn remedy(status: u16) -> &'static str {
    match status {
        301 | 302 | 303 | 307 | 308 => "connect to where it redirects:",
        400 => "check the host and the header fields",
        401 | 403 => "give the credentials that it asks for",
        404 | 405 | 410 => "check the path",
        426 => "it wants another protocol or version",
        429 | 503 => "try again later",
        500..600 => "see what is wrong with the server or its proxy",
        _ => "check the address, the host and the path",
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(self.kind()).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self.kind() {
            Kind::Io(error) => Some(error),
            _ => None,
        }
    }
}
