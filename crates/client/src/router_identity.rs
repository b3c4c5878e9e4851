//! How a service knows who its router is.

use std::path::PathBuf;

use tuyau_wire::Identity;

use crate::{FileError, identity_file};

/// How a service knows the identity of its router. It always does: nobody is trusted for having
/// answered first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterIdentity {
    /// It has been told.
    Known(Identity),
    /// It is in this file, which the router writes at start. The file is read at each connect, so
    /// that it may appear later than the service.
    File(PathBuf),
}

impl RouterIdentity {
    /// The identity, as far as it is known by now.
    ///
    /// # Errors
    /// When the file is missing or of no use.
    pub fn current(&self) -> Result<Identity, FileError> {
        match self {
            Self::Known(identity) => Ok(*identity),
            Self::File(path) => identity_file::read(path),
        }
    }
}

impl From<Identity> for RouterIdentity {
    fn from(identity: Identity) -> Self {
        Self::Known(identity)
    }
}
