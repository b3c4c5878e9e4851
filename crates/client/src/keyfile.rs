//! Key files: PKCS#8 in PEM, for their owner alone, made once and never overwritten.

use std::{cell::Cell, fs::Metadata, io, path::Path};

use tuyau_wire::{SecretKey, SecretKeyErrorKind};

use crate::file::{FileError, FileErrorKind, Named, Purpose};

/// What every PEM private key has in its first line, whatever its format.
const PEM_LABEL: &str = "PRIVATE KEY-----";

fn named(path: &Path) -> Named<'_> {
    Named {
        purpose: Purpose::Key,
        path,
    }
}

/// Reads the secret key in a key file.
///
/// # Errors
/// When the file is missing, cannot be read, is no regular file, is empty or larger than 16 KiB,
/// when there is no PEM private key in it, when there is one and its permission bits let its group or
/// others read, write or execute it, and when that key is damaged or of another kind: the source of
/// that error is the [`SecretKeyError`](tuyau_wire::SecretKeyError).
///
/// ```
/// use tuyau_client::keyfile;
///
/// # let directory = tempfile::tempdir()?;
/// let path = directory.path().join("identity.pem");
/// let made = keyfile::create(&path)?;
/// assert_eq!(keyfile::load(&path)?.identity(), made.identity());
/// assert!(keyfile::create(&path).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn load(path: &Path) -> Result<SecretKey, FileError> {
    // Judged after the content: advice about the mode is wrong for a file that is no key file.
    let mode = Cell::new(Ok(()));
    let text = named(path).read(|metadata| {
        mode.set(check_mode(metadata));
        Ok(())
    })?;
    if !text.contains(PEM_LABEL) {
        return Err(named(path).error(FileErrorKind::NoKey));
    }
    mode.get().map_err(|kind| named(path).error(kind))?;
    SecretKey::from_pkcs8_pem(&text)
        .map_err(|error| named(path).error(FileErrorKind::Corrupt).with_source(error))
}

/// Makes a new key and a key file for it, with mode 0600.
///
/// The file appears under its name with its whole content or not at all, and replaces nothing. The
/// directory must be there.
///
/// # Errors
/// [`FileErrorKind::Exists`] when there is something under that name, and
/// [`FileErrorKind::NoDirectory`], [`FileErrorKind::NotDirectory`] and
/// [`FileErrorKind::Unwritable`] when the file cannot be made.
pub fn create(path: &Path) -> Result<SecretKey, FileError> {
    let key = SecretKey::generate().map_err(|error| {
        let kind = match error.kind() {
            SecretKeyErrorKind::Random => FileErrorKind::Random,
            _ => FileErrorKind::Unwritable,
        };
        named(path).error(kind).with_source(error)
    })?;
    let file = named(path).prepare(key.to_pkcs8_pem().as_bytes())?;
    file.persist_noclobber(path).map_err(|failed| {
        let error = failed.error;
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                named(path).error(FileErrorKind::Exists).with_source(error)
            }
            _ => named(path).unwritable(error),
        }
    })?;
    named(path).sync_directory()?;
    Ok(key)
}

/// Reads the key file, or makes it with a new key when there is none. Of several processes that do
/// this at the same time one makes the key, and all have it.
///
/// # Errors
/// As [`load`] and [`create`].
pub fn load_or_create(path: &Path) -> Result<SecretKey, FileError> {
    match load(path) {
        Err(error) if error.kind() == FileErrorKind::NotFound => {}
        result => return result,
    }
    match create(path) {
        Err(error) if error.kind() == FileErrorKind::Exists => load(path),
        result => result,
    }
}

#[cfg(unix)]
fn check_mode(metadata: &Metadata) -> Result<(), FileErrorKind> {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(FileErrorKind::TooOpen(mode))
    }
}

#[cfg(not(unix))]
fn check_mode(_: &Metadata) -> Result<(), FileErrorKind> {
    Ok(())
}
