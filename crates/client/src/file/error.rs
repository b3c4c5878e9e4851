//! Why a file was refused.

use std::{
    error::Error,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::Purpose;

/// Why a key file, an identity file or a state directory could not be used.
///
/// Printing it names the file, what was expected and what to do; the cause is its source.
#[derive(Clone, Debug)]
pub struct FileError {
    purpose: Purpose,
    path: PathBuf,
    kind: FileErrorKind,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The kinds of [`FileError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// There is no such file.
    NotFound,
    /// The operating system does not let this process read it.
    Unreadable,
    /// It is a directory, a pipe or a device.
    NotRegular,
    /// Others than its owner may read or write it; these are its permission bits.
    TooOpen(u32),
    /// There is nothing in it.
    Empty,
    /// It is larger than such a file can be.
    TooLarge,
    /// What is in it is not what it should be; the source says where and why.
    Corrupt,
    /// There is such a file already, and it is not overwritten.
    Exists,
    /// The file or directory cannot be made or written.
    Unwritable,
    /// The directory that the file is to be made in is not there.
    NoDirectory,
    /// Where a directory should be, or a part of the path, is something else.
    NotDirectory,
    /// Another router or service uses the directory.
    InUse,
    /// There is no private key in PEM in it, not even a damaged one.
    NoKey,
    /// The operating system gave no random numbers for a new key.
    Random,
}

impl FileError {
    pub(super) fn new(purpose: Purpose, path: &Path, kind: FileErrorKind) -> Self {
        let path = path.to_owned();
        Self {
            purpose,
            path,
            kind,
            source: None,
        }
    }

    pub(crate) fn with_source(mut self, source: impl Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> FileErrorKind {
        self.kind
    }

    /// The file or directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What to do about a file that is not there.
    fn origin(&self) -> &'static str {
        match self.purpose {
            Purpose::Key => "make one with `tuyau key new`",
            Purpose::Identity => "the router writes it when it starts: start the router first",
            Purpose::State => "make it first",
        }
    }

    /// What to do about a file whose content is of no use.
    fn replacement(&self) -> &'static str {
        match self.purpose {
            Purpose::Key => "restore it from a copy, or move it away and make a new key",
            Purpose::Identity => {
                "name another file; that of a router is identity.pub in its state directory"
            }
            Purpose::State => "name another one",
        }
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, path) = (self.purpose.name(), self.path.display());
        write!(f, "{name} {path}: ")?;
        match self.kind {
            FileErrorKind::NotFound => {
                write!(f, "expected a file, found none: {}", self.origin())
            }
            FileErrorKind::Unreadable => write!(
                f,
                "this user cannot read it: make it readable for its owner alone (`chmod 600 \
                 {path}`) and run as that owner"
            ),
            FileErrorKind::NotRegular => {
                f.write_str("expected a regular file, found something else: name another one")
            }
            FileErrorKind::TooOpen(mode) => write!(
                f,
                "expected mode 0600, found {mode:04o}, which lets others read or write the secret \
                 key: run `chmod 600 {path}`"
            ),
            FileErrorKind::Empty => {
                write!(f, "there is no content in it: {}", self.replacement())
            }
            FileErrorKind::TooLarge => {
                let max = super::LENGTH_MAX;
                write!(
                    f,
                    "expected at most {max} bytes, found more: name another file"
                )
            }
            FileErrorKind::Corrupt => {
                let remedy = self.replacement();
                let article = match self.purpose {
                    Purpose::Identity => "an",
                    Purpose::Key | Purpose::State => "a",
                };
                write!(f, "the content is not that of {article} {name}: {remedy}")
            }
            FileErrorKind::Exists => {
                f.write_str("it is there already and is never overwritten: name another file")
            }
            FileErrorKind::Unwritable => f.write_str(
                "this user cannot write it: name another place, or let this user write to its \
                 directory",
            ),
            FileErrorKind::NoDirectory => f.write_str(
                "the directory for it does not exist: make that first, or name another place",
            ),
            FileErrorKind::NotDirectory => f.write_str(match self.purpose {
                Purpose::State => {
                    "expected a directory, found something else under this name or on the way to \
                     it: name another place"
                }
                Purpose::Key | Purpose::Identity => {
                    "a part of its path is no directory: name another place"
                }
            }),
            FileErrorKind::InUse => f.write_str(
                "in use by another service: stop that one, or name another directory with \
                 `state_dir`",
            ),
            FileErrorKind::NoKey => {
                f.write_str("there is no PEM private key in it: name another file")
            }
            FileErrorKind::Random => {
                f.write_str("the operating system gave no random numbers for a new key")
            }
        }
    }
}

impl Error for FileError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
