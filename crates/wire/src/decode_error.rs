//! Why a message was refused.

use alloc::{borrow::Cow, boxed::Box};
use core::{error::Error, fmt};

use tuyau_core::AddressError;

use crate::{IdentityError, RejectCode};

/// Why bytes are not a message, or not a part of one.
///
/// Printing it says where, what was expected and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    offset: usize,
    field: &'static str,
    expected: &'static str,
    found: Cow<'static, str>,
    sequence: Option<u64>,
    cause: Option<Box<Cause>>,
}

/// The kinds of [`DecodeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The bytes end within an item.
    Truncated,
    /// Bytes follow the item.
    Trailing,
    /// An item has no definite length.
    Indefinite,
    /// A number or a length is not written in its shortest form.
    NotShortest,
    /// A first byte that RFC 8949 leaves undefined.
    Reserved,
    /// A tag, a floating-point number or a simple value other than false, true and null.
    Unsupported,
    /// Arrays and maps are nested too deep.
    Depth,
    /// A map has its keys unsorted or twice.
    KeyOrder,
    /// A text string is not UTF-8.
    Utf8,
    /// A field has another type than it should.
    Type,
    /// An array, a byte string or a text has another length than it may.
    Length,
    /// A field has the right type and a value that it may not have.
    Value,
    /// A list that must be sorted and free of duplicates is not.
    Order,
    /// The message has a type that this version does not know.
    UnknownType,
    /// The bytes of an identity are not an Ed25519 public key.
    Identity,
    /// A route does not parse as an address, or is not written as an address is printed where that
    /// is wanted.
    Route,
}

impl DecodeErrorKind {
    /// The name of the kind as the test vectors have it, in lower case with hyphens.
    pub fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::Trailing => "trailing",
            Self::Indefinite => "indefinite",
            Self::NotShortest => "not-shortest",
            Self::Reserved => "reserved",
            Self::Unsupported => "unsupported",
            Self::Depth => "depth",
            Self::KeyOrder => "key-order",
            Self::Utf8 => "utf-8",
            Self::Type => "type",
            Self::Length => "length",
            Self::Value => "value",
            Self::Order => "order",
            Self::UnknownType => "unknown-type",
            Self::Identity => "identity",
            Self::Route => "route",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Cause {
    Identity(IdentityError),
    Route(AddressError),
}

impl DecodeError {
    pub(crate) fn new(
        kind: DecodeErrorKind,
        offset: usize,
        expected: &'static str,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        let found = found.into();
        Self {
            kind,
            offset,
            field: "",
            expected,
            found,
            sequence: None,
            cause: None,
        }
    }

    pub(crate) fn identity(offset: usize, error: IdentityError) -> Self {
        let (expected, found) = ("an Ed25519 public key", "32 other bytes");
        let cause = Some(Box::new(Cause::Identity(error)));
        Self {
            cause,
            ..Self::new(DecodeErrorKind::Identity, offset, expected, found)
        }
    }

    pub(crate) fn route(offset: usize, error: AddressError) -> Self {
        let (expected, found) = ("an address", "a text that is none");
        let cause = Some(Box::new(Cause::Route(error)));
        Self {
            cause,
            ..Self::new(DecodeErrorKind::Route, offset, expected, found)
        }
    }

    /// The same error, with the field it is about.
    pub(crate) fn in_field(mut self, field: &'static str) -> Self {
        self.field = field;
        self
    }

    /// The same error, `base` bytes further on.
    pub(crate) fn shifted(mut self, base: usize) -> Self {
        self.offset += base;
        self
    }

    /// The same error, with the sequence number that the message carried.
    pub(crate) fn of_sequence(mut self, sequence: u64) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// What is wrong.
    pub fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Where, in bytes from the begin of the message.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// The sequence number that the sender of the refused message gave it, when it is one that wants
    /// an answer and the number could be read before the error.
    ///
    /// With it a router can reject that message and keep the session.
    pub fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// The code with which a receiver rejects the message.
    pub fn reject_code(&self) -> RejectCode {
        match self.kind {
            DecodeErrorKind::UnknownType => RejectCode::Unexpected,
            DecodeErrorKind::Route => RejectCode::BadRoute,
            _ => RejectCode::Malformed,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.offset)?;
        if !self.field.is_empty() {
            write!(f, ", {}", self.field)?;
        }
        write!(f, ": expected {}, found {}", self.expected, self.found)
    }
}

impl Error for DecodeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self.cause.as_deref()? {
            Cause::Identity(error) => Some(error),
            Cause::Route(error) => Some(error),
        }
    }
}
