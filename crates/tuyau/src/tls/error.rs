//! Why TLS failed.

use std::{error, fmt, io, sync::Arc};

use rustls::{AlertDescription, CertificateError, PeerIncompatible};
use tuyau_core::{ErrorKind, FlowError};

use super::{Alert, KeyFormat, PlainText, PublicKey, verify::Refusal};

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

/// Who the peer is, and how keys are printed.
#[derive(Clone, Copy)]
pub(super) struct Scene {
    pub(super) peer: Side,
    pub(super) format: KeyFormat,
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
    /// The peer speaks TLS 1.2 or older only.
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
    /// The peer's key is not an Ed25519 key, or one of the few that anyone can sign for.
    UnsupportedKey,
    /// The peer's certificate cannot be read or does not chain to the authority.
    BadCertificate(CertificateError),
    /// The peer refused, and says why.
    PeerAlert(Alert),
    /// The stream ended without `close_notify`, or in the middle of the handshake.
    Truncated,
    /// Nobody said which key to expect of the server, and there is no authority to vouch for its name.
    NoExpectedKey,
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
                None => Self::BadCertificate(error),
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

/// Prints a key as the application wants it.
struct Shown<'a>(&'a PublicKey, KeyFormat);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.1)(self.0, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, scene } = &*self.0;
        let (peer, format) = (scene.peer, scene.format);
        match kind {
            Kind::PlainText(text) => {
                write!(
                    f,
                    "expected TLS, but the {peer} sent {text}; {}",
                    not_tls(peer)
                )
            }
            Kind::VersionTooOld => write!(
                f,
                "the {peer} does not speak TLS 1.3, which is required; update its TLS library"
            ),
            Kind::NoCertificate => write!(
                f,
                "the {peer} presented no certificate; it must prove an Ed25519 key, give it a key pair"
            ),
            Kind::WrongKey { expected, found } => write!(
                f,
                "the {peer} proved the key {}, but {} was expected; \
                 check the identity, and whether the address is another's",
                Shown(found, format),
                Shown(expected, format)
            ),
            Kind::UnsupportedKey => write!(
                f,
                "the {peer}'s key is not a sound Ed25519 key, which is required; \
                 make it one, for example with `openssl genpkey -algorithm ed25519`"
            ),
            Kind::BadCertificate(why) => write!(
                f,
                "the {peer}'s certificate is not acceptable: {why}; \
                 check it, and the roots on this side"
            ),
            Kind::PeerAlert(alert) => {
                write!(
                    f,
                    "the {peer} refused with the alert {alert}: {}",
                    alert.hint()
                )
            }
            Kind::Truncated => write!(
                f,
                "the {peer} ended the stream without saying so (no close_notify); \
                 it stopped, or the connection was cut"
            ),
            Kind::NoExpectedKey => write!(
                f,
                "nobody said which key to expect of the {peer}; give its identity"
            ),
            Kind::Incompatible(PeerIncompatible::IncorrectCertificateTypeExtension) => write!(
                f,
                "the {peer} does not take this form of key; try the other one, raw key or X.509"
            ),
            Kind::Incompatible(_) => {
                write!(
                    f,
                    "the {peer}'s TLS has nothing in common with this one; update it"
                )
            }
            Kind::Io(_) => write!(f, "the connection to the {peer} failed"),
            Kind::Other(_) => write!(f, "the {peer} broke the rules of TLS"),
        }
    }
}

fn not_tls(peer: Side) -> &'static str {
    match peer {
        Side::Client => "let it connect with TLS",
        Side::Server => "check the address and the port",
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
