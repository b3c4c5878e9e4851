//! Why a clone failed.

use std::{
    error, fmt, io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tuyau_core::{AnyFlow, BoxError, ConnectError, Connected};

/// Why a clone failed. Printing one of a failed connect shows every attempt.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    source: Option<BoxError>,
    // A flow is for one thread at a time, and behind the lock the error is for all of them.
    over: Mutex<Option<Box<Connected<AnyFlow>>>>,
}

/// The kinds of [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// No connection came about; it holds the report.
    Connect(Box<ConnectError>),
    /// The connection came about under a key of which nobody said what is spoken there.
    NoDialect,
    /// The server and this side did not understand each other, or the flow failed.
    Protocol(&'static str),
    /// A web server answered with something else than success.
    Http {
        /// The status, such as 404.
        status: u16,
        /// What it is called, or where the repository went.
        reason: String,
    },
    /// The server sent a reference that is not safe to write.
    Reference(String),
    /// The pack is damaged.
    Pack,
    /// The files of the newest commit cannot be written.
    Checkout(PathBuf),
    /// There is something at the destination already.
    Exists(PathBuf),
    /// A file or directory cannot be written.
    File(PathBuf),
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Takes out the connection that the clone failed over, when this library made it. The library
    /// does not know what carried it; an application that does finds more in the flow, such as what a
    /// command on the server complained of.
    pub fn take_connected(&mut self) -> Option<Connected<AnyFlow>> {
        let over = self.over.get_mut();
        let over = over.unwrap_or_else(PoisonError::into_inner);
        over.take().map(|connected| *connected)
    }

    pub(crate) fn over(mut self, connected: Connected<AnyFlow>) -> Self {
        self.over = Mutex::new(Some(Box::new(connected)));
        self
    }

    pub(crate) fn because(kind: Kind, source: impl Into<BoxError>) -> Self {
        Self {
            source: Some(source.into()),
            ..kind.into()
        }
    }

    pub(crate) fn file(path: &Path, source: io::Error) -> Self {
        Self::because(Kind::File(path.to_owned()), source)
    }
}

/// For `map_err`: a failure of the protocol while doing `what`.
pub(crate) fn protocol<E: Into<BoxError>>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |source| {
        let source = source.into();
        // An answer of a web server is told as what it is, however deep it was found.
        let mut next: Option<&(dyn error::Error + 'static)> = Some(&*source);
        while let Some(cause) = next {
            let inner = cause
                .downcast_ref::<io::Error>()
                .and_then(|it| it.get_ref());
            if let Some(answer) = inner.and_then(|it| it.downcast_ref::<crate::http::Refusal>()) {
                return answer.clone().into();
            }
            next = cause.source();
        }
        Error::because(Kind::Protocol(what), source)
    }
}

impl From<Kind> for Error {
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            source: None,
            over: Mutex::new(None),
        }
    }
}

impl From<ConnectError> for Error {
    fn from(error: ConnectError) -> Self {
        Kind::Connect(Box::new(error)).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Connect(error) => error.fmt(f),
            Kind::NoDialect => f.write_str("nobody said how Git is spoken over this connection"),
            Kind::Protocol(what) => write!(f, "cannot {what}"),
            Kind::Http { status, reason } => {
                write!(
                    f,
                    "the web server answered {status} {reason}; check the path"
                )
            }
            Kind::Reference(name) => {
                write!(
                    f,
                    "the server has a reference with a name that is not valid: {name:?}"
                )
            }
            Kind::Pack => f.write_str("the server's pack is damaged"),
            Kind::Checkout(path) => write!(f, "cannot check out {}", path.display()),
            Kind::Exists(path) => write!(
                f,
                "{} is there already and not an empty directory; choose another",
                path.display()
            ),
            Kind::File(path) => write!(f, "cannot write {}", path.display()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Connect(error) => error.source(),
            _ => self.source.as_ref().map(|source| &**source as _),
        }
    }
}
