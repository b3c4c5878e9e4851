//! Segments, and the one to which records are added.

use std::io;

use super::{
    Place,
    header::{HEADER, Header, Which, index_name, log_name},
    index, record,
};
use crate::store::{Files, StoreError, files::OpenFile};

/// What stays in memory between two commits, so that it is not asked for again, in bytes.
const KEPT_BUFFER: usize = 4 << 20;

/// What is known of a segment.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) number: u32,
    pub(super) header: Header,
    /// Where its last record ends.
    pub(super) end: u32,
    /// How many bytes of it matter.
    pub(super) live: u64,
}

impl Segment {
    pub(super) fn log_name(&self) -> String {
        log_name(self.number)
    }
}

/// The segment to which records are added.
pub(super) struct Active {
    number: u32,
    salt: u32,
    size: u32,
    log: Box<dyn OpenFile>,
    index: Box<dyn OpenFile>,
    /// Where what is in the files ends.
    written: u32,
    index_written: u64,
    /// Where what is on the disk ends.
    synced: u32,
    /// What comes behind it: records that are not written, and lines of those that are not synced.
    pending: Vec<u8>,
    lines: Vec<u8>,
}

impl Active {
    /// Makes the files of a segment. Both are certain to be found again when this returns.
    pub(super) fn create(
        files: &mut dyn Files,
        purpose: u8,
        header: &Header,
    ) -> Result<Self, StoreError> {
        let number = u32::try_from(header.number).unwrap_or(u32::MAX);
        let (log_name, index_name) = (log_name(number), index_name(number));
        let made = |name: &str, which, files: &mut dyn Files| -> io::Result<_> {
            let mut file = files.create(name)?;
            if which == Which::Log {
                file.set_length(header.size)?;
            }
            file.write_at(0, &header.encode(purpose, which))?;
            file.sync()?;
            Ok(file)
        };
        let failed = |name: &str, error| StoreError::disk("make", name, error);
        let log = made(&log_name, Which::Log, files).map_err(|error| failed(&log_name, error))?;
        let index =
            made(&index_name, Which::Index, files).map_err(|error| failed(&index_name, error))?;
        files
            .sync_directory()
            .map_err(|error| failed(&log_name, error))?;
        Ok(Self::over(
            header,
            (log, HEADER as u32),
            (index, HEADER as u64),
        ))
    }

    /// Goes on behind what is in the files and on the disk.
    pub(super) fn over(
        header: &Header,
        (log, written): (Box<dyn OpenFile>, u32),
        (index, index_written): (Box<dyn OpenFile>, u64),
    ) -> Self {
        Self {
            number: u32::try_from(header.number).unwrap_or(u32::MAX),
            salt: header.salt,
            size: u32::try_from(header.size).unwrap_or(u32::MAX),
            log,
            index,
            written,
            index_written,
            synced: written,
            pending: Vec::new(),
            lines: Vec::new(),
        }
    }

    pub(super) fn append(&mut self, kind: u8, tag: &[u8], rest: &[&[u8]]) -> Place {
        let offset = self.end();
        let back = offset - self.synced;
        record::write(
            &mut self.pending,
            (self.salt, offset, back),
            kind,
            tag,
            rest,
        );
        let length = self.end() - offset;
        let at = self.index_written + self.lines.len() as u64;
        index::write(
            &mut self.lines,
            (self.salt, at),
            (offset, length, kind),
            tag,
        );
        Place {
            segment: self.number,
            offset,
            length,
        }
    }

    /// Writes the records, and syncs them too when many have gathered that are not.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        if self.lines.len() > KEPT_BUFFER {
            return self.commit();
        }
        self.write()
    }

    /// Writes and syncs the records, and then notes in the index that they are there.
    pub(super) fn commit(&mut self) -> Result<(), StoreError> {
        self.write()?;
        if self.synced == self.written {
            return Ok(());
        }
        self.log
            .sync()
            .map_err(|error| StoreError::disk("sync", &log_name(self.number), error))?;
        self.index
            .write_at(self.index_written, &self.lines)
            .map_err(|error| StoreError::disk("write", &index_name(self.number), error))?;
        self.synced = self.written;
        self.index_written += self.lines.len() as u64;
        empty(&mut self.lines);
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.log
            .write_at(u64::from(self.written), &self.pending)
            .map_err(|error| StoreError::disk("write", &log_name(self.number), error))?;
        self.written = self.end();
        empty(&mut self.pending);
        Ok(())
    }

    /// Makes the index certain too, when no more is added.
    pub(super) fn seal(&mut self) -> Result<(), StoreError> {
        let name = index_name(self.number);
        self.index
            .sync()
            .map_err(|error| StoreError::disk("sync", &name, error))
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Where the next record goes.
    pub(super) fn end(&self) -> u32 {
        self.written + self.pending.len() as u32
    }

    pub(super) fn written(&self) -> u32 {
        self.written
    }

    pub(super) fn room(&self) -> u32 {
        self.size.saturating_sub(self.end())
    }

    /// Whether the record at an offset is not in the file yet.
    pub(super) fn has_pending(&self, offset: u32) -> bool {
        offset >= self.written
    }

    /// What is not in the file yet, and where it will be.
    pub(super) fn pending(&self) -> (&[u8], u32) {
        (&self.pending, self.written)
    }
}

fn empty(buffer: &mut Vec<u8>) {
    buffer.clear();
    buffer.shrink_to(KEPT_BUFFER);
}

/// Reads a file from its begin to its end.
pub(super) fn read_all(files: &mut dyn Files, name: &str, bytes: &mut Vec<u8>) -> io::Result<()> {
    let file = files.open(name)?;
    bytes.resize(usize::try_from(file.length()?).unwrap_or(usize::MAX), 0);
    let read = file.read_at(0, bytes)?;
    bytes.truncate(read);
    Ok(())
}

/// Removes a segment. Its index goes first and for certain: alone it would tell of records that are
/// lost.
pub(super) fn remove(files: &mut dyn Files, number: u32) -> Result<(), StoreError> {
    for name in [index_name(number), log_name(number)] {
        let removed = match files.remove(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        };
        removed
            .and_then(|()| files.sync_directory())
            .map_err(|error| StoreError::disk("remove", &name, error))?;
    }
    Ok(())
}
