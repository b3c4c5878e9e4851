//! That an identity can no longer be reached.

use core::convert::Infallible;

use minicbor::{Encoder, encode};

use crate::{
    DecodeError, Identity, SignError, Statement, cbor::reader::Reader, statement::sealed::Sealed,
};

/// That an identity can no longer be reached: it takes back every
/// [`Record`](crate::Record) with a lesser sequence number.
///
/// Only its [`Signed`](crate::Signed) form travels, see
/// [`Message::Unlisten`](crate::Message::Unlisten).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Who can no longer be reached.
    pub identity: Identity,
    /// The number of this statement, greater than that of the record that it takes back.
    pub sequence: u64,
}

impl Statement for Withdrawal {
    const NAME: &'static str = "withdrawal";

    fn identity(&self) -> Identity {
        self.identity
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Sealed for Withdrawal {
    const DOMAIN: &'static [u8] = b"tuyau unlisten 1\0";

    fn check(&self) -> Result<(), SignError> {
        Ok(())
    }

    fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder
            .array(2)?
            .bytes(self.identity.as_bytes())?
            .u64(self.sequence)?
            .ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("withdrawal", 2..=2, "an array of 2")?;
        Ok(Self {
            identity: reader.identity("identity of the withdrawal")?,
            sequence: reader.uint("sequence of the withdrawal")?,
        })
    }
}
