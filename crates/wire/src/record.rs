//! Where an identity can be reached.

use alloc::{format, string::ToString, vec::Vec};
use core::convert::Infallible;

use minicbor::{Encoder, encode};
use tuyau_core::Address;

use crate::{
    DecodeError, DecodeErrorKind as Kind, Identity, MAX_ROUTES, SignError, Statement,
    cbor::reader::Reader, statement::sealed::Sealed,
};

/// Where an identity can be reached, until when.
///
/// Only its [`Signed`](crate::Signed) form travels, see [`Message::Listen`](crate::Message::Listen).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Who can be reached.
    pub identity: Identity,
    /// The number of this statement; a greater one replaces a lesser one.
    pub sequence: u64,
    /// Where, best first: 1 to [`MAX_ROUTES`].
    pub routes: Vec<Address>,
    /// Until when, in seconds since the begin of 1970 in UTC.
    pub expires: u64,
}

impl Statement for Record {
    const NAME: &'static str = "record";

    fn identity(&self) -> Identity {
        self.identity
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Sealed for Record {
    const DOMAIN: &'static [u8] = b"tuyau listen 1\0";

    fn check(&self) -> Result<(), SignError> {
        match self.routes.len() {
            1..=MAX_ROUTES => Ok(()),
            found => Err(SignError::Routes { found }),
        }
    }

    fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder
            .array(4)?
            .bytes(self.identity.as_bytes())?
            .u64(self.sequence)?;
        write_routes(encoder, &self.routes)?;
        encoder.u64(self.expires)?.ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("record", 4..=4, "an array of 4")?;
        Ok(Self {
            identity: reader.identity("identity of the record")?,
            sequence: reader.uint("sequence of the record")?,
            routes: read_routes(reader, 1)?,
            expires: reader.uint("expiry of the record")?,
        })
    }
}

/// Reads a list of routes, `least` at least.
pub(crate) fn read_routes(
    reader: &mut Reader<'_>,
    least: u64,
) -> Result<Vec<Address>, DecodeError> {
    let count = read_count(reader, least)?;
    (0..count)
        .map(|_| read_route(reader).map(|(address, _)| address))
        .collect()
}

/// Reads a list of routes, perhaps none, that are written as they are printed: what is read is
/// encoded to the same bytes.
pub(crate) fn read_printed_routes(reader: &mut Reader<'_>) -> Result<Vec<Address>, DecodeError> {
    let count = read_count(reader, 0)?;
    (0..count)
        .map(|_| {
            let at = reader.offset();
            let (address, text) = read_route(reader)?;
            let printed = address.to_string();
            if printed == text {
                return Ok(address);
            }
            let (expected, found) = ("an address as it is printed", format!("{text:?}"));
            Err(DecodeError::new(Kind::Route, at, expected, found).in_field("route"))
        })
        .collect()
}

fn read_count(reader: &mut Reader<'_>, least: u64) -> Result<u64, DecodeError> {
    let expected = match least {
        0 => "an array of 0 to 8",
        _ => "an array of 1 to 8",
    };
    reader.array("routes", least..=MAX_ROUTES as u64, expected)
}

fn read_route<'a>(reader: &mut Reader<'a>) -> Result<(Address, &'a str), DecodeError> {
    let (at, field) = (reader.offset(), "route");
    let text = reader.text(field, 1..=Address::MAX_LENGTH, "a text of 1 to 255 bytes")?;
    match text.parse() {
        Ok(address) => Ok((address, text)),
        Err(error) => Err(DecodeError::route(at, error).in_field(field)),
    }
}

/// Writes a list of routes.
pub(crate) fn write_routes<W: encode::Write<Error = Infallible>>(
    encoder: &mut Encoder<W>,
    routes: &[Address],
) -> Result<(), encode::Error<Infallible>> {
    encoder.array(routes.len() as u64)?;
    for route in routes {
        encoder.str(&route.to_string())?;
    }
    Ok(())
}
