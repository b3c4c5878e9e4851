//! Why a session ended, could not begin, or did not carry out a request.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use tuyau_core::{ConnectError, FlowError};
use tuyau_wire::{
    DecodeError, Identity, NoCommonVersion, RejectCode, SignError, frame::FrameError,
};

/// A refusal by the router: a code for programs and a text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// Why, for a program.
    pub code: RejectCode,
    /// Why, for a person: at most 512 bytes, without control characters.
    pub text: String,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.text.as_str() {
            "" => self.code.fmt(f),
            text => write!(f, "{}: {text}", self.code),
        }
    }
}

impl Error for Rejection {}

/// Why a session ended, or did not get beyond the hello.
#[derive(Clone, Debug)]
pub struct SessionError {
    kind: SessionErrorKind,
    rejection: Option<Rejection>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kinds of [`SessionError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SessionErrorKind {
    /// This side closed the session.
    Closed,
    /// The peer closed the session.
    Ended,
    /// The peer refused the session; [`SessionError::rejection`] says why.
    Rejected,
    /// The peer said nothing before the deadline.
    TimedOut,
    /// The peer said nothing for a time, and did not answer when it was asked whether it is there.
    Silent,
    /// The flow beneath failed.
    Flow,
    /// The peer sent something that is no message.
    Malformed,
    /// The peer sent a message that is not allowed at that point.
    Unexpected,
    /// The peers have no version of the protocol in common.
    Version,
    /// The peer is a service where a router is needed.
    Role,
}

impl SessionError {
    pub(super) fn new(kind: SessionErrorKind) -> Self {
        Self {
            kind,
            rejection: None,
            source: None,
        }
    }

    /// This side has closed it.
    pub(crate) fn closed() -> Self {
        Self::new(SessionErrorKind::Closed)
    }

    pub(super) fn rejected(code: RejectCode, text: &str) -> Self {
        let text = text.to_owned();
        Self {
            rejection: Some(Rejection { code, text }),
            ..Self::new(SessionErrorKind::Rejected)
        }
    }

    pub(super) fn caused(kind: SessionErrorKind, source: impl Into<Cause>) -> Self {
        Self {
            source: Some(source.into().0),
            ..Self::new(kind)
        }
    }

    /// What happened.
    pub fn kind(&self) -> SessionErrorKind {
        self.kind
    }

    /// What the peer said when it refused the session.
    pub fn rejection(&self) -> Option<&Rejection> {
        self.rejection.as_ref()
    }

    /// The code with which this side tells the peer; none when there is nothing to tell.
    pub(super) fn reject_code(&self) -> Option<RejectCode> {
        match self.kind {
            SessionErrorKind::Version => Some(RejectCode::Version),
            SessionErrorKind::Unexpected | SessionErrorKind::Role => Some(RejectCode::Unexpected),
            SessionErrorKind::Malformed => {
                let source = self.source.as_deref();
                let frame = source.and_then(|source| source.downcast_ref::<FrameError>());
                Some(frame.map_or(RejectCode::Malformed, FrameError::reject_code))
            }
            _ => None,
        }
    }
}

/// What can be the source of a [`SessionError`].
pub(super) struct Cause(Arc<dyn Error + Send + Sync>);

macro_rules! causes {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Cause {
            fn from(error: $kind) -> Self {
                Self(Arc::new(error))
            }
        })*
    };
}

causes!(
    FlowError,
    FrameError,
    DecodeError,
    NoCommonVersion,
    OutOfTurn
);

/// A message that is not allowed at that point.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutOfTurn {
    pub(super) expected: &'static str,
    pub(super) found: &'static str,
}

impl fmt::Display for OutOfTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl Error for OutOfTurn {}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SessionErrorKind::Closed => "this side closed the session",
            SessionErrorKind::Ended => "the peer closed the session",
            SessionErrorKind::Rejected => "the peer refused the session",
            SessionErrorKind::TimedOut => "the peer did not say hello in time",
            SessionErrorKind::Silent => "the peer does not answer any more",
            SessionErrorKind::Flow => "the connection failed",
            SessionErrorKind::Malformed => "the peer sent something that is no message",
            SessionErrorKind::Unexpected => "the peer sent a message that is not allowed now",
            SessionErrorKind::Version => "the peer speaks other versions of the protocol",
            SessionErrorKind::Role => "the peer is a service, expected a router",
        })
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.rejection {
            Some(rejection) => Some(rejection),
            None => self.source.as_ref().map(|source| &**source as _),
        }
    }
}

/// Why there is no session.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// No flow to the router came about: it cannot be reached, or the TLS handshake failed.
    Connect(ConnectError),
    /// The peer proved another identity than the one that was expected, or none.
    Identity {
        /// Who should have answered.
        expected: Identity,
        /// Who did.
        found: Option<Identity>,
    },
    /// The hello failed.
    Hello(SessionError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(error) => error.fmt(f),
            Self::Identity { expected, found } => {
                write!(f, "expected the router {expected}, found ")?;
                match found {
                    Some(found) => write!(f, "{found}"),
                    None => f.write_str("a peer that proved no identity"),
                }
            }
            Self::Hello(error) => error.fmt(f),
        }
    }
}

impl Error for OpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Connect(error) => error.source(),
            Self::Identity { .. } => None,
            Self::Hello(error) => error.source(),
        }
    }
}

/// Why a request was not carried out, or is not known to have been.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RequestError {
    /// The router refused it.
    Rejected(Rejection),
    /// The session ended before the answer came. Whether the request was carried out is not known.
    Lost(SessionError),
    /// The answer did not come in time. Whether the request was carried out is not known.
    TimedOut(Duration),
    /// The message is longer than the router accepts; nothing was sent. Both in bytes.
    TooLong {
        /// The length of the message.
        length: usize,
        /// What the router accepts.
        limit: u64,
    },
    /// The statement could not be signed; nothing was sent.
    Statement(SignError),
}

impl RequestError {
    /// What the router said, if it was the router that refused.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }
}

impl RequestError {
    /// The router's reason for a program, if it was the router that refused.
    pub fn code(&self) -> Option<RejectCode> {
        self.rejection().map(|rejection| rejection.code)
    }
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rejected(_) => f.write_str("the router refused the request"),
            Self::Lost(_) => f.write_str("the session ended before the router answered"),
            Self::TimedOut(time) => {
                write!(
                    f,
                    "the router did not answer within {} ms",
                    time.as_millis()
                )
            }
            Self::TooLong { length, limit } => write!(
                f,
                "the message has {length} bytes, and the router accepts at most {limit}"
            ),
            Self::Statement(_) => f.write_str("the statement cannot be signed"),
        }
    }
}

impl Error for RequestError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Rejected(rejection) => Some(rejection),
            Self::Lost(error) => Some(error),
            Self::Statement(error) => Some(error),
            Self::TimedOut(_) | Self::TooLong { .. } => None,
        }
    }
}
