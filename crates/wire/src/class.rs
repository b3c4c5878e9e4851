//! How a message is carried.

use core::fmt;

use crate::{DecodeError, cbor::reader::Reader};

/// How a message is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Class {
    /// At most once, from memory to memory. What cannot be delivered now is refused.
    Fast,
    /// At least once, stored before it is acknowledged, and kept for who is away.
    Durable,
    /// Fast, and answered with one reply, or with a refusal.
    Request,
}

impl Class {
    /// Every one, in the order of their numbers.
    pub const ALL: &'static [Self] = &[Self::Fast, Self::Durable, Self::Request];

    /// The name in lower case, as the specification has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Durable => "durable",
            Self::Request => "request",
        }
    }

    /// The number that stands for it in a message.
    pub fn number(self) -> u64 {
        self as u64
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let expected = "0 for fast, 1 for durable or 2 for request";
        reader.choice("class", expected, 0, Self::ALL)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
