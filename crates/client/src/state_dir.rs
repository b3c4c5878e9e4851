//! State directories: where a router or a service keeps its key and what it has to remember.

use std::{fs::DirBuilder, io, path::Path};

use crate::file::{FileError, Named, Purpose};

/// Makes a state directory, and those above it that are missing, for their owner alone (mode 0700),
/// and finds out whether files can be made in it. One that is there keeps its permissions.
///
/// # Errors
/// [`FileErrorKind::Unwritable`](crate::FileErrorKind::Unwritable) when it cannot be made, is no
/// directory, or takes no files.
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

#[cfg(unix)]
fn make(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}
