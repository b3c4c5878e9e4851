//! A Unix socket that listens, whatever accepts from it.

use std::{
    os::unix::net::UnixListener,
    path::{self, Path},
};

use tuyau_core::Address;

use super::PathTooLong;
pub(crate) use super::claim::Claim;
use crate::ListenError;

/// The permissions of the socket file unless told otherwise: for this user alone.
pub(crate) const MODE: u32 = 0o600;

/// A socket that does not block, its address, and its claim on the path.
pub(crate) fn listen(
    path: &Path,
    mode: u32,
) -> Result<(UnixListener, Address, Claim), ListenError> {
    let shown = path.display();
    let path = path::absolute(path).map_err(|error| ListenError::from_io(&shown, error))?;
    if let Some(error) = PathTooLong::check(&path) {
        return Err(ListenError::invalid(&shown, "a shorter path", error));
    }
    let expected = "a path of printable ASCII without `?` and `#`";
    let Some(text) = path.to_str() else {
        return Err(ListenError::invalid(&shown, expected, "it is not UTF-8"));
    };
    let address = Address::from_path("unix", text)
        .map_err(|error| ListenError::invalid(&shown, expected, error))?;
    let (listener, claim) = Claim::take(&address, path, mode)?;
    match listener.set_nonblocking(true) {
        Ok(()) => Ok((listener, address, claim)),
        Err(error) => Err(ListenError::from_io(&address, error)),
    }
}
