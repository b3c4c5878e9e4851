//! What a group's key says: who may join and publish.

use core::convert::Infallible;

use minicbor::{Encoder, encode};

use crate::{
    DecodeError, Identity, SignError, Statement, cbor::reader::Reader, statement::sealed::Sealed,
};

/// The rules of a group, signed by the group's key.
///
/// A group without rules is open: everyone may join it and publish to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The group.
    pub group: Identity,
    /// The number of this statement; one with a greater number replaces it.
    pub sequence: u64,
    /// Whether joining wants a grant.
    pub join_restricted: bool,
    /// Whether publishing wants a grant.
    pub publish_restricted: bool,
    /// Grants with a lesser sequence number do not count any more.
    pub grants_from: u64,
}

impl Statement for Rules {
    const NAME: &'static str = "rules of a group";

    fn identity(&self) -> Identity {
        self.group
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Sealed for Rules {
    const DOMAIN: &'static [u8] = b"tuyau group 1\0";

    fn check(&self) -> Result<(), SignError> {
        Ok(())
    }

    fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder
            .array(5)?
            .bytes(self.group.as_bytes())?
            .u64(self.sequence)?
            .bool(self.join_restricted)?
            .bool(self.publish_restricted)?
            .u64(self.grants_from)?
            .ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("rules of the group", 5..=5, "an array of 5")?;
        Ok(Self {
            group: reader.identity("group of the rules")?,
            sequence: reader.uint("sequence of the rules")?,
            join_restricted: reader.bool("join of the rules")?,
            publish_restricted: reader.bool("publish of the rules")?,
            grants_from: reader.uint("first grant of the rules")?,
        })
    }
}

/// What an identity may do in a restricted group, signed by the group's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The group.
    pub group: Identity,
    /// Who may.
    pub identity: Identity,
    /// The number of this grant, see [`Rules::grants_from`].
    pub sequence: u64,
    /// What is allowed.
    pub rights: Rights,
    /// Until when, in seconds since the begin of 1970 in UTC.
    pub expires: u64,
}

/// What a [`Grant`] allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rights {
    /// To join.
    Join,
    /// To publish.
    Publish,
    /// Both.
    JoinAndPublish,
}

impl Rights {
    /// Whether joining is allowed.
    pub fn join(self) -> bool {
        self != Self::Publish
    }

    /// Whether publishing is allowed.
    pub fn publish(self) -> bool {
        self != Self::Join
    }

    /// The number that stands for it: 1 for joining plus 2 for publishing.
    pub fn number(self) -> u64 {
        u64::from(self.join()) + 2 * u64::from(self.publish())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let expected = "1 to join, 2 to publish or 3 for both";
        let all = [Self::Join, Self::Publish, Self::JoinAndPublish];
        reader.choice("rights of the grant", expected, 1, &all)
    }
}

impl Statement for Grant {
    const NAME: &'static str = "grant";

    #[expect(
        clippy::misnamed_getters,
        reason = "it is the group that says it, not who may"
    )]
    fn identity(&self) -> Identity {
        self.group
    }

    fn sequence(&self) -> u64 {
        self.sequence
    }
}

impl Sealed for Grant {
    const DOMAIN: &'static [u8] = b"tuyau grant 1\0";

    fn check(&self) -> Result<(), SignError> {
        Ok(())
    }

    fn write<W: encode::Write<Error = Infallible>>(
        &self,
        encoder: &mut Encoder<W>,
    ) -> Result<(), encode::Error<Infallible>> {
        encoder
            .array(5)?
            .bytes(self.group.as_bytes())?
            .bytes(self.identity.as_bytes())?
            .u64(self.sequence)?
            .u64(self.rights.number())?
            .u64(self.expires)?
            .ok()
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        reader.array("grant", 5..=5, "an array of 5")?;
        Ok(Self {
            group: reader.identity("group of the grant")?,
            identity: reader.identity("identity of the grant")?,
            sequence: reader.uint("sequence of the grant")?,
            rights: Rights::read(reader)?,
            expires: reader.uint("expiry of the grant")?,
        })
    }
}
