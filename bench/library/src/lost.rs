//! Why a run does not count.

use std::{error::Error, fmt};

/// Something failed, or did not arrive as it was sent: no ratio is printed for such a run.
#[derive(Debug)]
pub enum Lost {
    /// A call failed.
    Failed(Box<dyn Error + Send + Sync>),
    /// The bytes that begin at this offset are not those that were sent.
    Changed {
        /// Bytes that came before, intact.
        at: u64,
    },
    /// The stream or the connections ended early.
    Missing {
        /// How many bytes or connections were sent.
        sent: u64,
        /// How many of them came.
        came: u64,
    },
}

impl<E: Error + Send + Sync + 'static> From<E> for Lost {
    fn from(error: E) -> Self {
        Self::Failed(Box::new(error))
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(error) => write!(f, "failed: {error}"),
            Self::Changed { at } => write!(f, "bytes changed after {at} intact ones"),
            Self::Missing { sent, came } => write!(f, "{sent} sent, {came} came"),
        }
    }
}
