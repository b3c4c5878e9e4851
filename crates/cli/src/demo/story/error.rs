//! Why a step of the demo failed.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use tuyau_core::BoxError;
use tuyau_router::{SnapshotError, StartError};
use tuyau_wire::RejectCode;

/// Why a step of the demo failed.
#[derive(Debug)]
pub struct StoryError {
    kind: StoryErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`StoryError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoryErrorKind {
    /// The router did not start.
    Start,
    /// The router has ended.
    Ended,
    /// The router refused a message.
    Rejected(RejectCode, String),
    /// The demo holds the key of no identity in the table.
    NoKey,
    /// A message could not be made.
    Message,
    /// The snapshot file cannot be read or written.
    File(PathBuf),
    /// There is no snapshot file yet.
    NoSnapshot(PathBuf),
    /// The snapshot file is damaged.
    Damaged(PathBuf),
    /// The process of a test service could not be started.
    Spawn,
}

impl StoryError {
    /// What failed.
    pub fn kind(&self) -> &StoryErrorKind {
        &self.kind
    }

    fn new(kind: StoryErrorKind, source: impl Into<BoxError>) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    pub(super) fn start(error: StartError) -> Self {
        Self::new(StoryErrorKind::Start, error)
    }

    pub(super) fn ended() -> Self {
        Self {
            kind: StoryErrorKind::Ended,
            source: None,
        }
    }

    pub(super) fn rejected(code: RejectCode, text: &str) -> Self {
        Self {
            kind: StoryErrorKind::Rejected(code, text.to_owned()),
            source: None,
        }
    }

    pub(super) fn no_key() -> Self {
        Self {
            kind: StoryErrorKind::NoKey,
            source: None,
        }
    }

    pub(super) fn random(error: impl Into<BoxError>) -> Self {
        Self::new(StoryErrorKind::Message, error)
    }

    pub(super) fn sign(error: impl Into<BoxError>) -> Self {
        Self::new(StoryErrorKind::Message, error)
    }

    pub(super) fn route(error: impl Into<BoxError>) -> Self {
        Self::new(StoryErrorKind::Message, error)
    }

    pub(super) fn file(path: &Path, error: io::Error) -> Self {
        Self::new(StoryErrorKind::File(path.to_owned()), error)
    }

    /// A snapshot that cannot be read, most often because none was saved yet.
    pub(super) fn unread(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => {
                Self::new(StoryErrorKind::NoSnapshot(path.to_owned()), error)
            }
            _ => Self::file(path, error),
        }
    }

    pub(super) fn damaged(path: &Path, error: SnapshotError) -> Self {
        Self::new(StoryErrorKind::Damaged(path.to_owned()), error)
    }

    pub(super) fn spawn(error: impl Into<BoxError>) -> Self {
        Self::new(StoryErrorKind::Spawn, error)
    }
}

impl fmt::Display for StoryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StoryErrorKind::Start => f.write_str("the demo's router did not start"),
            StoryErrorKind::Ended => f.write_str("the demo's router has ended"),
            StoryErrorKind::Rejected(code, text) => write!(f, "the router refused: {code}: {text}"),
            StoryErrorKind::NoKey => {
                f.write_str("no key in the table is one of the demo's; make one with m")
            }
            StoryErrorKind::Message => f.write_str("a message could not be made"),
            StoryErrorKind::File(path) => {
                let path = path.display();
                write!(
                    f,
                    "snapshot file {path} cannot be used; let this user read and write it"
                )
            }
            StoryErrorKind::NoSnapshot(path) => {
                write!(f, "no snapshot {}; save one first with s", path.display())
            }
            StoryErrorKind::Damaged(path) => {
                write!(
                    f,
                    "{} is no good, the state stays as it was",
                    path.display()
                )
            }
            StoryErrorKind::Spawn => f.write_str("the service could not be started"),
        }
    }
}

impl Error for StoryError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
