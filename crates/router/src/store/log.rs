//! The log in which the store's implementations on the disk keep everything.
//!
//! # What is on the disk
//!
//! A log is a directory of *segments*, numbered from 1 without gaps. Records are added to the newest
//! one; the oldest one is removed when what still matters in it has been added again. A segment is
//! two files:
//!
//! - `0000000001.log` has the records. It gets its full length, which its header says, when it is
//!   made, so that a sync writes no metadata and a file that was cut off shows. Behind the last
//!   record are zeros.
//! - `0000000001.index` repeats of each record where it is and its *tag*, which says what would be
//!   lost with it. A line is written after the record's sync: what has a line was on the disk.
//!
//! All numbers are little-endian, and all checksums CRC-32 (IEEE 802.3). Those of records and lines
//! begin with the segment's salt plus the offset, so that nothing counts as a record elsewhere than
//! where it was written: neither what an earlier file left behind nor what a body imitates.
//!
//! | file header, 44 bytes | |
//! |---|---|
//! | 8 | `tuyau.`, then `s` (spool) or `d` (directory), then `l` (log) or `i` (index) |
//! | 4 | the version, 1 |
//! | 4 | the salt |
//! | 8 | the segment's number |
//! | 8 | the owner's number: every position or revision before this segment is below it |
//! | 8 | the length of the log file |
//! | 4 | checksum of these |
//!
//! | record | |
//! |---|---|
//! | 4 | checksum of the next 20 bytes and the tag |
//! | 4 | checksum of the rest |
//! | 4 | length of the tag and the rest |
//! | 4 | length of the tag |
//! | 4 | how many bytes before this record its commit begins: what was synced by then |
//! | 1 | the kind |
//! | 3 | zero |
//! | … | the tag, the rest |
//!
//! | line of the index | |
//! |---|---|
//! | 4 | checksum of what follows |
//! | 4 | offset of the record |
//! | 4 | its length with everything |
//! | 4 | its kind, and from the second byte on the length of the tag |
//! | … | the tag |
//!
//! # What survives
//!
//! Damage to a record costs that record: where the next one begins is known from its length or from
//! the index, and what is lost from its tag or from the index.
//!
//! A record that was not whole when the power went is not damage: it is cut off with everything
//! behind it. The two are told apart by what is *certain to have been synced*: all that has a line in
//! the index, all that lies before the begin of the commit of any good record, all segments but the
//! newest. Below that, damage is loss and is told; above it, nothing was ever acknowledged.
//!
//! An error of the disk while something is written or synced is final: after it nobody knows what
//! is on the disk (a later sync that succeeds does not tell), so every later call gives it again,
//! until the log is opened anew and reads what is there.

mod header;
mod index;
mod open;
mod reading;
mod record;
mod scan;
mod segment;

use std::collections::VecDeque;

pub(crate) use header::u64_at;
pub(crate) use open::{Event, Found};
#[cfg(fuzzing)]
pub(crate) use record::assert_decodes_soundly;
pub(crate) use scan::Verdict;

use self::{
    header::{HEADER, Header},
    reading::Reader,
    segment::{Active, Segment},
};
use super::{Damage, Files, StoreError, files::Random};

/// How a log is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSettings {
    /// Which owner it belongs to, in the header of its files.
    pub(crate) purpose: u8,
    /// The length of a segment in bytes, unless a record needs more.
    pub(crate) segment_bytes: u32,
    /// What the salts follow from.
    pub(crate) seed: u64,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: u32,
    pub(crate) offset: u32,
    /// With its head and its tag.
    pub(crate) length: u32,
}

/// A log that is open.
pub(crate) struct Log {
    files: Box<dyn Files>,
    settings: LogSettings,
    random: Random,
    segments: VecDeque<Segment>,
    active: Option<Active>,
    reader: Reader,
    /// The owner's number, for the header of the next segment.
    pub(crate) base: u64,
    /// Bytes of records that still matter, in all segments.
    live: u64,
    next_number: u32,
    failed: Option<StoreError>,
}

impl Log {
    /// Adds a record; it is on the disk after the next commit.
    pub(crate) fn append(
        &mut self,
        kind: u8,
        tag: &[u8],
        rest: &[&[u8]],
    ) -> Result<Place, StoreError> {
        self.check()?;
        let length = record::length(tag, rest);
        let fits = |active: &Active| active.room() >= length;
        if !self.active.as_ref().is_some_and(fits) {
            self.roll(length)?;
        }
        let Some(active) = &mut self.active else {
            return self.check().map(|()| Place {
                segment: 0,
                offset: 0,
                length: 0,
            });
        };
        let place = active.append(kind, tag, rest);
        if let Some(segment) = self.segments.back_mut() {
            segment.end = active.end();
        }
        Ok(place)
    }

    /// Hands all records to the operating system; they are on the disk after the next commit.
    pub(crate) fn flush(&mut self) -> Result<(), StoreError> {
        self.check()?;
        match &mut self.active {
            Some(active) => {
                let done = active.flush();
                self.keep(done)
            }
            None => Ok(()),
        }
    }

    /// Returns once all records are on the disk.
    pub(crate) fn commit(&mut self) -> Result<(), StoreError> {
        self.check()?;
        match &mut self.active {
            Some(active) => {
                let done = active.commit();
                self.keep(done)
            }
            None => Ok(()),
        }
    }

    /// Reads a record without its head and tag, or tells how it is damaged.
    pub(crate) fn read(&mut self, place: Place) -> Result<Result<&[u8], Damage>, StoreError> {
        self.check()?;
        let Some(segment) = find(&self.segments, place.segment) else {
            return Ok(Err(Damage::Missing));
        };
        let (salt, name) = (segment.header.salt, &segment.log_name());
        let active = self.active.as_ref();
        let active = active.filter(|active| active.number() == place.segment);
        let (bytes, start) = match active {
            Some(active) if active.has_pending(place.offset) => active.pending(),
            _ => {
                let end = active.map_or(segment.end, Active::written);
                let read = self.reader.read(&mut *self.files, name, place, end);
                read.map_err(|error| StoreError::disk("read", name, error))?
            }
        };
        let at = (place.offset - start) as usize;
        Ok(match record::read(bytes, at, salt, place.offset) {
            record::Found::Good(found) => Ok(&bytes[found.rest]),
            record::Found::Damaged(_) | record::Found::Nothing => Err(Damage::Checksum),
            record::Found::Cut(_) => Err(Damage::Missing),
        })
    }

    /// The name of the file in which a place is.
    pub(crate) fn file_name(&self, number: u32) -> String {
        header::log_name(number)
    }

    /// Says that so many bytes of a segment matter from now on.
    pub(crate) fn retain(&mut self, number: u32, bytes: u64) {
        self.live += bytes;
        if let Some(segment) = find_mut(&mut self.segments, number) {
            segment.live += bytes;
        }
    }

    /// Says that so many bytes of a segment do not matter any more.
    pub(crate) fn release(&mut self, number: u32, bytes: u64) {
        self.live = self.live.saturating_sub(bytes);
        if let Some(segment) = find_mut(&mut self.segments, number) {
            segment.live = segment.live.saturating_sub(bytes);
        }
    }

    /// The oldest segment, when removing it would make room: nothing in it matters, or less than
    /// half of all that is kept does, beyond some segments.
    pub(crate) fn worth_cleaning(&self) -> Option<u32> {
        let oldest = self.segments.front()?;
        let kept: u64 = self
            .segments
            .iter()
            .map(|segment| u64::from(segment.end))
            .sum();
        let slack = 2 * u64::from(self.settings.segment_bytes);
        let worth = oldest.live == 0 || kept > 2 * self.live + slack;
        (self.segments.len() > 1 && worth).then_some(oldest.number)
    }

    /// Reads a whole segment, for cleaning; nothing when nothing in it matters.
    pub(crate) fn contents(&mut self, number: u32) -> Result<Contents, StoreError> {
        self.check()?;
        let Some(segment) = find(&self.segments, number).filter(|segment| segment.live > 0) else {
            return Ok(Contents {
                number,
                ..Contents::default()
            });
        };
        let name = segment.log_name();
        let (mut bytes, mut index) = (Vec::new(), Vec::new());
        segment::read_all(&mut *self.files, &name, &mut bytes)
            .map_err(|error| StoreError::disk("read", &name, error))?;
        let (salt, header) = (segment.header.salt, segment.header.clone());
        // Without the index it is only less certain what damaged places are.
        let _ = segment::read_all(&mut *self.files, &header::index_name(number), &mut index);
        let lines = index::read(&index, &header, self.settings.purpose);
        let pieces = scan::scan(&bytes, &lines, salt).pieces;
        Ok(Contents {
            number,
            bytes,
            pieces: pieces.into(),
        })
    }

    /// Removes the oldest segment. What mattered in it has been added again and committed.
    pub(crate) fn remove_oldest(&mut self) -> Result<(), StoreError> {
        self.check()?;
        let Some(oldest) = self.segments.front() else {
            return Ok(());
        };
        let number = oldest.number;
        let done = segment::remove(&mut *self.files, number);
        self.keep(done)?;
        self.reader.forget(number);
        if let Some(oldest) = self.segments.pop_front() {
            self.live = self.live.saturating_sub(oldest.live);
        }
        Ok(())
    }

    /// The bytes that all segments take, without their indexes.
    pub(crate) fn bytes(&self) -> u64 {
        self.segments
            .iter()
            .map(|segment| u64::from(segment.end))
            .sum()
    }

    /// Ends the newest segment and begins another one that has room for a record.
    fn roll(&mut self, length: u32) -> Result<(), StoreError> {
        if let Some(mut active) = self.active.take() {
            // What comes into the next segment must not be there without what is in this one.
            let done = active.commit().and_then(|()| active.seal());
            self.keep(done)?;
        }
        let number = self.next_number;
        let needed = length.saturating_add(HEADER as u32);
        let header = Header {
            salt: self.random.next() as u32,
            number: u64::from(number),
            base: self.base,
            size: u64::from(self.settings.segment_bytes.max(needed)),
        };
        let made = Active::create(&mut *self.files, self.settings.purpose, &header);
        let active = match made {
            Ok(active) => active,
            Err(error) => return self.keep(Err(error)),
        };
        self.next_number += 1;
        self.segments.push_back(Segment {
            number,
            header,
            end: HEADER as u32,
            live: 0,
        });
        self.active = Some(active);
        Ok(())
    }

    /// Fails when something failed before.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match &self.failed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Keeps an error for all who come later.
    fn keep(&mut self, done: Result<(), StoreError>) -> Result<(), StoreError> {
        if let Err(error) = &done {
            self.failed = Some(error.clone());
        }
        done
    }
}

/// The records of a segment that is cleaned.
#[derive(Default)]
pub(crate) struct Contents {
    number: u32,
    bytes: Vec<u8>,
    pieces: VecDeque<scan::Piece>,
}

impl Contents {
    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The next good record: where it is, its kind, its tag, the rest.
    pub(crate) fn next(&mut self) -> Option<(Place, u8, &[u8], &[u8])> {
        while let Some(piece) = self.pieces.pop_front() {
            if piece.verdict == Verdict::Good {
                let place = piece.place(self.number);
                let (tag, rest) = piece.parts(&self.bytes);
                return Some((place, piece.kind, tag, rest));
            }
        }
        None
    }
}

fn find(segments: &VecDeque<Segment>, number: u32) -> Option<&Segment> {
    let at = segments.binary_search_by_key(&number, |segment| segment.number);
    segments.get(at.ok()?)
}

fn find_mut(segments: &mut VecDeque<Segment>, number: u32) -> Option<&mut Segment> {
    let at = segments.binary_search_by_key(&number, |segment| segment.number);
    segments.get_mut(at.ok()?)
}
