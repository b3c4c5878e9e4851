//! Bytes written as hexadecimal text.

use std::{error::Error, fmt};

/// The text has an odd number of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OddDigits {
    digits: usize,
}

impl fmt::Display for OddDigits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "expected two hexadecimal digits for each byte, found {} in all; one is missing or too many",
            self.digits
        )
    }
}

impl Error for OddDigits {}

/// The bytes that a text means: hexadecimal digits, white space, and comments from `#` to the end of the
/// line. `None` when it is something else; no stream of the protocol is such a text.
pub(super) fn read(text: &[u8]) -> Option<Result<Vec<u8>, OddDigits>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut digits = Vec::new();
    for line in text.lines() {
        let before_comment = line.split('#').next().unwrap_or_default();
        for character in before_comment.chars().filter(|it| !it.is_whitespace()) {
            digits.push(character.to_digit(16)? as u8);
        }
    }
    if digits.is_empty() {
        return None;
    }
    let (pairs, rest) = digits.as_chunks();
    Some(match rest {
        [] => Ok(pairs.iter().map(|[high, low]| high << 4 | low).collect()),
        _ => Err(OddDigits {
            digits: digits.len(),
        }),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_digits_space_and_comments() {
        let text = b"# a ping\n43 82\t14 # type\r\n 01\n4382 15FF\n";
        let bytes = [0x43, 0x82, 0x14, 0x01, 0x43, 0x82, 0x15, 0xff];
        assert_eq!(read(text), Some(Ok(bytes.into())));
    }

    #[test]
    fn leaves_what_is_no_hex_to_others() {
        for text in [
            &b""[..],
            b" \n",
            b"# a comment",
            b"GET / HTTP/1.1",
            b"43 8x",
            &[0x43, 0x82],
        ] {
            assert_eq!(read(text), None);
        }
    }

    #[test]
    fn tells_of_half_a_byte() {
        assert_eq!(read(b"43 8"), Some(Err(OddDigits { digits: 3 })));
    }

    proptest! {
        /// The head of the first frame is such a digit at most, and the array in it is none.
        #[test]
        fn a_frame_is_never_taken_for_hex(array in 0x80_u8..=0x9f, rest: Vec<u8>, head in 0x41_u8..0x58) {
            let stream = [&[head, array][..], &rest].concat();
            prop_assert_eq!(read(&stream), None);
        }
    }
}
