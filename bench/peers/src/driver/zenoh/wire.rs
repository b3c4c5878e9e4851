//! How Zenoh writes numbers, pieces and extensions.

/// What a message carries beside its body: a time, an encoding, extensions.
const TIME: u8 = 0x20;
const ENCODING: u8 = 0x40;
const EXTENDED: u8 = 0x80;
const NAMED: u8 = 0x20;

/// What is left of a batch; nothing comes when it ends too early.
pub struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    /// The first batch, when it is whole, and how long it is with its length.
    pub fn batch(bytes: &'a [u8]) -> Option<(&'a [u8], usize)> {
        let (length, rest) = bytes.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length));
        Some((rest.get(..length)?, length + 2))
    }

    pub fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    pub fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    /// All of it.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    /// Seven bits a byte, the lowest first; the ninth byte has eight.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for place in 0..8 {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        Some(number | u64::from(self.byte()?) << 56)
    }

    /// Bytes behind their length.
    pub fn piece(&mut self) -> Option<&'a [u8]> {
        let length = self.number()?;
        self.take(usize::try_from(length).ok()?)
    }

    /// Skips a key expression, by the head of the message that it is in.
    pub fn expression(&mut self, head: u8) -> Option<()> {
        self.number()?;
        if head & NAMED != 0 {
            self.piece()?;
        }
        Some(())
    }

    /// Skips extensions, when the head of their message says that there are any.
    pub fn extensions(&mut self, head: u8) -> Option<()> {
        let mut more = head & EXTENDED != 0;
        while more {
            let extension = self.byte()?;
            match extension >> 5 & 0b11 {
                0 => {}
                1 => drop(self.number()?),
                2 => drop(self.piece()?),
                _ => return None,
            }
            more = extension & EXTENDED != 0;
        }
        Some(())
    }

    /// The body of what was put.
    pub fn put(&mut self) -> Option<&'a [u8]> {
        let head = self.byte()?;
        if head & 0x1f != 0x01 {
            return None;
        }
        if head & TIME != 0 {
            self.number()?;
            self.piece()?;
        }
        if head & ENCODING != 0 && self.number()? & 1 != 0 {
            self.piece()?;
        }
        self.extensions(head)?;
        self.piece()
    }
}

/// Appends a number below 2^56.
pub fn number(mut number: u64, out: &mut Vec<u8>) {
    while number > 0x7f {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
