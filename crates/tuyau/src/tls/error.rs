//! Why TLS failed.

use std::{error, fmt, io, sync::Arc};

use rustls::{AlertDescription, PeerIncompatible};
use tuyau_core::{ErrorKind, FlowError};

use super::{Alert, BadCertificate, KeyFormat, Pin, PlainText, PublicKey, peer::Refusal};

mod text;

/// Why a handshake or an established TLS connection failed. Cloning is cheap.
///
/// Its text says which side did what, what was expected, and what to do.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    kind: Kind,
    scene: Scene,
}

/// Which side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The side that dialled.
    Client,
    /// The side that accepted.
    Server,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Client => "client",
            Self::Server => "server",
        })
    }
}

/// Who the peer is, how it is judged, and how keys are printed.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    pub(super) peer: Side,
    pub(super) dealings: Dealings,
    pub(super) format: KeyFormat,
}

/// By what two sides know each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dealings {
    /// Ed25519 keys.
    Identities,
    /// Certificates or keys of any algorithm.
    Certificates,
}

impl Scene {
    pub(super) fn error(self, kind: Kind) -> Error {
        Error(Arc::new(Inner { kind, scene: self }))
    }
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer is {}", self.peer)
    }
}

/// The kinds of TLS [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// The peer does not speak TLS.
    PlainText(PlainText),
    /// The peer speaks only versions of TLS that are too old: 1.2, unless it was allowed, or older.
    VersionTooOld,
    /// The peer did not prove any key.
    NoCertificate,
    /// The server proved another key than the one that was expected of it.
    WrongKey {
        /// The key that was expected.
        expected: PublicKey,
        /// The key that the server proved to hold.
        found: PublicKey,
    },
    /// The server proved another key than the one that its pin names.
    WrongPin {
        /// The key that was expected.
        expected: Pin,
        /// The key that the server proved to hold.
        found: Pin,
    },
    /// The peer's key is not an Ed25519 key, or one of the few that anyone can sign for.
    UnsupportedKey,
    /// The peer's certificate cannot be read, is not valid, not for the name that was asked for, not
    /// for this use, or does not chain to an authority that is trusted.
    BadCertificate(BadCertificate),
    /// The peer refused, and says why.
    PeerAlert(Alert),
    /// The stream ended without `close_notify`, or in the middle of the handshake.
    Truncated,
    /// The target says neither which key to expect of the server nor a name for an authority to
    /// vouch for.
    NoExpectedKey,
    /// An authority should vouch for this host, which is neither a DNS name nor an IP address.
    BadName(Box<str>),
    /// The peer cannot do what is needed.
    Incompatible(PeerIncompatible),
    /// The flow beneath failed.
    Io(FlowError),
    /// Anything else that rustls found wrong.
    Other(rustls::Error),
}

impl Kind {
    /// An error that rustls hands out in the form of an `io::Error`.
    pub(super) fn from_session(error: io::Error) -> Self {
        match error.downcast::<rustls::Error>() {
            Ok(error) => error.into(),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Self::Truncated,
            Err(error) => Self::Io(error.into()),
        }
    }
}

impl From<rustls::Error> for Kind {
    fn from(error: rustls::Error) -> Self {
        use PeerIncompatible as P;
        match error {
            rustls::Error::NoCertificatesPresented => Self::NoCertificate,
            rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => Self::VersionTooOld,
            rustls::Error::AlertReceived(alert) => Self::PeerAlert(Alert(alert)),
            rustls::Error::PeerIncompatible(
                P::SupportedVersionsExtensionRequired
                | P::Tls12NotOffered
                | P::Tls12NotOfferedOrEnabled
                | P::ServerTlsVersionIsDisabledByOurConfig
                | P::ServerDoesNotSupportTls12Or13,
            ) => Self::VersionTooOld,
            rustls::Error::PeerIncompatible(why) => Self::Incompatible(why),
            rustls::Error::InvalidCertificate(error) => match Refusal::of(&error) {
                Some(Refusal::UnsupportedKey) => Self::UnsupportedKey,
                Some(Refusal::WrongKey { expected, found }) => Self::WrongKey { expected, found },
                Some(Refusal::WrongPin { expected, found }) => Self::WrongPin { expected, found },
                None => Self::BadCertificate(BadCertificate::new(error)),
            },
            error => Self::Other(error),
        }
    }
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> &Kind {
        &self.0.kind
    }

    /// Which side the peer is.
    pub fn peer(&self) -> Side {
        self.0.scene.peer
    }

    /// Whether the peer may not take keys in the form in which this side presents and reads them, a raw
    /// key or X.509, and perhaps takes the other [`CertificateForm`](super::CertificateForm). Some peers
    /// say no more than that there is nothing in common.
    pub fn may_want_other_form(&self) -> bool {
        use AlertDescription::{HandshakeFailure, UnsupportedCertificate};
        match self.kind() {
            Kind::Incompatible(why) => *why == PeerIncompatible::IncorrectCertificateTypeExtension,
            Kind::PeerAlert(Alert(alert)) => {
                matches!(alert, HandshakeFailure | UnsupportedCertificate)
            }
            _ => false,
        }
    }

    /// Whether an alert ended the connection, so that neither side can send any more.
    pub(super) fn is_fatal(&self) -> bool {
        !matches!(self.kind(), Kind::Truncated | Kind::Io(_))
    }

    fn flow_kind(&self) -> ErrorKind {
        match self.kind() {
            Kind::Truncated => ErrorKind::Truncated,
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

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Error").field(self.kind()).finish()
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self.kind() {
            Kind::Io(error) => Some(error),
            Kind::Other(error) => Some(error),
            _ => None,
        }
    }
}
