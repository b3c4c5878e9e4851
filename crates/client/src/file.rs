//! Small files with strict rules: what key files and identity files share.

mod error;

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

pub use error::{FileError, FileErrorKind};

/// The longest key file or identity file that is read, in bytes. Real ones have some hundred; the
/// bound keeps a wrong path from filling the memory.
const LENGTH_MAX: u64 = 16_384;

/// What a file is for, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Key,
    Identity,
    State,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Key => "key file",
            Self::Identity => "identity file",
            Self::State => "state directory",
        }
    }
}

/// A file with its purpose, so that errors can name both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) path: &'a Path,
}

impl Named<'_> {
    pub(crate) fn error(self, kind: FileErrorKind) -> FileError {
        FileError::new(self.purpose, self.path, kind)
    }

    fn unreadable(self, error: io::Error) -> FileError {
        match error.kind() {
            // The kind says all that the operating system has to say.
            io::ErrorKind::NotFound => self.error(FileErrorKind::NotFound),
            _ => self.error(FileErrorKind::Unreadable).with_source(error),
        }
    }

    pub(crate) fn unwritable(self, error: io::Error) -> FileError {
        match error.kind() {
            io::ErrorKind::NotFound => self.error(FileErrorKind::NoDirectory),
            io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
                self.error(FileErrorKind::NotDirectory)
            }
            _ => self
                .error(FileErrorKind::Unwritable)
                .with_source(without_path(error)),
        }
    }

    /// Reads the whole file as text, after `check` has seen what kind of file it is.
    pub(crate) fn read(
        self,
        check: impl Fn(&Metadata) -> Result<(), FileErrorKind>,
    ) -> Result<Zeroizing<String>, FileError> {
        let file = self.open(check)?;
        // Room for everything at once: a buffer that grew would leave copies of a key behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH_MAX as usize + 1));
        let mut limited = file.take(LENGTH_MAX + 1);
        limited
            .read_to_end(&mut bytes)
            .map_err(|error| self.unreadable(error))?;
        if bytes.len() as u64 > LENGTH_MAX {
            return Err(self.error(FileErrorKind::TooLarge));
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) if text.trim().is_empty() => Err(self.error(FileErrorKind::Empty)),
            Ok(text) => Ok(Zeroizing::new(text.to_owned())),
            Err(error) => Err(self.error(FileErrorKind::Corrupt).with_source(error)),
        }
    }

    fn open(
        self,
        check: impl Fn(&Metadata) -> Result<(), FileErrorKind>,
    ) -> Result<File, FileError> {
        // Looked at before it is opened, because opening a pipe would wait for its other end.
        let metadata = self
            .path
            .metadata()
            .map_err(|error| self.unreadable(error))?;
        if !metadata.is_file() {
            return Err(self.error(FileErrorKind::NotRegular));
        }
        let file = File::open(self.path).map_err(|error| self.unreadable(error))?;
        // Looked at again through the open file, which nobody can exchange any more.
        let metadata = file.metadata().map_err(|error| self.unreadable(error))?;
        if !metadata.is_file() {
            return Err(self.error(FileErrorKind::NotRegular));
        }
        check(&metadata).map_err(|kind| self.error(kind))?;
        Ok(file)
    }

    /// A file beside this one that holds `content`.
    pub(crate) fn write(self, content: &[u8]) -> Result<NamedTempFile, FileError> {
        let write = || {
            let mut file = tempfile::Builder::new()
                .prefix(".tuyau-")
                .tempfile_in(directory(self.path))?;
            file.write_all(content)?;
            Ok(file)
        };
        write().map_err(|error| self.unwritable(error))
    }

    /// The same, and it is on the disk.
    pub(crate) fn prepare(self, content: &[u8]) -> Result<NamedTempFile, FileError> {
        let file = self.write(content)?;
        let synced = file.as_file().sync_all();
        synced.map_err(|error| self.unwritable(error))?;
        Ok(file)
    }

    /// Puts the directory entry of a file that was moved to its place on the disk.
    pub(crate) fn sync_directory(self) -> Result<(), FileError> {
        let sync = || {
            OpenOptions::new()
                .read(true)
                .open(directory(self.path))?
                .sync_all()
        };
        sync().map_err(|error| self.unwritable(error))
    }
}

/// What went wrong, without the name of a temporary file, which is nothing to the reader.
fn without_path(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => error.kind().into(),
    }
}

/// The directory that a file is in.
pub(crate) fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}
