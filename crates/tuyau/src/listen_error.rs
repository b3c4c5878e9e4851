//! Why listening at an address failed.

use std::{error::Error, fmt, io};

use tuyau_core::{Address, BoxError, EndpointError};

/// Why it is not possible to listen at an address: says where, why and what to do.
#[derive(Debug)]
pub struct ListenError {
    address: Box<str>,
    kind: ListenErrorKind,
    remedy: Box<str>,
    source: Option<BoxError>,
}

/// The kinds of [`ListenError`] a caller can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListenErrorKind {
    /// Another listener has the address.
    InUse,
    /// The operating system does not permit it.
    Denied,
    /// The address is none of this machine's, or its directory does not exist.
    NotAvailable,
    /// Nothing here listens at addresses of this scheme.
    UnsupportedScheme,
    /// The address lacks something or is too long.
    Invalid,
    /// A file that is not a socket has the path; it is left alone.
    NotASocket,
    /// Anything else; the source says what.
    Other,
}

impl ListenError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ListenErrorKind {
        self.kind
    }

    /// The address, as far as it was understood.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The same error about `address`: what listens through a layer is known by its outer address.
    pub fn at(mut self, address: &Address) -> Self {
        self.address = address.to_string().into();
        self
    }

    /// Makes an error about an address, with what to do.
    pub fn new(
        address: impl fmt::Display,
        kind: ListenErrorKind,
        remedy: impl Into<Box<str>>,
    ) -> Self {
        Self {
            address: address.to_string().into(),
            kind,
            remedy: remedy.into(),
            source: None,
        }
    }

    /// The same error with its cause.
    pub fn because(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Another listener has the address.
    pub fn in_use(address: impl fmt::Display, remedy: &str) -> Self {
        Self::new(address, ListenErrorKind::InUse, remedy)
    }

    /// The address is not one that can be listened at, with what was expected of it.
    pub fn invalid(
        address: impl fmt::Display,
        expected: &str,
        source: impl Into<BoxError>,
    ) -> Self {
        Self::new(
            address,
            ListenErrorKind::Invalid,
            format!("expected {expected}"),
        )
        .because(source)
    }

    /// The operating system refused: its error says the kind and what to do, and is the source where
    /// it says more than the kind.
    pub fn from_io(address: impl fmt::Display, error: io::Error) -> Self {
        let (kind, remedy) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                ListenErrorKind::InUse,
                "stop the program that listens there or choose another address",
            ),
            io::ErrorKind::PermissionDenied => (
                ListenErrorKind::Denied,
                "choose a port above 1023 or a path that this user may write to",
            ),
            io::ErrorKind::AddrNotAvailable => (
                ListenErrorKind::NotAvailable,
                "choose an address of this machine, or 0.0.0.0 or [::] for all of them",
            ),
            io::ErrorKind::NotFound => (
                ListenErrorKind::NotAvailable,
                "make its directory or choose another path",
            ),
            _ => (ListenErrorKind::Other, "choose another address"),
        };
        let failed = Self::new(address, kind, remedy);
        match error.kind() {
            // The kind says all that the operating system has to say.
            io::ErrorKind::AddrInUse
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::PermissionDenied => failed,
            _ => failed.because(error),
        }
    }
}

impl From<EndpointError> for ListenError {
    fn from(error: EndpointError) -> Self {
        let remedy = format!("expected {}", error.expected());
        Self::new(error.address(), ListenErrorKind::Invalid, remedy)
    }
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.kind {
            ListenErrorKind::InUse => "the address is in use",
            ListenErrorKind::Denied => "permission denied",
            ListenErrorKind::NotAvailable => "the address is not available here",
            ListenErrorKind::UnsupportedScheme => "nothing listens at such addresses",
            ListenErrorKind::Invalid => "the address is not valid for listening",
            ListenErrorKind::NotASocket => "a file that is not a socket is in the way",
            ListenErrorKind::Other => "the system refused",
        };
        let (address, remedy) = (&self.address, &self.remedy);
        write!(f, "cannot listen at {address}: {reason}; {remedy}")
    }
}

impl Error for ListenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
