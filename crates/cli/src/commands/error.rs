//! Why a command failed.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use tuyau::{ListenError, tls};
use tuyau_client::{FileError, RequestError, ServiceError};
use tuyau_core::{BoxError, Chain, ConnectError};
use tuyau_router::{AdminError, SnapshotError};
use tuyau_wire::{HelloError, IdentityError};

use super::attempts::explained;
use super::connect::{CopyError, NameError};
use super::group::GrantFileError;
use super::policy::QuestionError;
use crate::config::{ConfigError, ConfigErrors};

/// Why a command failed.
#[derive(Debug)]
pub struct CommandError {
    kind: CommandErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`CommandError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommandErrorKind {
    /// The configuration is not valid.
    Config,
    /// A key file, an identity file or a state directory cannot be used.
    File,
    /// An identity on the command line is none.
    Identity,
    /// What an access policy is asked about does not go together.
    Question,
    /// TLS cannot be set up.
    Tls,
    /// What this program says of itself to its peers cannot be said.
    Hello,
    /// The service cannot begin.
    Service,
    /// The output cannot be written.
    Output,
    /// The runtime, or a part of the operating system that it needs, is not to be had.
    Runtime,
    /// What was to be found out turned out bad, and the output says what.
    Found,
    /// The router cannot begin.
    Router,
    /// A router could not be reached over its admin socket, or refused.
    Admin,
    /// A snapshot file cannot be read or written, or is damaged.
    Snapshot,
    /// The demo failed.
    Demo,
    /// What is to be connected to has no such name.
    Name,
    /// No connection came about.
    Connect,
    /// The command cannot listen.
    Listen,
    /// A connection, or what was to be copied over it, broke.
    Copy,
    /// A message was not sent, was refused, or cannot be made of what was given; or none came.
    Message,
    /// A signal ended the command before its end.
    Interrupted,
}

impl CommandError {
    /// An error without a cause.
    pub(super) fn new(kind: CommandErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// An error that says what its cause says.
    pub(super) fn caused(kind: CommandErrorKind, source: impl Into<BoxError>) -> Self {
        let source = Some(source.into());
        Self { kind, source }
    }

    /// A file that cannot be read or written.
    pub(super) fn file(path: &Path, verb: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::caused(
            CommandErrorKind::Snapshot,
            SnapshotFile { path, verb, source },
        )
    }

    /// A snapshot file that is damaged.
    pub(super) fn snapshot(path: &Path, error: SnapshotError) -> Self {
        let path = path.to_owned();
        Self::caused(CommandErrorKind::Snapshot, DamagedFile { path, error })
    }

    /// A state directory that a router or another demo has.
    pub(super) fn in_use(path: &Path) -> Self {
        let path = path.to_owned();
        Self::caused(CommandErrorKind::File, DirectoryInUse { path })
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> CommandErrorKind {
        self.kind
    }

    fn cause<E: Error + 'static>(&self) -> Option<&E> {
        self.source.as_ref()?.downcast_ref()
    }

    /// What there is to say on standard error; nothing when the output has said it.
    pub fn text(&self) -> Option<String> {
        if self.kind == CommandErrorKind::Found {
            return None;
        }
        // Problems of a configuration stand on lines of their own, with their causes.
        if let Some(errors) = self.cause::<ConfigErrors>() {
            return Some(format!("the configuration is not valid\n{errors}"));
        }
        Some(match self.cause::<ConnectError>() {
            Some(error) => explained(error),
            None => Chain(self).to_string(),
        })
    }
}

/// Transparent: it prints what its cause says.
impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.source, self.kind) {
            (Some(source), _) => source.fmt(f),
            (None, CommandErrorKind::Interrupted) => f.write_str("interrupted by a signal"),
            (None, _) => f.write_str("the command failed"),
        }
    }
}

impl Error for CommandError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref()?.source()
    }
}

/// A snapshot file that cannot be read or written.
#[derive(Debug)]
struct SnapshotFile {
    path: PathBuf,
    verb: &'static str,
    source: io::Error,
}

impl fmt::Display for SnapshotFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, path) = (self.verb, self.path.display());
        let remedy = match (self.source.kind(), verb) {
            (io::ErrorKind::NotFound, "read") => ": there is no such file; check the path",
            (io::ErrorKind::NotFound, _) => {
                ": the directory for it does not exist; make that first, or name another place"
            }
            (io::ErrorKind::NotADirectory, _) => {
                ": a part of its path is no directory; name another place"
            }
            _ => "; name another place, or let this user use that one",
        };
        write!(f, "cannot {verb} the snapshot {path}{remedy}")
    }
}

impl Error for SnapshotFile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => None,
            _ => Some(&self.source),
        }
    }
}

/// A snapshot file that is damaged.
#[derive(Debug)]
struct DamagedFile {
    path: PathBuf,
    error: SnapshotError,
}

impl fmt::Display for DamagedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "snapshot {}", self.path.display())
    }
}

impl Error for DamagedFile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.error)
    }
}

/// A state directory that a router or another demo has.
#[derive(Debug)]
struct DirectoryInUse {
    path: PathBuf,
}

impl fmt::Display for DirectoryInUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        write!(
            f,
            "state directory {path}: in use by a router or another demo; stop that one, or name \
             another directory with --state-dir"
        )
    }
}

impl Error for DirectoryInUse {}

macro_rules! kinds {
    ($($error:ty => $kind:ident),* $(,)?) => {
        $(impl From<$error> for CommandError {
            fn from(error: $error) -> Self {
                Self::caused(CommandErrorKind::$kind, error)
            }
        })*
    };
}

kinds! {
    ConfigErrors => Config,
    FileError => File,
    GrantFileError => File,
    IdentityError => Identity,
    tls::KeyError => Tls,
    tls::SetupError => Tls,
    HelloError => Hello,
    ServiceError => Service,
    RequestError => Message,
    AdminError => Admin,
    ConnectError => Connect,
    CopyError => Copy,
    ListenError => Listen,
    NameError => Name,
    QuestionError => Question,
    io::Error => Output,
}

impl From<ConfigError> for CommandError {
    fn from(error: ConfigError) -> Self {
        ConfigErrors::from(error).into()
    }
}
