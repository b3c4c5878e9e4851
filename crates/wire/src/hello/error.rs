//! Why a hello could not be made, or two of them do not go together.

use alloc::boxed::Box;
use core::{error::Error, fmt};

use crate::{MAX_AGENT, MAX_CAPABILITIES, MAX_CAPABILITY, MAX_PARAMETERS, MIN_MAX_FRAME};

/// Why a [`Hello`](super::Hello) could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelloError {
    kind: HelloErrorKind,
}

/// The kinds of [`HelloError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HelloErrorKind {
    /// The name of the program is empty, too long or not printable ASCII.
    Agent,
    /// The name of a capability is empty, too long, or not printable ASCII without a space.
    Capability,
    /// There are too many capabilities.
    Capabilities,
    /// The longest message is too short to be told anything.
    MaxFrame,
    /// There are too many parameters.
    Parameters,
}

impl HelloError {
    pub(super) fn new(kind: HelloErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong.
    pub fn kind(&self) -> HelloErrorKind {
        self.kind
    }
}

impl fmt::Display for HelloError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            HelloErrorKind::Agent => {
                write!(f, "an agent is 1 to {MAX_AGENT} printable ASCII characters")
            }
            HelloErrorKind::Capability => write!(
                f,
                "a capability is 1 to {MAX_CAPABILITY} printable ASCII characters without a space"
            ),
            HelloErrorKind::Capabilities => {
                write!(f, "a hello has at most {MAX_CAPABILITIES} capabilities")
            }
            HelloErrorKind::Parameters => {
                write!(f, "a hello has at most {MAX_PARAMETERS} parameters")
            }
            HelloErrorKind::MaxFrame => {
                write!(
                    f,
                    "the longest message must be at least {MIN_MAX_FRAME} bytes"
                )
            }
        }
    }
}

impl Error for HelloError {}

/// That two peers have no version of the protocol in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCommonVersion {
    ours: Box<[u64]>,
    theirs: Box<[u64]>,
}

impl NoCommonVersion {
    pub(super) fn new(ours: &[u64], theirs: &[u64]) -> Self {
        Self {
            ours: ours.into(),
            theirs: theirs.into(),
        }
    }
}

impl fmt::Display for NoCommonVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no version of the protocol in common: ours ")?;
        write_list(f, &self.ours)?;
        f.write_str(", theirs ")?;
        write_list(f, &self.theirs)
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, versions: &[u64]) -> fmt::Result {
    for (index, version) in versions.iter().enumerate() {
        let separator = if index == 0 { "" } else { ", " };
        write!(f, "{separator}{version}")?;
    }
    Ok(())
}

impl Error for NoCommonVersion {}
