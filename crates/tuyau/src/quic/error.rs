//! Why QUIC failed.

use std::{error, fmt, io, sync::Arc};

use quinn::{ConnectionError, ReadError, TransportErrorCode, WriteError};
use tuyau_core::{BoxError, ErrorKind, FlowError};

use super::flow::DROPPED;
use crate::{peer_text::shown, tls};

/// Why a connection was not made, or was lost. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Error {
    kind: Kind,
    source: Option<Arc<BoxError>>,
}

/// The kinds of [`Error`] that a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The peer was silent for longer than the idle time, or never answered.
    Silent,
    /// One side did not accept what the other proved; the source is an error of [`tls`].
    Tls,
    /// The peer speaks no version of QUIC that is known here.
    Version,
    /// The peer closed the connection.
    Closed,
    /// The peer gave this stream alone up.
    StreamReset,
    /// The peer dropped this stream's flow before it had ended its writing half.
    StreamDropped,
    /// The peer restarted and knows nothing of the connection.
    Forgotten,
    /// This side closed the connection.
    ClosedHere,
    /// The peer takes no datagrams.
    NoDatagrams,
    /// One side broke the rules of QUIC; the source says how.
    Protocol,
    /// The operating system refused a socket.
    Socket,
    /// The crypto provider cannot do what QUIC needs.
    Provider,
}

impl Error {
    pub(super) fn new(kind: Kind, source: impl Into<BoxError>) -> Self {
        let source = Some(Arc::new(source.into()));
        Self { kind, source }
    }

    pub(super) fn tls(error: tls::Error) -> Self {
        Self::new(Kind::Tls, error)
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Translates, with the alert of TLS that the peer sent explained by `explain`.
    pub(super) fn lost(
        error: ConnectionError,
        explain: impl FnOnce(tls::Kind) -> tls::Error,
    ) -> Self {
        match &error {
            ConnectionError::ConnectionClosed(close) => match alert(close.error_code) {
                Some(alert) => {
                    Self::tls(explain(rustls::Error::AlertReceived(alert.into()).into()))
                }
                None => error.into(),
            },
            _ => error.into(),
        }
    }

    fn flow_kind(&self, reading: bool) -> ErrorKind {
        match self.kind {
            Kind::Silent => ErrorKind::TimedOut,
            Kind::StreamReset | Kind::Forgotten => ErrorKind::Reset,
            Kind::Closed | Kind::StreamDropped if reading => ErrorKind::Truncated,
            Kind::Closed | Kind::StreamDropped => ErrorKind::Reset,
            Kind::ClosedHere => ErrorKind::Closed,
            Kind::NoDatagrams => ErrorKind::Unsupported,
            Kind::Tls | Kind::Version | Kind::Protocol | Kind::Provider => ErrorKind::Protocol,
            Kind::Socket => ErrorKind::Other,
        }
    }

    /// As a failed read: an end that the peer did not mean.
    pub(super) fn while_reading(self) -> FlowError {
        FlowError::new(self.flow_kind(true), self)
    }

    /// As a failed write.
    pub(super) fn while_writing(self) -> FlowError {
        FlowError::new(self.flow_kind(false), self)
    }
}

/// The alert in a code of QUIC (RFC 9001, section 4.8).
fn alert(code: TransportErrorCode) -> Option<u8> {
    let code = u64::from(code);
    (0x100..0x200).contains(&code).then_some(code as u8)
}

impl From<ConnectionError> for Error {
    fn from(error: ConnectionError) -> Self {
        let kind = match &error {
            ConnectionError::TimedOut => Kind::Silent,
            ConnectionError::VersionMismatch => Kind::Version,
            ConnectionError::ApplicationClosed(_) | ConnectionError::ConnectionClosed(_) => {
                Kind::Closed
            }
            ConnectionError::Reset => Kind::Forgotten,
            ConnectionError::LocallyClosed => Kind::ClosedHere,
            _ => Kind::Protocol,
        };
        // It may have the peer's own words in it, before anybody has proved anything.
        Self::new(kind, shown(&error.to_string()))
    }
}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::ConnectionLost(error) => error.into(),
            ReadError::Reset(DROPPED) => Self::new(Kind::StreamDropped, error),
            ReadError::Reset(_) => Self::new(Kind::StreamReset, error),
            ReadError::ClosedStream => Self::new(Kind::ClosedHere, error),
            _ => Self::new(Kind::Protocol, error),
        }
    }
}

impl From<WriteError> for Error {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::ConnectionLost(error) => error.into(),
            WriteError::Stopped(DROPPED) => Self::new(Kind::StreamDropped, error),
            WriteError::Stopped(_) => Self::new(Kind::StreamReset, error),
            WriteError::ClosedStream => Self::new(Kind::ClosedHere, error),
            _ => Self::new(Kind::Protocol, error),
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::new(Kind::Socket, error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What TLS says needs nothing around it.
        if let (Kind::Tls, Some(source)) = (self.kind, &self.source) {
            return source.fmt(f);
        }
        f.write_str(match self.kind {
            Kind::Silent => {
                "the peer does not answer; check the address and the port, \
                 and that UDP is let through on the way"
            }
            Kind::Tls => "one side does not accept what the other proved",
            Kind::Version => "the peer speaks no version of QUIC that is known here; update it",
            Kind::Closed => "the peer closed the connection before the end of the stream",
            Kind::StreamReset => "the peer gave this stream up",
            Kind::StreamDropped => "the peer dropped this stream without having ended it",
            Kind::Forgotten => "the peer knows nothing of this connection; it restarted",
            Kind::ClosedHere => "the connection was closed on this side",
            Kind::NoDatagrams => "the peer takes no datagrams; use a stream",
            Kind::Protocol => "the rules of QUIC were broken",
            Kind::Socket => "no socket for UDP",
            Kind::Provider => {
                "the crypto provider cannot do what QUIC needs; \
                 it must have AES-128-GCM with SHA-256 in TLS 1.3"
            }
        })
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        let source: &(dyn error::Error + 'static) = &***self.source.as_ref()?;
        match self.kind {
            Kind::Tls => source.source(),
            _ => Some(source),
        }
    }
}

impl Error {
    /// The error of TLS, when it is one.
    pub fn as_tls(&self) -> Option<&tls::Error> {
        self.source.as_ref()?.downcast_ref()
    }
}

#[cfg(test)]
mod tests {
    use error::Error as _;

    use super::*;

    /// The words of a peer that has proved nothing.
    #[test]
    fn a_reason_cannot_steer_a_terminal_or_forge_a_line() {
        let close = quinn::ApplicationClose {
            error_code: 7_u32.into(),
            reason: b"it's\x1b]0;x\x07\r\n  2. connected".as_slice().into(),
        };
        let error = Error::from(ConnectionError::ApplicationClosed(close));
        let text = error.source().unwrap().to_string();
        assert!(
            text.contains(r"it's\u{1b}]0;x\u{7}\r\n  2. connected"),
            "{text}"
        );
    }
}
