//! One record.

use std::ops::Range;

use crc32fast::Hasher;

use super::header::u32_at;

/// The length of a record's head, before its tag.
pub(super) const HEAD: usize = 24;

/// What is at some place.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A record.
    Good(Record),
    /// A record whose head and tag are good and whose rest is not.
    Damaged(Record),
    /// A record whose head and tag are good and that goes on behind the end.
    Cut(Record),
    /// No head of a record.
    Nothing,
}

/// Where the parts of a record are among the bytes in which it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) kind: u8,
    /// How many bytes before this record its commit begins.
    pub(super) back: u32,
    pub(super) tag: Range<usize>,
    pub(super) rest: Range<usize>,
}

/// The length of a record of these parts.
pub(super) fn length(tag: &[u8], rest: &[&[u8]]) -> u32 {
    let rest: usize = rest.iter().map(|part| part.len()).sum();
    u32::try_from(HEAD + tag.len() + rest).unwrap_or(u32::MAX)
}

/// Adds a record that will stand at `offset`, and whose commit begins `back` bytes before.
pub(super) fn write(
    out: &mut Vec<u8>,
    (salt, offset, back): (u32, u32, u32),
    kind: u8,
    tag: &[u8],
    rest: &[&[u8]],
) {
    let start = out.len();
    let length = length(tag, rest) - HEAD as u32;
    out.extend([0; 8]);
    out.extend(length.to_le_bytes());
    out.extend((tag.len() as u32).to_le_bytes());
    out.extend(back.to_le_bytes());
    out.extend([kind, 0, 0, 0]);
    out.extend(tag);
    let body = out.len();
    for part in rest {
        out.extend_from_slice(part);
    }
    let rest = crc32fast::hash(&out[body..]).to_le_bytes();
    out[start + 4..start + 8].copy_from_slice(&rest);
    let head = seal(salt, offset, &out[start + 4..body]).to_le_bytes();
    out[start..start + 4].copy_from_slice(&head);
}

/// Looks for a record at a place among bytes, which is `offset` in the file.
pub(super) fn read(bytes: &[u8], at: usize, salt: u32, offset: u32) -> Found {
    let Some(head) = bytes
        .get(at..)
        .and_then(|bytes| bytes.first_chunk::<HEAD>())
    else {
        return Found::Nothing;
    };
    let (length, tag) = (u32_at(head, 8) as usize, u32_at(head, 12) as usize);
    let body = at + HEAD + tag;
    let shaped = head[20] != 0 && head[21..] == [0, 0, 0] && tag <= length;
    if !shaped || body > bytes.len() {
        return Found::Nothing;
    }
    if seal(salt, offset, &bytes[at + 4..body]) != u32_at(head, 0) {
        return Found::Nothing;
    }
    let end = at + HEAD + length;
    let record = Record {
        kind: head[20],
        back: u32_at(head, 16),
        tag: at + HEAD..body,
        rest: body..end,
    };
    match bytes.get(body..end) {
        None => Found::Cut(record),
        Some(rest) if crc32fast::hash(rest) == u32_at(head, 4) => Found::Good(record),
        Some(_) => Found::Damaged(record),
    }
}

/// The checksum of what belongs to one place of one segment.
pub(super) fn seal(salt: u32, offset: u32, bytes: &[u8]) -> u32 {
    let mut hasher = Hasher::new_with_initial(salt.wrapping_add(offset));
    hasher.update(bytes);
    hasher.finalize()
}

/// Checks on any bytes that records and lines of the index are refused or written back as they were.
#[cfg(fuzzing)]
pub(crate) fn assert_decodes_soundly(bytes: &[u8]) {
    let (salt, offset) = (u32_at(bytes, 0), u32_at(bytes, 4));
    for at in 0..bytes.len().min(64) {
        let Found::Good(found) = read(bytes, at, salt, offset) else {
            continue;
        };
        let (tag, rest) = (&bytes[found.tag.clone()], &bytes[found.rest.clone()]);
        let mut again = Vec::new();
        write(
            &mut again,
            (salt, offset, found.back),
            found.kind,
            tag,
            &[rest],
        );
        assert_eq!(again, bytes[at..found.rest.end]);
    }
    super::index::assert_decodes_soundly(bytes, salt);
    // The fuzzer does not find checksums: the bytes as a record.
    let (tag, rest) = bytes.split_at(bytes.len() / 3);
    let mut written = Vec::new();
    write(&mut written, (salt, offset, 7), 3, tag, &[rest]);
    let Found::Good(found) = read(&written, 0, salt, offset) else {
        panic!("a record is not found where it was written");
    };
    assert_eq!((found.kind, found.back), (3, 7));
    assert_eq!((&written[found.tag], &written[found.rest]), (tag, rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let mut bytes = vec![9; 5];
        write(&mut bytes, (7, 1000, 40), 3, b"tag", &[b"re", b"st"]);
        bytes
    }

    #[test]
    fn a_record_is_found_as_it_was_written() {
        let bytes = written();
        let Found::Good(found) = read(&bytes, 5, 7, 1000) else {
            panic!("not found")
        };
        assert_eq!((found.kind, found.back), (3, 40));
        assert_eq!(
            (&bytes[found.tag], &bytes[found.rest]),
            (&b"tag"[..], &b"rest"[..])
        );
    }

    #[test]
    fn a_record_counts_only_where_it_was_written() {
        let bytes = written();
        assert_eq!(read(&bytes, 5, 8, 1000), Found::Nothing);
        assert_eq!(read(&bytes, 5, 7, 1001), Found::Nothing);
        assert_eq!(read(&bytes, 4, 7, 1000), Found::Nothing);
    }

    #[test]
    fn every_flipped_bit_shows_and_the_tag_outlives_those_of_the_rest() {
        let bytes = written();
        for bit in 0..8 * (bytes.len() - 5) {
            let mut flipped = bytes.clone();
            flipped[5 + bit / 8] ^= 1 << (bit % 8);
            match read(&flipped, 5, 7, 1000) {
                Found::Nothing => assert!(bit / 8 < HEAD + 3),
                Found::Damaged(found) => {
                    assert!(bit / 8 >= HEAD + 3);
                    assert_eq!(&flipped[found.tag], b"tag");
                }
                other => panic!("bit {bit}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_cut_shows() {
        let bytes = written();
        for length in 5..bytes.len() {
            match read(&bytes[..length], 5, 7, 1000) {
                Found::Nothing => assert!(length < 5 + HEAD + 3),
                Found::Cut(found) => assert_eq!(&bytes[found.tag], b"tag"),
                other => panic!("{length} bytes: {other:?}"),
            }
        }
    }
}
