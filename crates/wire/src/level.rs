//! How far a message has come.

use core::fmt;

use crate::{DecodeError, cbor::reader::Reader};

/// How far a message has come, and up to where its sender wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// The sender is told of refusals only. No [receipt](crate::Message::Receipt) has this level.
    None,
    /// The router has taken it.
    Accepted,
    /// It is on disk.
    Stored,
    /// The recipient has acknowledged it.
    Delivered,
}

impl Level {
    /// Every one, in the order of their numbers.
    pub const ALL: &'static [Self] = &[Self::None, Self::Accepted, Self::Stored, Self::Delivered];

    /// The name in lower case, as the specification has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Accepted => "accepted",
            Self::Stored => "stored",
            Self::Delivered => "delivered",
        }
    }

    /// The number that stands for it in a message.
    pub fn number(self) -> u64 {
        self as u64
    }

    /// Reads what a binding asks for.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let expected = "0 for none, 1 for accepted, 2 for stored or 3 for delivered";
        reader.choice("level", expected, 0, Self::ALL)
    }

    /// Reads what a receipt tells.
    pub(crate) fn read_reached(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let expected = "1 for accepted, 2 for stored or 3 for delivered";
        reader.choice("level", expected, 1, &Self::ALL[1..])
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
