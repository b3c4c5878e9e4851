//! Bytes that show by their place whether any was lost, doubled or changed.

use crate::Lost;

/// The period of the pattern, a prime, so that it is in step with no size of pieces or buffers.
const PERIOD: usize = 65_521;

/// The largest piece that can be taken at once, in bytes.
const LARGEST: usize = 1024 * 1024;

/// An endless pattern of bytes.
pub struct Pattern(Box<[u8]>);

impl Pattern {
    /// The pattern; it is always the same one.
    pub fn new() -> Self {
        let mut state = 0x9e37_79b9_u32;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        let period: Vec<u8> = (0..PERIOD).map(|_| next()).collect();
        let bytes = period.iter().copied().cycle();
        Self(bytes.take(PERIOD + LARGEST).collect())
    }

    /// The bytes at an offset, at most 1 MiB of them.
    pub fn at(&self, offset: u64, length: usize) -> &[u8] {
        let start = (offset % PERIOD as u64) as usize;
        &self.0[start..start + length]
    }

    /// Compares what came with what was sent.
    ///
    /// # Errors
    /// [`Lost::Changed`] when it differs.
    pub fn check(&self, offset: u64, came: &[u8]) -> Result<(), Lost> {
        match self.at(offset, came.len()) == came {
            true => Ok(()),
            false => Err(Lost::Changed { at: offset }),
        }
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self::new()
    }
}
