//! The index of a segment: what would be lost with each record.

use std::ops::Range;

use super::{
    header::{HEADER, Header, Read, Which, u32_at},
    record::seal,
};

/// The length of a line before its tag.
const HEAD: usize = 16;

/// The longest tag of a line, in bytes.
const MAX_TAG: usize = (1 << 24) - 1;

/// What is noted of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) offset: u32,
    pub(super) length: u32,
    pub(super) kind: u8,
    /// Among the bytes of the index.
    pub(super) tag: Range<usize>,
}

/// What an index says.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) lines: Vec<Line>,
    /// Where the first byte is that is no part of a line.
    pub(super) end: u64,
    /// Whether something stands there, or the header is damaged.
    pub(super) damaged: bool,
}

/// Adds a line that will stand at `at` of the index file.
pub(super) fn write(out: &mut Vec<u8>, (salt, at): (u32, u64), line: (u32, u32, u8), tag: &[u8]) {
    let start = out.len();
    let (offset, length, kind) = line;
    let tag = &tag[..tag.len().min(MAX_TAG)];
    out.extend([0; 4]);
    out.extend(offset.to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend((u32::from(kind) | (tag.len() as u32) << 8).to_le_bytes());
    out.extend(tag);
    let checksum = seal(salt, at as u32, &out[start + 4..]);
    out[start..start + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Reads the file with the index of a segment that has this header.
pub(super) fn read(bytes: &[u8], header: &Header, purpose: u8) -> Index {
    let number = u32::try_from(header.number).unwrap_or(0);
    let found = Header::decode(bytes, purpose, Which::Index, number);
    if found != Read::Good(header.clone()) {
        return Index {
            damaged: true,
            ..Index::default()
        };
    }
    lines(bytes, HEADER, header.salt)
}

fn lines(bytes: &[u8], mut at: usize, salt: u32) -> Index {
    let mut lines: Vec<Line> = Vec::new();
    while let Some(head) = bytes
        .get(at..)
        .and_then(|bytes| bytes.first_chunk::<HEAD>())
    {
        let kind = u32_at(head, 12);
        let end = at + HEAD + (kind >> 8) as usize;
        let Some(rest) = bytes.get(at + 4..end) else {
            break;
        };
        let line = Line {
            offset: u32_at(head, 4),
            length: u32_at(head, 8),
            kind: kind as u8,
            tag: at + HEAD..end,
        };
        if seal(salt, at as u32, rest) != u32_at(head, 0) {
            break;
        }
        lines.push(line);
        at = end;
    }
    Index {
        lines,
        end: at as u64,
        damaged: at != bytes.len(),
    }
}

/// Checks on any bytes that what is read of them is written back as it was.
#[cfg(fuzzing)]
pub(super) fn assert_decodes_soundly(bytes: &[u8], salt: u32) {
    let index = lines(bytes, 0, salt);
    let mut again = Vec::new();
    for line in &index.lines {
        let at = again.len() as u64;
        let parts = (line.offset, line.length, line.kind);
        write(&mut again, (salt, at), parts, &bytes[line.tag.clone()]);
    }
    assert_eq!(again, bytes[..index.end as usize]);
    let mut written = Vec::new();
    write(&mut written, (salt, 0), (1, 2, 3), bytes);
    let index = lines(&written, 0, salt);
    assert!(!index.damaged);
    assert_eq!(
        written[index.lines[0].tag.clone()],
        bytes[..bytes.len().min(MAX_TAG)]
    );
}
