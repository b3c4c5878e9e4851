//! Reading records again, some of what follows with them.

use std::{collections::VecDeque, io};

use super::Place;
use crate::store::{Files, files::OpenFile};

/// How many files are kept open for reading.
const OPEN: usize = 16;

/// The least and the most that is read at once, in bytes, when records are not longer.
const LEAST: u32 = 4 << 10;
const MOST: u32 = 256 << 10;

/// What was read last, and the files from which.
pub(super) struct Reader {
    files: VecDeque<(u32, Box<dyn OpenFile>)>,
    buffer: Vec<u8>,
    segment: u32,
    start: u32,
    ahead: u32,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self {
            files: VecDeque::new(),
            buffer: Vec::new(),
            segment: 0,
            start: 0,
            ahead: LEAST,
        }
    }

    /// Gives bytes with those of a record among them, as far as the file has them, and where they
    /// begin. Those below `end` do not change any more.
    pub(super) fn read(
        &mut self,
        files: &mut dyn Files,
        name: &str,
        place: Place,
        end: u32,
    ) -> io::Result<(&[u8], u32)> {
        if !self.has(place) {
            self.ahead = if self.follows(place) {
                MOST.min(2 * self.ahead)
            } else {
                LEAST
            };
            let length = self.ahead.min(end.saturating_sub(place.offset));
            let length = length.max(place.length) as usize;
            self.segment = 0;
            self.buffer.resize(length, 0);
            self.open(files, name, place.segment)?;
            let read = match self.files.front() {
                Some((_, file)) => file.read_at(u64::from(place.offset), &mut self.buffer)?,
                None => 0,
            };
            self.buffer.truncate(read);
            (self.segment, self.start) = (place.segment, place.offset);
        }
        Ok((&self.buffer, self.start))
    }

    /// Forgets a segment that is removed.
    pub(super) fn forget(&mut self, segment: u32) {
        self.files.retain(|(number, _)| *number != segment);
        if self.segment == segment {
            self.segment = 0;
        }
    }

    fn has(&self, place: Place) -> bool {
        let end = u64::from(self.start) + self.buffer.len() as u64;
        self.segment == place.segment
            && place.offset >= self.start
            && u64::from(place.offset) + u64::from(place.length) <= end
    }

    /// Whether a place is one to which somebody comes who reads in order.
    fn follows(&self, place: Place) -> bool {
        let behind = u64::from(self.start) + 2 * self.buffer.len() as u64;
        self.segment == place.segment
            && place.offset >= self.start
            && u64::from(place.offset) <= behind
    }

    /// Puts the file of a segment in front.
    fn open(&mut self, files: &mut dyn Files, name: &str, segment: u32) -> io::Result<()> {
        let found = self.files.iter().position(|(number, _)| *number == segment);
        let file = match found.and_then(|at| self.files.remove(at)) {
            Some((_, file)) => file,
            None => files.open(name)?,
        };
        self.files.push_front((segment, file));
        self.files.truncate(OPEN);
        Ok(())
    }
}
