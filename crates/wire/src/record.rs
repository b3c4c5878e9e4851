//! Where an identity can be reached.

use alloc::{string::ToString, vec::Vec};
use core::convert::Infallible;

use minicbor::{Encoder, encode};
use tuyau_core::Address;

use crate::{
    DecodeError, Identity, MAX_ROUTES, SignError, Statement, cbor::reader::Reader,
    statement::sealed::Sealed,
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
        encoder.array(self.routes.len() as u64)?;
        for route in &self.routes {
            encoder.str(&route.to_string())?;
        }
        encoder.u64(self.expires)?.ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("record", 4..=4, "an array of 4")?;
        Ok(Self {
            identity: reader.identity("identity of the record")?,
            sequence: reader.uint("sequence of the record")?,
            routes: read_routes(reader)?,
            expires: reader.uint("expiry of the record")?,
        })
    }
}

fn read_routes(reader: &mut Reader<'_>) -> Result<Vec<Address>, DecodeError> {
    let field = "routes of the record";
    let count = reader.array(field, 1..=MAX_ROUTES as u64, "an array of 1 to 8")?;
    (0..count)
        .map(|_| {
            let field = "route of the record";
            let at = reader.offset();
            let text = reader.text(field, 1..=Address::MAX_LENGTH, "a text of 1 to 255 bytes")?;
            text.parse()
                .map_err(|error| DecodeError::route(at, error).in_field(field))
        })
        .collect()
}
