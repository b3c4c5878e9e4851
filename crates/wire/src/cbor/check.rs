//! One pass over a data item that refuses all but its deterministic encoding.

use core::ops::Range;

use super::head::{self, Head, HeadError};
use crate::{DecodeError, DecodeErrorKind as Kind, MAX_DEPTH};

/// Checks that `bytes` are exactly one CBOR data item in deterministic encoding.
///
/// That is (RFC 8949 section 4.2.1): every head in its shortest form, definite lengths, map keys
/// sorted by their encoded bytes and unique, text in UTF-8; nothing after the item; and arrays and
/// maps nested at most [`MAX_DEPTH`] deep. Tags, floating-point numbers and simple values other
/// than false, true and null do not occur in the protocol and are refused.
///
/// It runs in time linear to the length, without recursion and without an allocation, whatever
/// lengths the bytes claim.
///
/// # Errors
/// The first thing that is wrong, with its offset.
///
/// ```
/// use tuyau_wire::{DecodeErrorKind, cbor};
///
/// assert!(cbor::check(&[0x82, 0x01, 0x41, 0xff]).is_ok());
///
/// let error = cbor::check(&[0x82, 0x01, 0x18, 0x05]).unwrap_err();
/// assert_eq!((error.kind(), error.offset()), (DecodeErrorKind::NotShortest, 2));
/// ```
pub fn check(bytes: &[u8]) -> Result<(), DecodeError> {
    let mut open = Open::default();
    let mut at = 0;
    loop {
        let head = Head::read(&bytes[at..]).map_err(|error| head_error(bytes, at, error))?;
        let content = at + head.length;
        at = match head.major {
            head::UNSIGNED | head::NEGATIVE => content,
            head::BYTES => string_end(bytes, at, head)?,
            head::TEXT => text_end(bytes, at, head)?,
            head::ARRAY | head::MAP if head.value > 0 => {
                open.push(bytes, at, head)?;
                at = content;
                continue;
            }
            head::ARRAY | head::MAP => content,
            head::TAG => return Err(unsupported(bytes, at)),
            _ if matches!(bytes[at], 0xf4..=0xf6) => content,
            _ => return Err(unsupported(bytes, at)),
        };
        if open.close(bytes, at)? {
            break;
        }
    }
    if at < bytes.len() {
        let expected = "the end of the message";
        return Err(DecodeError::new(Kind::Trailing, at, expected, "more bytes"));
    }
    Ok(())
}

fn unsupported(bytes: &[u8], at: usize) -> DecodeError {
    let expected = "an integer, a string, an array, a map, a boolean or null";
    DecodeError::new(Kind::Unsupported, at, expected, head::name(bytes[at]))
}

fn head_error(bytes: &[u8], at: usize, error: HeadError) -> DecodeError {
    let name = bytes.get(at).map_or("nothing", |&first| head::name(first));
    match error {
        HeadError::Truncated(_) => {
            DecodeError::new(Kind::Truncated, bytes.len(), "more bytes", "the end")
        }
        HeadError::Reserved => {
            let expected = "a data item";
            DecodeError::new(Kind::Reserved, at, expected, "a reserved first byte")
        }
        HeadError::Indefinite => {
            let expected = "an item of definite length";
            DecodeError::new(Kind::Indefinite, at, expected, "an indefinite length")
        }
        HeadError::NotShortest => {
            let expected = "the shortest form of a number or length";
            DecodeError::new(Kind::NotShortest, at, expected, "a longer one").in_field(name)
        }
    }
}

/// The end of a string; its claimed length is compared before it is added to anything.
fn string_end(bytes: &[u8], at: usize, head: Head) -> Result<usize, DecodeError> {
    let content = at + head.length;
    let available = bytes.len() - content;
    match usize::try_from(head.value) {
        Ok(length) if length <= available => Ok(content + length),
        _ => Err(DecodeError::new(
            Kind::Truncated,
            bytes.len(),
            "more of a string",
            "the end",
        )),
    }
}

fn text_end(bytes: &[u8], at: usize, head: Head) -> Result<usize, DecodeError> {
    let end = string_end(bytes, at, head)?;
    let content = at + head.length;
    match core::str::from_utf8(&bytes[content..end]) {
        Ok(_) => Ok(end),
        Err(error) => {
            let at = content + error.valid_up_to();
            Err(DecodeError::new(
                Kind::Utf8,
                at,
                "text in UTF-8",
                "other bytes",
            ))
        }
    }
}

/// The arrays and maps that have begun and not ended, outermost first.
#[derive(Default)]
struct Open {
    levels: [Level; MAX_DEPTH],
    depth: usize,
}

#[derive(Clone, Default)]
struct Level {
    /// How many items are still to come; keys and values are counted each.
    remaining: u64,
    is_map: bool,
    /// Where the item that is being read begins.
    item_start: usize,
    previous_key: Option<Range<usize>>,
}

impl Open {
    fn push(&mut self, bytes: &[u8], at: usize, head: Head) -> Result<(), DecodeError> {
        let is_map = head.major == head::MAP;
        let content = at + head.length;
        // Each item takes a byte at least, so a larger count cannot be satisfied. This keeps the
        // product below in range.
        if head.value > (bytes.len() - content) as u64 {
            let expected = "as many elements as announced";
            return Err(DecodeError::new(
                Kind::Truncated,
                bytes.len(),
                expected,
                "the end",
            ));
        }
        let Some(level) = self.levels.get_mut(self.depth) else {
            let expected = "at most 16 nested arrays and maps";
            return Err(DecodeError::new(Kind::Depth, at, expected, "another"));
        };
        let remaining = if is_map { 2 * head.value } else { head.value };
        *level = Level {
            remaining,
            is_map,
            item_start: content,
            previous_key: None,
        };
        self.depth += 1;
        Ok(())
    }

    /// Takes note that an item ends at `at`, and with it perhaps the arrays and maps around it.
    /// Says whether the outermost item has ended.
    fn close(&mut self, bytes: &[u8], at: usize) -> Result<bool, DecodeError> {
        while let Some(level) = self
            .depth
            .checked_sub(1)
            .and_then(|top| self.levels.get_mut(top))
        {
            if level.is_map && level.remaining % 2 == 0 {
                level.check_key(bytes, at)?;
            }
            level.remaining -= 1;
            level.item_start = at;
            if level.remaining > 0 {
                return Ok(false);
            }
            self.depth -= 1;
        }
        Ok(true)
    }
}

impl Level {
    fn check_key(&mut self, bytes: &[u8], end: usize) -> Result<(), DecodeError> {
        let key = self.item_start..end;
        if let Some(previous) = &self.previous_key {
            let found = match bytes[key.clone()].cmp(&bytes[previous.clone()]) {
                core::cmp::Ordering::Greater => None,
                core::cmp::Ordering::Equal => Some("the same key again"),
                core::cmp::Ordering::Less => Some("a lesser one"),
            };
            if let Some(found) = found {
                let expected = "a key after the one before it";
                return Err(DecodeError::new(Kind::KeyOrder, key.start, expected, found));
            }
        }
        self.previous_key = Some(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::{vec, vec::Vec};

    use super::*;

    fn refused(bytes: &[u8]) -> (Kind, usize) {
        let error = check(bytes).unwrap_err();
        (error.kind(), error.offset())
    }

    #[test]
    fn accepts_deterministic_items() {
        for bytes in [
            &[0x00][..],
            &[0x38, 0x18],
            &[0x80],
            &[0xa0],
            &[0xf4],
            &[0xf5],
            &[0xf6],
            &[0x63, 0xe2, 0x82, 0xac],
            &[0xa2, 0x01, 0x02, 0x03, 0x80],
            &[0xa2, 0x0a, 0x00, 0x18, 0x64, 0x00],
            &[0xa2, 0x18, 0x64, 0x00, 0x20, 0x00],
            &[0xa2, 0x81, 0x01, 0x00, 0x81, 0x02, 0x00],
            &[0x82, 0xa1, 0x01, 0x81, 0x05, 0x40],
        ] {
            assert_eq!(check(bytes), Ok(()), "{bytes:02x?}");
        }
    }

    #[test]
    fn says_what_is_wrong_and_where() {
        assert_eq!(refused(&[]), (Kind::Truncated, 0));
        assert_eq!(refused(&[0x82, 0x01]), (Kind::Truncated, 2));
        assert_eq!(refused(&[0x42, 0x01]), (Kind::Truncated, 2));
        assert_eq!(refused(&[0x00, 0x00]), (Kind::Trailing, 1));
        assert_eq!(refused(&[0x81, 0x18, 0x17]), (Kind::NotShortest, 1));
        assert_eq!(refused(&[0x58, 0x01, 0x00]), (Kind::NotShortest, 0));
        assert_eq!(refused(&[0x9f, 0xff]), (Kind::Indefinite, 0));
        assert_eq!(refused(&[0x81, 0x5f, 0xff]), (Kind::Indefinite, 1));
        assert_eq!(refused(&[0x81, 0xff]), (Kind::Indefinite, 1));
        assert_eq!(refused(&[0x1c]), (Kind::Reserved, 0));
        assert_eq!(refused(&[0x62, 0x61, 0xff]), (Kind::Utf8, 2));
        assert_eq!(refused(&[0xc0, 0x00]), (Kind::Unsupported, 0));
        assert_eq!(refused(&[0xf9, 0x00, 0x00]), (Kind::Unsupported, 0));
        assert_eq!(refused(&[0xf7]), (Kind::Unsupported, 0));
        assert_eq!(refused(&[0xf8, 0x20]), (Kind::Unsupported, 0));
    }

    #[test]
    fn refuses_map_keys_out_of_order() {
        assert_eq!(
            refused(&[0xa2, 0x02, 0x00, 0x01, 0x00]),
            (Kind::KeyOrder, 3)
        );
        assert_eq!(
            refused(&[0xa2, 0x01, 0x00, 0x01, 0x00]),
            (Kind::KeyOrder, 3)
        );
        // By bytes, not by length first: the negative one comes after the two-byte hundred.
        assert_eq!(
            refused(&[0xa2, 0x20, 0x00, 0x18, 0x64, 0x00]),
            (Kind::KeyOrder, 3)
        );
        let nested = [0x81, 0xa1, 0x00, 0xa2, 0x81, 0x02, 0x00, 0x81, 0x01, 0x00];
        assert_eq!(refused(&nested), (Kind::KeyOrder, 7));
    }

    #[test]
    fn bounds_the_depth() {
        let nested = |depth: usize| -> Vec<u8> {
            let mut bytes = vec![0x81; depth];
            bytes.push(0x00);
            bytes
        };
        assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
        assert_eq!(refused(&nested(MAX_DEPTH + 1)), (Kind::Depth, MAX_DEPTH));
        assert_eq!(refused(&nested(1_000_000)).0, Kind::Depth);
    }

    #[test]
    fn does_not_believe_huge_lengths() {
        for first in [0x5b, 0x7b, 0x9b, 0xbb] {
            let bytes = [first, 255, 255, 255, 255, 255, 255, 255, 255, 0x00];
            assert_eq!(refused(&bytes), (Kind::Truncated, bytes.len()));
        }
    }
}
