//! What an identity can sign.

use core::fmt;

use crate::Identity;

/// Something that an identity says with its signature: a [`Record`](crate::Record) or a
/// [`Withdrawal`](crate::Withdrawal) of its own, the [`Rules`](crate::Rules) of a group or a
/// [`Grant`](crate::Grant) in it.
///
/// The trait is sealed: what can be signed is part of the protocol, and each kind has a text of its
/// own in front of the signed bytes, so that a signature for one kind is none for another.
pub trait Statement: sealed::Sealed + Clone + Eq + fmt::Debug {
    /// What this kind of statement is called.
    const NAME: &'static str;

    /// Who says it: the key that must have signed it.
    fn identity(&self) -> Identity;

    /// Its number. Of the records and withdrawals of an identity the one with the greatest number
    /// counts, and of the rules of a group likewise; grants stand beside each other.
    fn sequence(&self) -> u64;
}

pub(crate) mod sealed {
    use core::convert::Infallible;

    use minicbor::{Encoder, encode};

    use crate::{DecodeError, SignError, cbor::reader::Reader};

    pub trait Sealed: Sized {
        /// What stands in front of the signed bytes, ending with a zero byte.
        const DOMAIN: &'static [u8];

        /// Whether the statement keeps the bounds that its decoder demands.
        fn check(&self) -> Result<(), SignError>;

        fn write<W: encode::Write<Error = Infallible>>(
            &self,
            encoder: &mut Encoder<W>,
        ) -> Result<(), encode::Error<Infallible>>;

        fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError>;
    }
}
