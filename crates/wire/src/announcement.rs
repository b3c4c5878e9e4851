//! What a router's handle stands for: whence messages come.

use core::convert::Infallible;

use minicbor::{Encoder, encode};

use crate::{Class, DecodeError, Identity, cbor::reader::Reader};

/// Whence the messages come that a router delivers under one of its handles.
///
/// It is to the recipient what a [`Binding`](crate::Binding) is to the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Who sends. The router vouches for it: the handshake proved it.
    pub identity: Identity,
    /// The sender's epoch: with the identity and the sequence number it is a message's id.
    pub epoch: u64,
    /// The group to which it was published; none when it came to the recipient itself.
    pub group: Option<Identity>,
    /// How it was carried. A request is to be answered with a reply.
    pub class: Class,
    /// Whether the recipient is to acknowledge what comes.
    pub acknowledge: bool,
    /// The deadline of a request, in milliseconds from when the router took it; for other classes the
    /// time for which a message is of use, 0 if that was not said.
    pub ttl: u64,
}

impl Announcement {
    pub(crate) fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder.bytes(self.identity.as_bytes())?.u64(self.epoch)?;
        match &self.group {
            Some(group) => encoder.bytes(group.as_bytes())?,
            None => encoder.null()?,
        };
        encoder
            .u64(self.class.number())?
            .bool(self.acknowledge)?
            .u64(self.ttl)?
            .ok()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (identity, epoch) = (reader.identity("sender")?, reader.uint("epoch")?);
        let group = match reader.skip_null() {
            true => None,
            false => Some(reader.identity("group")?),
        };
        Ok(Self {
            identity,
            epoch,
            group,
            class: Class::read(reader)?,
            acknowledge: reader.bool("acknowledge")?,
            ttl: reader.uint("ttl")?,
        })
    }
}
