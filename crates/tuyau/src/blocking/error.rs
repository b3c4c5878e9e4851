//! What goes wrong outside of `block_on`.

use std::{error::Error, fmt};

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
