//! Why a side of the layer cannot be set up.

use std::{error::Error, fmt};

use tuyau_core::BoxError;

/// Why a side of the layer cannot be set up: says which file and line, as far as it is about one.
#[derive(Debug)]
pub struct SetupError {
    kind: SetupErrorKind,
    place: Option<String>,
    source: Option<BoxError>,
}

/// The kinds of [`SetupError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetupErrorKind {
    /// Our chain is not one or more PEM certificates.
    Chain,
    /// Our private key is not one that the crypto provider can read.
    PrivateKey,
    /// Our private key is not that of the first certificate of our chain.
    ForeignKey,
    /// The roots are not one or more PEM certificates of authorities.
    Roots,
    /// The operating system has no authorities that can be read.
    NoPlatformRoots,
    /// The first certificate of our chain is not for our Ed25519 key.
    ForeignCertificate,
    /// The self-signed certificate cannot be made.
    SelfSigned,
    /// A server must prove something.
    NothingToProve,
    /// Clients are to present certificates, and no authority is there to judge them by.
    NoClientRoots,
    /// TLS 1.2 knows neither raw public keys nor identities.
    Tls12,
    /// The crypto provider lacks something.
    Provider,
}

impl SetupError {
    pub(in crate::tls) fn new(kind: SetupErrorKind, source: impl Into<BoxError>) -> Self {
        let source = Some(source.into());
        Self {
            kind,
            place: None,
            source,
        }
    }

    /// The same error with where it is: a line, or the file around a line.
    pub(in crate::tls) fn at(mut self, place: impl fmt::Display) -> Self {
        self.place = Some(match self.place {
            None => place.to_string(),
            Some(inner) => format!("{place}, {inner}"),
        });
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> SetupErrorKind {
        self.kind
    }
}

impl From<SetupErrorKind> for SetupError {
    fn from(kind: SetupErrorKind) -> Self {
        Self {
            kind,
            place: None,
            source: None,
        }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        f.write_str(match self.kind {
            SetupErrorKind::Chain => {
                "the certificate chain is not usable; expected PEM certificates, the own one first"
            }
            SetupErrorKind::PrivateKey => {
                "the private key is not usable; expected one PEM key in PKCS#8, SEC 1 or PKCS#1, \
                 not encrypted"
            }
            SetupErrorKind::ForeignKey => {
                "the private key is not that of the first certificate of the chain; \
                 give the key with which that certificate was made"
            }
            SetupErrorKind::Roots => {
                "the roots are not usable; expected one or more PEM certificates of authorities"
            }
            SetupErrorKind::NoPlatformRoots => {
                "the operating system has no certificates of authorities that can be read; \
                 install them (the package ca-certificates), or set SSL_CERT_FILE"
            }
            SetupErrorKind::ForeignCertificate => {
                "the first certificate of the chain is not for this key pair; \
                 have a certificate made for its Ed25519 public key"
            }
            SetupErrorKind::SelfSigned => "the self-signed certificate cannot be made",
            SetupErrorKind::NothingToProve => {
                "a server must prove something; make the settings with a key or with credentials"
            }
            SetupErrorKind::NoClientRoots => {
                "clients are asked for certificates, but nothing says which to accept; \
                 set an authenticator with the roots of their authority"
            }
            SetupErrorKind::Tls12 => {
                "TLS 1.2 knows no raw public keys and no identities; \
                 allow it only between certificates of authorities"
            }
            SetupErrorKind::Provider => "the crypto provider cannot do what is needed",
        })
    }
}

impl Error for SetupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
