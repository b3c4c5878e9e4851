//! The head of a CBOR data item: its major type and its argument (RFC 8949 section 3).

pub(crate) const UNSIGNED: u8 = 0;
pub(crate) const NEGATIVE: u8 = 1;
pub(crate) const BYTES: u8 = 2;
pub(crate) const TEXT: u8 = 3;
pub(crate) const ARRAY: u8 = 4;
pub(crate) const MAP: u8 = 5;
pub(crate) const TAG: u8 = 6;

/// The head of a data item in its shortest form and of definite length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// The major type, 0 to 7.
    pub(crate) major: u8,
    /// The number, the length in bytes or the count of elements; for major type 7 the raw bits.
    pub(crate) value: u64,
    /// How many bytes the head takes, 1 to 9.
    pub(crate) length: usize,
}

/// Why bytes do not begin with the head of a deterministic data item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HeadError {
    /// The head is longer than the bytes; at least that many more are needed.
    Truncated(usize),
    /// The additional information is 28, 29 or 30.
    Reserved,
    /// The item has no definite length, or it is the break that ends such an item.
    Indefinite,
    /// A shorter head says the same.
    NotShortest,
}

impl Head {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, HeadError> {
        let &first = bytes.first().ok_or(HeadError::Truncated(1))?;
        let (major, info) = (first >> 5, first & 0x1f);
        let extra = match info {
            0..=23 => {
                return Ok(Self {
                    major,
                    value: u64::from(info),
                    length: 1,
                });
            }
            24..=27 => 1 << (info - 24),
            28..=30 => return Err(HeadError::Reserved),
            _ => return Err(HeadError::Indefinite),
        };
        let length = 1 + extra;
        let argument = bytes
            .get(1..length)
            .ok_or_else(|| HeadError::Truncated(length - bytes.len()))?;
        let value = argument
            .iter()
            .fold(0, |value, &byte| value << 8 | u64::from(byte));
        if major != 7 && Self::length_for(value) != length {
            return Err(HeadError::NotShortest);
        }
        Ok(Self {
            major,
            value,
            length,
        })
    }

    /// How many bytes the shortest head for `value` takes.
    pub(crate) fn length_for(value: u64) -> usize {
        match value {
            0..=23 => 1,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        }
    }
}

/// What an item of this major type is called in an error.
pub(crate) fn name(first: u8) -> &'static str {
    match (first >> 5, first & 0x1f) {
        (UNSIGNED, _) => "an unsigned integer",
        (NEGATIVE, _) => "a negative integer",
        (BYTES, _) => "a byte string",
        (TEXT, _) => "a text string",
        (ARRAY, _) => "an array",
        (MAP, _) => "a map",
        (TAG, _) => "a tag",
        (_, 20 | 21) => "a boolean",
        (_, 22) => "null",
        (_, 25..=27) => "a floating-point number",
        (_, 31) => "a break",
        _ => "a simple value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_shortest_heads() {
        for (bytes, value) in [
            (&[0x17][..], 23),
            (&[0x18, 24], 24),
            (&[0x19, 1, 0], 256),
            (&[0x1a, 0, 1, 0, 0], 65_536),
            (&[0x1b, 0, 0, 0, 1, 0, 0, 0, 0], 1 << 32),
            (&[0x1b, 255, 255, 255, 255, 255, 255, 255, 255], u64::MAX),
        ] {
            let head = Head {
                major: 0,
                value,
                length: bytes.len(),
            };
            assert_eq!(Head::read(bytes), Ok(head));
            for length in 0..bytes.len() {
                assert!(matches!(
                    Head::read(&bytes[..length]),
                    Err(HeadError::Truncated(1..))
                ));
            }
        }
    }

    #[test]
    fn refuses_longer_heads() {
        for bytes in [
            &[0x18, 23][..],
            &[0x19, 0, 255],
            &[0x1a, 0, 0, 255, 255],
            &[0x1b, 0, 0, 0, 0, 255, 255, 255, 255],
        ] {
            assert_eq!(Head::read(bytes), Err(HeadError::NotShortest));
        }
    }

    #[test]
    fn refuses_reserved_and_indefinite_heads() {
        for info in 28..=30 {
            assert_eq!(Head::read(&[0x40 | info]), Err(HeadError::Reserved));
        }
        for major in 0..8 {
            assert_eq!(Head::read(&[major << 5 | 31]), Err(HeadError::Indefinite));
        }
    }
}
