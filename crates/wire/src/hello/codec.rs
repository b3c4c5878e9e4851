//! From bytes to a hello and back.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::convert::Infallible;

use minicbor::{Encoder, encode};

use super::{Hello, Role, is_agent, is_capability, parameter};
use crate::{
    DecodeError, DecodeErrorKind as Kind, MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY,
    MAX_VERSIONS, MIN_MAX_FRAME, cbor::reader::Reader,
};

impl Hello {
    /// Writes the fields after the message type.
    pub(crate) fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder.array(self.versions.len() as u64)?;
        for &version in &self.versions {
            encoder.u64(version)?;
        }
        encoder.array(self.capabilities.len() as u64)?;
        for capability in &self.capabilities {
            encoder.str(capability)?;
        }
        encoder
            .u64(self.role.number())?
            .str(&self.agent)?
            .u64(self.max_frame)?;
        parameter::write(&self.parameters, encoder)
    }

    /// Reads the fields after the message type.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            versions: read_versions(reader)?,
            capabilities: read_capabilities(reader)?,
            role: Role::read(reader)?,
            agent: read_agent(reader)?,
            max_frame: read_max_frame(reader)?,
            parameters: parameter::read(reader)?,
        })
    }
}

impl Role {
    fn number(self) -> u64 {
        match self {
            Self::Service => 0,
            Self::Router => 1,
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (at, field) = (reader.offset(), "role");
        match reader.uint(field)? {
            0 => Ok(Self::Service),
            1 => Ok(Self::Router),
            number => {
                let expected = "0 for a service or 1 for a router";
                let found = format!("{number}");
                Err(DecodeError::new(Kind::Value, at, expected, found).in_field(field))
            }
        }
    }
}

fn read_versions(reader: &mut Reader<'_>) -> Result<Vec<u64>, DecodeError> {
    let field = "versions";
    let count = reader.array(field, 1..=MAX_VERSIONS as u64, "an array of 1 to 8")?;
    let mut versions = Vec::new();
    for _ in 0..count {
        let at = reader.offset();
        let version = reader.uint(field)?;
        check_order(at, field, versions.last(), &version)?;
        versions.push(version);
    }
    Ok(versions)
}

fn read_capabilities(reader: &mut Reader<'_>) -> Result<Vec<String>, DecodeError> {
    let field = "capabilities";
    let count = reader.array(field, 0..=MAX_CAPABILITIES as u64, "an array of 0 to 32")?;
    let mut capabilities = Vec::new();
    for _ in 0..count {
        let at = reader.offset();
        let text = reader
            .text(field, 1..=MAX_CAPABILITY, "a text of 1 to 64 bytes")?
            .to_owned();
        if !is_capability(&text) {
            let expected = "printable ASCII without a space";
            let error = DecodeError::new(Kind::Value, at, expected, "other characters");
            return Err(error.in_field(field));
        }
        check_order(at, field, capabilities.last(), &text)?;
        capabilities.push(text);
    }
    Ok(capabilities)
}

fn check_order<T: Ord>(
    at: usize,
    field: &'static str,
    previous: Option<&T>,
    next: &T,
) -> Result<(), DecodeError> {
    if previous.is_none_or(|previous| previous < next) {
        return Ok(());
    }
    let (expected, found) = (
        "a sorted list without duplicates",
        "a lesser or equal element",
    );
    Err(DecodeError::new(Kind::Order, at, expected, found).in_field(field))
}

fn read_agent(reader: &mut Reader<'_>) -> Result<String, DecodeError> {
    let (at, field) = (reader.offset(), "agent");
    let text = reader.text(field, 1..=MAX_AGENT, "a text of 1 to 128 bytes")?;
    if !is_agent(text) {
        let error = DecodeError::new(Kind::Value, at, "printable ASCII", "other characters");
        return Err(error.in_field(field));
    }
    Ok(text.to_owned())
}

fn read_max_frame(reader: &mut Reader<'_>) -> Result<u64, DecodeError> {
    let (at, field) = (reader.offset(), "longest message");
    let bytes = reader.uint(field)?;
    if bytes < MIN_MAX_FRAME {
        let found = format!("{bytes}");
        let error = DecodeError::new(Kind::Value, at, "at least 4,096 bytes", found);
        return Err(error.in_field(field));
    }
    Ok(bytes)
}
