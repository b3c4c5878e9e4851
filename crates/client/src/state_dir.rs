//! State directories: where a router or a service keeps its key and what it has to remember.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    path::Path,
};

use crate::file::{FileError, FileErrorKind, Named, Purpose};

/// The name of the file that is locked while the directory is in use. A router locks the same one.
const LOCK_FILE: &str = "lock";

/// Keeps a state directory from other routers and services as long as it lives. The lock also ends
/// with the process, however that ends; the file stays.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Makes a state directory, and those above it that are missing, for their owner alone (mode 0700),
/// and finds out whether files can be made in it. One that is there keeps its permissions.
///
/// # Errors
/// [`FileErrorKind::NotDirectory`] when there is something else, and
/// [`FileErrorKind::Unwritable`] when it cannot be made or takes no files.
pub fn create(path: &Path) -> Result<(), FileError> {
    let named = Named {
        purpose: Purpose::State,
        path,
    };
    make(path).map_err(|error| named.unwritable(error))?;
    tempfile::Builder::new()
        .prefix(".tuyau-")
        .tempfile_in(path)
        .map_err(|error| named.unwritable(error))?;
    Ok(())
}

/// Locks a state directory, which must be there, against every other router and service: two of them
/// with one key would take each other's place at the router.
///
/// # Errors
/// [`FileErrorKind::InUse`] when another one has it, [`FileErrorKind::NoDirectory`] when it is not
/// there, and [`FileErrorKind::Unwritable`] when it cannot be locked.
///
/// ```
/// use tuyau_client::{FileErrorKind, state_dir};
///
/// # let directory = tempfile::tempdir()?;
/// let lock = state_dir::lock(directory.path())?;
/// let error = state_dir::lock(directory.path()).unwrap_err();
/// assert_eq!(error.kind(), FileErrorKind::InUse);
/// drop(lock);
/// state_dir::lock(directory.path())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lock(path: &Path) -> Result<Lock, FileError> {
    let named = Named {
        purpose: Purpose::State,
        path,
    };
    let file = open_lock(&path.join(LOCK_FILE)).map_err(|error| named.unwritable(error))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { _file: file }),
        Err(TryLockError::WouldBlock) => Err(named.error(FileErrorKind::InUse)),
        Err(TryLockError::Error(error)) => Err(named.unwritable(error)),
    }
}

fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}
