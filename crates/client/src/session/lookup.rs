//! Whether what a router gives as the record of an identity is to be believed.

use std::{error::Error, fmt};

use tuyau_wire::{Identity, Record, SignatureError, Signed, Verified};

use super::RequestError;
use crate::sequence::since_1970;

/// Checks a record that was given for an identity.
pub(super) fn check(
    record: Signed<Record>,
    expected: Identity,
) -> Result<Verified<Record>, LookupError> {
    let claims = record.claims();
    if claims.identity != expected {
        let found = claims.identity;
        return Err(LookupError::Identity { expected, found });
    }
    let ago = since_1970().as_secs().checked_sub(claims.expires);
    if let Some(ago) = ago {
        return Err(LookupError::Expired { ago });
    }
    record.verify().map_err(LookupError::Signature)
}

/// Why there is no record of an identity.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum LookupError {
    /// The router does not answer lookups.
    NotOffered,
    /// The router refused, did not answer in time, or was lost.
    Request(RequestError),
    /// The router gave the record of somebody else.
    Identity {
        /// Whose record was asked for.
        expected: Identity,
        /// Whose record it is.
        found: Identity,
    },
    /// The identity did not sign the record.
    Signature(SignatureError),
    /// The record had expired by this machine's clock.
    Expired {
        /// How long ago, in seconds.
        ago: u64,
    },
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOffered => {
                f.write_str(
                    "the router does not answer lookups: its operator has switched them off, or it \
                     is too old; send by it, or use one that does",
                )
            }
            Self::Request(error) => error.fmt(f),
            Self::Identity { expected, found } => write!(
                f,
                "the router gave a record of {found} for {expected}; it is broken or lies, use another"
            ),
            Self::Signature(_) => f.write_str(
                "the router gave a record that is not to be believed; it is broken or lies, use another",
            ),
            Self::Expired { ago } => write!(
                f,
                "the router gave a record that expired {ago} s ago by this machine's clock; \
                 check both clocks"
            ),
        }
    }
}

impl Error for LookupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Request(error) => error.source(),
            Self::Signature(error) => Some(error),
            _ => None,
        }
    }
}
