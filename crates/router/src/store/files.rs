//! The file layer beneath the logs.

mod disk;
mod simulated;

use std::io;

pub use disk::Disk;
pub use simulated::{Fault, Random, SimulatedDisk};

/// The files of one directory, as far as the store needs them.
///
/// [`Disk`] is the real one. [`SimulatedDisk`] forgets or tears what was not synced.
pub trait Files: Send {
    /// The names of the files, in any order.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&mut self) -> io::Result<Vec<String>>;

    /// Makes a file, which must not be there. Its name is certain to be found after a power cut
    /// only once [`Files::sync_directory`] has returned.
    ///
    /// # Errors
    /// When it cannot be made.
    fn create(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn open(&mut self, name: &str) -> io::Result<Box<dyn OpenFile>>;

    /// Removes a file. It may be found again after a power cut until [`Files::sync_directory`] has
    /// returned.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&mut self, name: &str) -> io::Result<()>;

    /// Returns once all that was made and removed is on the disk.
    ///
    /// # Errors
    /// When that is not certain.
    fn sync_directory(&mut self) -> io::Result<()>;
}

/// An open file.
pub trait OpenFile: Send {
    /// Its length in bytes.
    ///
    /// # Errors
    /// When it cannot be told.
    fn length(&self) -> io::Result<u64>;

    /// Reads from a place until the buffer is full or the file ends, and gives how much was read.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes all of the bytes at a place.
    ///
    /// # Errors
    /// When not all of them were written; some may have been.
    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Cuts the file off, or makes it longer by zeros.
    ///
    /// # Errors
    /// When that cannot be done.
    fn set_length(&mut self, length: u64) -> io::Result<()>;

    /// Returns once all that was written is on the disk.
    ///
    /// # Errors
    /// When that is not certain. What was written before may be there or not, and a later call that
    /// succeeds says nothing about it.
    fn sync(&mut self) -> io::Result<()>;
}
