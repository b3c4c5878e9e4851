//! The heads of frames (RFC 6455, section 5.2), without I/O.

use std::{error::Error, fmt};

/// The longest payload of a control frame, in bytes (section 5.5).
const LONGEST_CONTROL: u64 = 125;

/// The longest head of a frame, in bytes.
pub(super) const LONGEST_HEAD: usize = 14;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn number(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    pub(super) fn is_control(self) -> bool {
        self.number() >= 8
    }
}

/// What stands before the payload of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Whether it ends its message.
    pub(super) last: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: Option<[u8; 4]>,
    /// The length of the payload, below 2^63.
    pub(super) length: u64,
}

impl Head {
    /// Decodes a head and gives its length in bytes, or nothing when more bytes are needed.
    pub(super) fn decode(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let [first, second, rest @ ..] = bytes else {
            return Ok(None);
        };
        if first & 0x70 != 0 {
            return Err(FrameError::ReservedBits);
        }
        let opcode = Opcode::of(first & 0x0f).ok_or(FrameError::Opcode(first & 0x0f))?;
        let last = first & 0x80 != 0;
        if opcode.is_control() && !last {
            return Err(FrameError::FragmentedControl);
        }
        let short = u64::from(second & 0x7f);
        if opcode.is_control() && short > LONGEST_CONTROL {
            return Err(FrameError::LongControl);
        }
        let Some((length, rest)) = decode_length(short, rest)? else {
            return Ok(None);
        };
        let (mask, rest) = match (second & 0x80 != 0, rest.split_first_chunk()) {
            (false, _) => (None, rest),
            (true, Some((mask, rest))) => (Some(*mask), rest),
            (true, None) => return Ok(None),
        };
        let head = Self {
            last,
            opcode,
            mask,
            length,
        };
        Ok(Some((head, bytes.len() - rest.len())))
    }

    /// Appends the head to `out`, in its shortest form.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.last) << 7 | self.opcode.number());
        let masked = u8::from(self.mask.is_some()) << 7;
        match self.length {
            0..126 => out.push(masked | self.length as u8),
            126..0x1_0000 => {
                out.push(masked | 126);
                out.extend((self.length as u16).to_be_bytes());
            }
            _ => {
                out.push(masked | 127);
                out.extend(self.length.to_be_bytes());
            }
        }
        out.extend(self.mask.iter().flatten());
    }
}

/// The length, given the seven bits of it that come first.
fn decode_length(short: u64, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
    let (length, smallest, rest) = match short {
        126 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from(u16::from_be_bytes(*bytes)), 126, rest),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from_be_bytes(*bytes), 0x1_0000, rest),
            None => return Ok(None),
        },
        _ => (short, 0, rest),
    };
    if length < smallest || length >> 63 != 0 {
        return Err(FrameError::Length);
    }
    Ok(Some((length, rest)))
}

/// Masks or unmasks `bytes`, the first of which is number `offset` of the payload (section 5.3).
pub(super) fn apply_mask(bytes: &mut [u8], mask: [u8; 4], offset: u64) {
    let mut mask = mask;
    mask.rotate_left((offset % 4) as usize);
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// How a frame breaks the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// A reserved bit is set, and no extension was agreed on.
    ReservedBits,
    /// An opcode that the standard does not define.
    Opcode(u8),
    /// A control frame that does not end its message.
    FragmentedControl,
    /// A control frame with more than 125 bytes.
    LongControl,
    /// A length that is not in its shortest form, or of 2^63 bytes or more.
    Length,
    /// A frame of a client without a mask.
    Unmasked,
    /// A frame of a server with a mask.
    Masked,
    /// A continuation of no message.
    Continuation,
    /// A new message inside another one.
    Interrupted,
    /// A Close frame whose status or reason cannot be read.
    Close,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedBits => {
                f.write_str("reserved bits are set, and no extension was agreed on")
            }
            Self::Opcode(number) => write!(f, "{number} is no opcode"),
            Self::FragmentedControl => f.write_str("a control frame is in several parts"),
            Self::LongControl => f.write_str("a control frame has more than 125 bytes"),
            Self::Length => f.write_str("a length is not in its shortest form, or is 2^63 or more"),
            Self::Unmasked => f.write_str("a client's frame has no mask"),
            Self::Masked => f.write_str("a server's frame has a mask"),
            Self::Continuation => f.write_str("a frame continues no message"),
            Self::Interrupted => f.write_str("a message begins inside another one"),
            Self::Close => f.write_str("the status or reason of a Close frame cannot be read"),
        }
    }
}

impl Error for FrameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(bytes: &[u8]) -> Head {
        let (head, length) = Head::decode(bytes).unwrap().unwrap();
        assert_eq!(length, bytes.len());
        for end in 0..length {
            assert_eq!(Head::decode(&bytes[..end]), Ok(None));
        }
        let mut encoded = Vec::new();
        head.encode(&mut encoded);
        assert_eq!(encoded, bytes);
        head
    }

    #[test]
    fn reads_and_writes_the_examples_of_the_standard() {
        // Section 5.7.
        let text = head(&[0x81, 0x05]);
        assert_eq!(
            (text.last, text.opcode, text.length),
            (true, Opcode::Text, 5)
        );
        let masked = head(&[0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
        let mut hello = [0x7f, 0x9f, 0x4d, 0x51, 0x58];
        apply_mask(&mut hello[..3], masked.mask.unwrap(), 0);
        apply_mask(&mut hello[3..], masked.mask.unwrap(), 3);
        assert_eq!(&hello, b"Hello");
        assert!(!head(&[0x01, 0x03]).last);
        assert_eq!(head(&[0x89, 0x05]).opcode, Opcode::Ping);
        assert_eq!(head(&[0x82, 0x7e, 0x01, 0x00]).length, 256);
        assert_eq!(head(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]).length, 65_536);
    }

    #[test]
    fn refuses_what_breaks_the_rules() {
        for (bytes, error) in [
            (&[0xc2, 0][..], FrameError::ReservedBits),
            (&[0x83, 0], FrameError::Opcode(3)),
            (&[0x09, 0], FrameError::FragmentedControl),
            (&[0x88, 126], FrameError::LongControl),
            (&[0x82, 126, 0, 125], FrameError::Length),
            (
                &[0x82, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
                FrameError::Length,
            ),
            (&[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0], FrameError::Length),
        ] {
            assert_eq!(Head::decode(bytes), Err(error));
        }
    }
}
