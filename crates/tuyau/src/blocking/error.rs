//! What goes wrong in this backend alone.

use std::{error::Error, fmt, io};

use tuyau_core::{ErrorKind, FlowError};

/// A flow, a listener or a resolver of this backend had to wait, and nobody waits for it: it was
/// polled outside of [`block_on`](super::block_on).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideBlockOn;

impl fmt::Display for OutsideBlockOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "it has to wait, and only tuyau::blocking::block_on waits for the blocking backend; \
             run the future there, or take the protocol of the runtime that polls it",
        )
    }
}

impl Error for OutsideBlockOn {}

impl From<OutsideBlockOn> for FlowError {
    fn from(error: OutsideBlockOn) -> Self {
        Self::new(ErrorKind::Unsupported, error)
    }
}

/// A socket of std's that should become a flow has no peer: the cause of what
/// [`TcpFlow::from_std`](super::TcpFlow::from_std) and its like fail with.
///
/// The source is what the operating system said when it was asked for the peer.
#[derive(Debug)]
pub struct NotConnected(io::Error);

impl NotConnected {
    /// The error of a flow whose peer the system could not tell.
    pub(super) fn because(error: io::Error) -> FlowError {
        FlowError::new(ErrorKind::Closed, Self(error))
    }
}

impl fmt::Display for NotConnected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the socket has no peer: it was never connected, or the peer has reset it; connect it \
             (again) and then make a flow of it",
        )
    }
}

impl Error for NotConnected {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}
