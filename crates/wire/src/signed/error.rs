//! Why a statement could not be signed, or is not to be believed.

use core::{error::Error, fmt};

use crate::Identity;

/// Why a statement could not be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The statement is about another identity than the key's.
    Identity {
        /// The identity of the key.
        key: Identity,
        /// The identity that the statement is about.
        statement: Identity,
    },
    /// The record has no route, or more than [`MAX_ROUTES`](crate::MAX_ROUTES).
    Routes {
        /// How many it has.
        found: usize,
    },
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Identity { key, statement } => write!(
                f,
                "a statement about {} cannot be signed with the key of {}",
                statement.short(),
                key.short()
            ),
            Self::Routes { found } => {
                write!(
                    f,
                    "a record has 1 to {} routes, this one has {found}",
                    crate::MAX_ROUTES
                )
            }
        }
    }
}

impl Error for SignError {}

/// That the identity which a statement names did not sign it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureError {
    statement: &'static str,
    identity: Identity,
}

impl SignatureError {
    pub(super) fn new(statement: &'static str, identity: Identity) -> Self {
        Self {
            statement,
            identity,
        }
    }

    /// The identity that the statement names.
    pub fn identity(&self) -> Identity {
        self.identity
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (statement, identity) = (self.statement, self.identity.short());
        write!(
            f,
            "the signature under the {statement} is not one of {identity}"
        )
    }
}

impl Error for SignatureError {}
