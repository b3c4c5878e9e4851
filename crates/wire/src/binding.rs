//! What a handle stands for: whereto messages go, and how.

use core::convert::Infallible;

use alloc::{boxed::Box, format};
use minicbor::{Encoder, encode};

use crate::{
    Class, DecodeError, DecodeErrorKind as Kind, Grant, Identity, Level, Signed,
    cbor::reader::Reader,
};

/// What a sender binds a handle to: whereto its messages go, how, and what it is told of them.
///
/// All that is the same for many messages is said once here, so that each message carries the
/// handle alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whereto messages go.
    pub target: Target,
    /// How they go.
    pub class: Class,
    /// Up to where their sender is told of them.
    pub level: Level,
    /// How long a message is of use, in milliseconds from when the router takes it; 0 for as long as
    /// the router allows. For a request it is the deadline.
    pub ttl: u64,
}

/// Whereto messages go.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// To the service that has this key.
    Identity(Identity),
    /// To everyone who joined a group.
    Group {
        /// The group's key.
        group: Identity,
        /// What allows the sender to publish, where the group is restricted.
        grant: Option<Box<Signed<Grant>>>,
    },
}

impl Target {
    /// The key that messages go to, of a service or of a group.
    pub fn identity(&self) -> Identity {
        match self {
            Self::Identity(identity)
            | Self::Group {
                group: identity, ..
            } => *identity,
        }
    }
}

const IDENTITY: u64 = 0;
const GROUP: u64 = 1;

impl Binding {
    pub(crate) fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        let (kind, grant) = match &self.target {
            Target::Identity(_) => (IDENTITY, None),
            Target::Group { grant, .. } => (GROUP, grant.as_deref()),
        };
        encoder
            .u64(kind)?
            .bytes(self.target.identity().as_bytes())?;
        write_grant(encoder, grant)?;
        encoder
            .u64(self.class.number())?
            .u64(self.level.number())?
            .u64(self.ttl)?
            .ok()
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (at, field) = (reader.offset(), "kind of the target");
        let kind = reader.uint(field)?;
        let identity = reader.identity("target")?;
        let grant_at = reader.offset();
        let grant = read_grant(reader)?;
        let target = match (kind, grant) {
            (IDENTITY, None) => Target::Identity(identity),
            (IDENTITY, Some(_)) => {
                let expected = "null, because the target is no group";
                let error = DecodeError::new(Kind::Type, grant_at, expected, "a grant");
                return Err(error.in_field("grant"));
            }
            (GROUP, grant) => Target::Group {
                group: identity,
                grant: grant.map(Box::new),
            },
            _ => {
                let expected = "0 for an identity or 1 for a group";
                let error = DecodeError::new(Kind::Value, at, expected, format!("{kind}"));
                return Err(error.in_field(field));
            }
        };
        Ok(Self {
            target,
            class: Class::read(reader)?,
            level: Level::read(reader)?,
            ttl: reader.uint("ttl")?,
        })
    }
}

/// Writes a grant, or null where there is none.
pub(crate) fn write_grant<W: encode::Write<Error = Infallible>>(
    encoder: &mut Encoder<W>,
    grant: Option<&Signed<Grant>>,
) -> Result<(), encode::Error<Infallible>> {
    match grant {
        Some(grant) => grant.write(encoder),
        None => encoder.null()?.ok(),
    }
}

/// Reads a grant, or null.
pub(crate) fn read_grant(reader: &mut Reader<'_>) -> Result<Option<Signed<Grant>>, DecodeError> {
    match reader.skip_null() {
        true => Ok(None),
        false => Signed::read(reader).map(Some),
    }
}
