//! Reading the file when it changed.

use std::{
    fs::{self, Metadata},
    io::Read as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::{Entries, HostsError, HostsErrorKind};

/// The longest hosts file that is read, in bytes: room for lists of some hundred thousand names.
pub const MAX_LENGTH: u64 = 8 << 20;

/// How old a change has to be for the file's time to tell it from the next one. Clocks of file
/// systems tick as slowly as every two seconds.
const SETTLED: Duration = Duration::from_secs(3);

/// A hosts file, and what was read of it last.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    read: Mutex<Option<(Stamp, Arc<Entries>)>>,
}

impl File {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            read: Mutex::new(None),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn entries(&self) -> Result<Arc<Entries>, HostsError> {
        let fail = |error| HostsError::io(&self.path, error);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Opening a pipe would wait for its other end.
        let metadata = fs::metadata(&self.path).map_err(fail)?;
        if !metadata.is_file() {
            return Err(HostsError::new(&self.path, HostsErrorKind::NotAFile));
        }
        let stamp = Stamp::of(&metadata);
        if let Some((known, entries)) = &*read
            && stamp.as_ref() == Some(known)
        {
            return Ok(entries.clone());
        }
        let mut text = Vec::new();
        let file = fs::File::open(&self.path).map_err(fail)?;
        let mut bounded = file.take(MAX_LENGTH + 1);
        bounded.read_to_end(&mut text).map_err(fail)?;
        if text.len() as u64 > MAX_LENGTH {
            return Err(HostsError::new(&self.path, HostsErrorKind::TooLong));
        }
        let entries = Arc::new(Entries::parse(&text));
        *read = stamp
            .filter(Stamp::is_settled)
            .map(|stamp| (stamp, entries.clone()));
        Ok(entries)
    }
}

/// What changes when a file does.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    length: u64,
    /// Device, inode, and the time of the last change of either; zeros where there is no such thing.
    place: (u64, u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Option<Self> {
        Some(Self {
            modified: metadata.modified().ok()?,
            length: metadata.len(),
            place: place(metadata),
        })
    }

    /// Whether a further change would change the stamp.
    fn is_settled(&self) -> bool {
        let age = SystemTime::now().duration_since(self.modified);
        age.is_ok_and(|age| age >= SETTLED)
    }
}

#[cfg(unix)]
fn place(metadata: &Metadata) -> (u64, u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (
        metadata.dev(),
        metadata.ino(),
        metadata.ctime(),
        metadata.ctime_nsec(),
    )
}

#[cfg(not(unix))]
fn place(_metadata: &Metadata) -> (u64, u64, i64, i64) {
    (0, 0, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(path: &Path) {
        let before = SystemTime::now() - Duration::from_secs(60);
        let file = fs::File::options().append(true).open(path).unwrap();
        file.set_modified(before).unwrap();
    }

    #[test]
    fn reads_a_file_once_and_again_when_it_changed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hosts");
        fs::write(&path, "10.0.0.1 one\n").unwrap();
        age(&path);
        let file = File::new(&path);
        let first = file.entries().unwrap();
        assert!(Arc::ptr_eq(&first, &file.entries().unwrap()));
        fs::write(&path, "10.0.0.2 one\n").unwrap();
        let second = file.entries().unwrap();
        assert_eq!(second.find("one")[0].to_string(), "10.0.0.2");
        // As long as the last change is recent, a further one may not show.
        assert!(!Arc::ptr_eq(&second, &file.entries().unwrap()));
    }

    #[test]
    fn notices_a_file_that_was_replaced_by_an_old_one() {
        let directory = tempfile::tempdir().unwrap();
        let (path, other) = (directory.path().join("hosts"), directory.path().join("new"));
        for (path, text) in [(&path, "10.0.0.1 one\n"), (&other, "10.0.0.2 one\n")] {
            fs::write(path, text).unwrap();
            age(path);
        }
        let file = File::new(&path);
        assert_eq!(
            file.entries().unwrap().find("one")[0].to_string(),
            "10.0.0.1"
        );
        fs::rename(&other, &path).unwrap();
        assert_eq!(
            file.entries().unwrap().find("one")[0].to_string(),
            "10.0.0.2"
        );
    }

    #[test]
    fn refuses_what_is_missing_too_long_or_no_file() {
        let directory = tempfile::tempdir().unwrap();
        let kind = |path: &Path| File::new(path).entries().unwrap_err().kind();
        let path = directory.path().join("hosts");
        assert_eq!(kind(&path), HostsErrorKind::Missing);
        assert_eq!(kind(directory.path()), HostsErrorKind::NotAFile);
        let file = fs::File::create(&path).unwrap();
        file.set_len(MAX_LENGTH).unwrap();
        assert!(File::new(&path).entries().is_ok());
        file.set_len(MAX_LENGTH + 1).unwrap();
        assert_eq!(kind(&path), HostsErrorKind::TooLong);
    }
}
