//! Identity files: the public half of a key, one line of text for others to read.

use std::path::Path;

use tuyau_wire::Identity;

use crate::file::{FileError, FileErrorKind, Named, Purpose};

/// The name that identity files have in a state directory.
pub const NAME: &str = "identity.pub";

fn named(path: &Path) -> Named<'_> {
    Named {
        purpose: Purpose::Identity,
        path,
    }
}

/// Reads the identity in a file of one line.
///
/// # Errors
/// When the file is missing, cannot be read, is no regular file, is empty or larger than 16 KiB, and
/// when the content is no identity: the source of that error is the
/// [`IdentityError`](tuyau_wire::IdentityError).
pub fn read(path: &Path) -> Result<Identity, FileError> {
    let text = named(path).read(|_| Ok(()))?;
    text.trim()
        .parse::<Identity>()
        .map_err(|error| named(path).error(FileErrorKind::Corrupt).with_source(error))
}

/// Writes an identity file that everyone may read, in place of the one that was there. Readers see
/// the old content or the new one. A file that says the same already is left alone.
///
/// Nothing waits for the disk, since the file says no more than the key does: one that a power cut
/// emptied or took is to be written again by whoever starts with that key.
///
/// # Errors
/// [`FileErrorKind::NoDirectory`], [`FileErrorKind::NotDirectory`] and
/// [`FileErrorKind::Unwritable`] when the file cannot be made.
pub fn write(path: &Path, identity: &Identity) -> Result<(), FileError> {
    if read(path).is_ok_and(|there| there == *identity) {
        return Ok(());
    }
    let file = named(path).write(format!("{identity}\n").as_bytes())?;
    publish(file.as_file()).map_err(|error| named(path).unwritable(error))?;
    file.persist(path)
        .map_err(|failed| named(path).unwritable(failed.error))?;
    Ok(())
}

#[cfg(unix)]
fn publish(file: &std::fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn publish(_: &std::fs::File) -> std::io::Result<()> {
    Ok(())
}
