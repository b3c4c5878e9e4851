//! Reading fields of a data item that [`check`](super::check) has passed.

use alloc::format;
use core::ops::RangeInclusive;

use minicbor::{Decoder, data::Type};

use super::head;
use crate::{DecodeError, DecodeErrorKind as Kind, Identity};

/// Reads one field after the other and names the field in every error.
pub struct Reader<'a> {
    decoder: Decoder<'a>,
    /// Where these bytes begin in the message that the peer sent.
    base: usize,
    /// Whether identities were found to be some before.
    checked: bool,
}

impl<'a> Reader<'a> {
    /// Checks `bytes`, which begin at offset `base` of a message, and begins to read them.
    pub(crate) fn new(bytes: &'a [u8], base: usize) -> Result<Self, DecodeError> {
        super::check(bytes).map_err(|error| error.shifted(base))?;
        Ok(Self {
            decoder: Decoder::new(bytes),
            base,
            checked: false,
        })
    }

    /// Begins to read bytes whose identities were checked when they were read before.
    pub(crate) fn of_checked(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let checked = true;
        Self::new(bytes, 0).map(|reader| Self { checked, ..reader })
    }

    /// The offset of the next field in the message.
    pub(crate) fn offset(&self) -> usize {
        self.base + self.decoder.position()
    }

    /// Reads the head of an array and returns its count of elements.
    pub(crate) fn array(
        &mut self,
        field: &'static str,
        counts: RangeInclusive<u64>,
        expected: &'static str,
    ) -> Result<u64, DecodeError> {
        let at = self.offset();
        let Ok(Some(count)) = self.decoder.array() else {
            return Err(self.mismatch(at, field, expected));
        };
        if counts.contains(&count) {
            return Ok(count);
        }
        let found = format!("an array of {count}");
        Err(DecodeError::new(Kind::Length, at, expected, found).in_field(field))
    }

    pub(crate) fn uint(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        let at = self.offset();
        self.decoder
            .u64()
            .map_err(|_| self.mismatch(at, field, "an unsigned integer"))
    }

    /// Reads a number that stands for one of `all`, the least number for the first of them.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        field: &'static str,
        expected: &'static str,
        least: u64,
        all: &[T],
    ) -> Result<T, DecodeError> {
        let at = self.offset();
        let number = self.uint(field)?;
        let index = number.checked_sub(least).map(usize::try_from);
        let chosen = index.and_then(|index| all.get(index.ok()?));
        chosen.copied().ok_or_else(|| {
            let found = format!("{number}");
            DecodeError::new(Kind::Value, at, expected, found).in_field(field)
        })
    }

    pub(crate) fn uint_or_null(&mut self, field: &'static str) -> Result<Option<u64>, DecodeError> {
        if self.skip_null() {
            return Ok(None);
        }
        let at = self.offset();
        let number = self.decoder.u64();
        number
            .map(Some)
            .map_err(|_| self.mismatch(at, field, "an unsigned integer or null"))
    }

    /// Whether the next field is null; then it is read.
    pub(crate) fn skip_null(&mut self) -> bool {
        let is_null = matches!(self.decoder.datatype(), Ok(Type::Null));
        is_null && self.decoder.null().is_ok()
    }

    pub(crate) fn bool(&mut self, field: &'static str) -> Result<bool, DecodeError> {
        let at = self.offset();
        self.decoder
            .bool()
            .map_err(|_| self.mismatch(at, field, "a boolean"))
    }

    /// Reads the head of a map and returns its count of entries.
    pub(crate) fn map(
        &mut self,
        field: &'static str,
        most: u64,
        expected: &'static str,
    ) -> Result<u64, DecodeError> {
        let at = self.offset();
        let Ok(Some(count)) = self.decoder.map() else {
            return Err(self.mismatch(at, field, expected));
        };
        if count <= most {
            return Ok(count);
        }
        let found = format!("a map of {count}");
        Err(DecodeError::new(Kind::Length, at, expected, found).in_field(field))
    }

    pub(crate) fn bytes(&mut self, field: &'static str) -> Result<&'a [u8], DecodeError> {
        let at = self.offset();
        self.decoder
            .bytes()
            .map_err(|_| self.mismatch(at, field, "a byte string"))
    }

    /// Reads a byte string of exactly `N` bytes.
    pub(crate) fn bytes_of<const N: usize>(
        &mut self,
        field: &'static str,
        expected: &'static str,
    ) -> Result<&'a [u8; N], DecodeError> {
        let at = self.offset();
        let bytes = self
            .decoder
            .bytes()
            .map_err(|_| self.mismatch(at, field, expected))?;
        bytes.try_into().map_err(|_| {
            let found = format!("a byte string of {}", bytes.len());
            DecodeError::new(Kind::Length, at, expected, found).in_field(field)
        })
    }

    pub(crate) fn text(
        &mut self,
        field: &'static str,
        lengths: RangeInclusive<usize>,
        expected: &'static str,
    ) -> Result<&'a str, DecodeError> {
        let at = self.offset();
        let text = self
            .decoder
            .str()
            .map_err(|_| self.mismatch(at, field, expected))?;
        if lengths.contains(&text.len()) {
            return Ok(text);
        }
        let found = format!("a text of {} bytes", text.len());
        Err(DecodeError::new(Kind::Length, at, expected, found).in_field(field))
    }

    pub(crate) fn identity(&mut self, field: &'static str) -> Result<Identity, DecodeError> {
        let at = self.offset();
        let bytes = self.bytes_of::<{ Identity::LENGTH }>(field, "a byte string of 32")?;
        if self.checked {
            return Ok(Identity::of_checked(*bytes));
        }
        Identity::from_bytes(*bytes)
            .map_err(|error| DecodeError::identity(at, error).in_field(field))
    }

    /// The error for an item of another type than expected at `at`.
    fn mismatch(&self, at: usize, field: &'static str, expected: &'static str) -> DecodeError {
        let first = self.decoder.input().get(at - self.base);
        let found = first.map_or("the end", |&first| head::name(first));
        DecodeError::new(Kind::Type, at, expected, found).in_field(field)
    }
}
