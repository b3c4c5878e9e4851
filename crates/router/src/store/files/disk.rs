//! The file layer on the disk.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use super::{Files, OpenFile};
use crate::store::{StoreError, StoreErrorKind};

/// The name of the file that is locked while the directory is in use.
const LOCK_FILE: &str = "lock";

/// A directory of the operating system, which nobody else uses while it lives.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    _lock: File,
}

impl Disk {
    /// Opens a directory, makes it (mode 0700) if it is not there, and locks it. The lock ends with
    /// the value, and with the process however that ends.
    ///
    /// # Errors
    /// [`StoreErrorKind::InUse`] when another process has it, [`StoreErrorKind::Disk`] when it
    /// cannot be used.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let unusable = |error| StoreError::disk("use", &name, error);
        let mut builder = DirBuilder::new();
        let builder = builder.recursive(true).mode(0o700);
        builder.create(path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        let lock = options.open(path.join(LOCK_FILE)).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                path: path.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => {
                let text = format!(
                    "the store {name} is in use by another process; stop that one or choose another directory"
                );
                Err(StoreError::new(StoreErrorKind::InUse, text))
            }
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }
}

impl Files for Disk {
    fn list(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        let options = options.create_new(true).read(true).write(true).mode(0o600);
        Ok(Box::new(options.open(self.path.join(name))?))
    }

    fn open(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true);
        Ok(Box::new(options.open(self.path.join(name))?))
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_directory(&mut self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl OpenFile for File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match std::os::unix::fs::FileExt::read_at(
                self,
                &mut buffer[done..],
                offset + done as u64,
            ) {
                Ok(0) => break,
                Ok(read) => done += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn set_length(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_used_by_one_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store");
        let first = Disk::open(&path).unwrap();
        let error = Disk::open(&path).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::InUse);
        assert!(error.to_string().contains("stop that one"), "{error}");
        drop(first);
        Disk::open(&path).unwrap();
    }

    #[test]
    fn names_a_directory_that_cannot_be_made() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Disk::open(&file.join("store")).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Disk);
        assert!(error.to_string().contains("file/store"), "{error}");
    }
}
