//! What is in a segment, whatever happened to it.

use super::{
    Place,
    header::HEADER,
    index::{Index, Line},
    record::{self, Found, HEAD, Record},
};
use crate::store::Damage;

/// A record, or a place where one was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(super) offset: u32,
    /// With everything.
    pub(super) length: u32,
    /// Zero when it is not known.
    pub(super) kind: u8,
    pub(super) verdict: Verdict,
    tag: Tag,
    tag_length: u32,
}

/// Where the tag of a piece can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// Behind its head.
    Log,
    /// At this place of the index.
    Index(u32),
}

/// How a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    Bad(Damage),
}

/// What is in a segment.
pub(super) struct Scan {
    pub(super) pieces: Vec<Piece>,
    /// What lies before was certainly synced.
    pub(super) synced: u32,
    /// Where the last byte that is not zero ends.
    pub(super) used: u32,
}

impl Piece {
    pub(super) fn place(&self, segment: u32) -> Place {
        Place {
            segment,
            offset: self.offset,
            length: self.length,
        }
    }

    /// The tag and the rest of a good record.
    pub(super) fn parts<'a>(&self, log: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let body = self.offset as usize + HEAD;
        let end = (self.offset + self.length) as usize;
        log[body..end].split_at(self.tag_length as usize)
    }

    /// The tag, as far as it is known.
    pub(super) fn tag<'a>(&self, log: &'a [u8], index: &'a [u8]) -> &'a [u8] {
        let (bytes, at) = match self.tag {
            Tag::Log => (log, self.offset as usize + HEAD),
            Tag::Index(at) => (index, at as usize),
        };
        let tag = bytes.get(at..at + self.tag_length as usize);
        tag.unwrap_or_default()
    }

    pub(super) fn end(&self) -> u32 {
        self.offset.saturating_add(self.length)
    }

    fn of(record: &Record, offset: u32, verdict: Verdict) -> Self {
        Self {
            offset,
            length: record.rest.end as u32 - offset,
            kind: record.kind,
            verdict,
            tag: Tag::Log,
            tag_length: record.tag.len() as u32,
        }
    }

    fn noted(line: &Line, damage: Damage) -> Self {
        Self {
            offset: line.offset,
            length: line.length.max(HEAD as u32),
            kind: line.kind,
            verdict: Verdict::Bad(damage),
            tag: Tag::Index(line.tag.start as u32),
            tag_length: line.tag.len() as u32,
        }
    }

    fn unknown(offset: u32, end: u32) -> Self {
        Self {
            offset,
            length: end - offset,
            kind: 0,
            verdict: Verdict::Bad(Damage::Checksum),
            tag: Tag::Log,
            tag_length: 0,
        }
    }
}

impl Scan {
    /// Takes away what was never certainly there, and gives where that began: the first damage
    /// behind what was synced, and everything behind it.
    pub(super) fn cut(&mut self) -> Option<u32> {
        let unfinished =
            |piece: &Piece| piece.verdict != Verdict::Good && piece.offset >= self.synced;
        let at = self.pieces.iter().position(unfinished)?;
        let offset = self.pieces[at].offset;
        self.pieces.truncate(at);
        Some(offset)
    }
}

/// Finds the records of a segment, and what the index tells of those that are damaged.
pub(super) fn scan(log: &[u8], index: &Index, salt: u32) -> Scan {
    let lines = &index.lines[..];
    let used = log
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    let mut scan = Scan {
        pieces: Vec::with_capacity(lines.len()),
        synced: lines
            .last()
            .map_or(0, |line| line.offset.saturating_add(line.length)),
        used: used as u32,
    };
    let (mut at, mut line) = (HEADER, 0);
    while at < log.len() {
        let offset = at as u32;
        while lines.get(line).is_some_and(|line| line.offset < offset) {
            line += 1;
        }
        let piece = match record::read(log, at, salt, offset) {
            Found::Good(record) => {
                scan.synced = scan.synced.max(offset.saturating_sub(record.back));
                Piece::of(&record, offset, Verdict::Good)
            }
            Found::Damaged(record) => Piece::of(&record, offset, Verdict::Bad(Damage::Checksum)),
            Found::Cut(record) => Piece::of(&record, offset, Verdict::Bad(Damage::Missing)),
            Found::Nothing => match lines.get(line) {
                Some(line) if line.offset == offset => {
                    let there = line.offset.saturating_add(line.length) as usize <= used;
                    let damage = if there {
                        Damage::Checksum
                    } else {
                        Damage::Missing
                    };
                    Piece::noted(line, damage)
                }
                Some(line) => Piece::unknown(offset, line.offset),
                None if at >= used => break,
                None => Piece::unknown(offset, next_head(log, at + 1, used, salt)),
            },
        };
        at = piece.end() as usize;
        scan.pieces.push(piece);
    }
    // What the index tells of behind the end of a file that was cut off.
    let end = scan.pieces.last().map_or(0, Piece::end);
    let missing = lines.iter().filter(|line| line.offset >= end);
    let missing = missing.map(|line| Piece::noted(line, Damage::Missing));
    scan.pieces.extend(missing);
    scan
}

/// Where the next head of a record is, or the end of what is there.
fn next_head(log: &[u8], from: usize, used: usize, salt: u32) -> u32 {
    let found = (from..used).find(|&at| record::read(log, at, salt, at as u32) != Found::Nothing);
    found.unwrap_or(used) as u32
}
