//! Why bytes are not a snapshot.

use std::{error::Error, fmt};

/// Why a snapshot was refused, and where it is damaged.
#[derive(Debug)]
pub struct SnapshotError {
    pub(super) offset: usize,
    pub(super) item: usize,
    pub(super) kind: SnapshotErrorKind,
    pub(super) source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kinds of [`SnapshotError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotErrorKind {
    /// The bytes do not begin with the header of a snapshot.
    NotASnapshot,
    /// The snapshot is of a version that this program does not know.
    Version {
        /// The version it has.
        found: u64,
    },
    /// The bytes end before all entries and rules that the header announces.
    Truncated,
    /// The payload of an item does not match its checksum.
    Checksum,
    /// An item is not what it should be, although its checksum matches.
    Malformed,
    /// The signature of a registration, or of the rules of a group, does not verify.
    Signature,
    /// Bytes follow the last item.
    Trailing,
    /// The snapshot has more entries than the table may have.
    TooManyEntries {
        /// How many it has.
        found: u64,
        /// How many there may be, `limits.routes`.
        limit: usize,
    },
    /// The snapshot has the rules of more groups than there may be.
    TooManyGroups {
        /// How many it has.
        found: u64,
        /// How many there may be, `limits.routes`.
        limit: usize,
    },
}

impl SnapshotError {
    /// What is wrong.
    pub fn kind(&self) -> SnapshotErrorKind {
        self.kind
    }

    /// Where, in bytes from the begin of the snapshot.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// In which item: 0 is the header, entries count from 1, and the rules of groups go on from there.
    pub fn item(&self) -> usize {
        self.item
    }
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.offset)?;
        match self.item {
            0 => f.write_str(", header: ")?,
            entry => write!(f, ", entry {entry}: ")?,
        }
        match self.kind {
            SnapshotErrorKind::NotASnapshot => f.write_str(
                "not a snapshot of a tuyau router; choose a file that `state save` wrote",
            ),
            SnapshotErrorKind::Version { found } => write!(
                f,
                "snapshot version {found}, this program reads versions 1 to {}; use a newer tuyau",
                super::VERSION
            ),
            SnapshotErrorKind::Truncated => {
                f.write_str("the snapshot ends here, it is truncated; use another copy")
            }
            SnapshotErrorKind::Checksum => f.write_str(
                "the checksum does not match, the snapshot is damaged; use another copy",
            ),
            SnapshotErrorKind::Malformed => f.write_str("not a valid item; use another copy"),
            SnapshotErrorKind::Signature => {
                f.write_str("the signature in it does not verify; use another copy")
            }
            SnapshotErrorKind::Trailing => {
                f.write_str("bytes follow the last entry; use another copy")
            }
            SnapshotErrorKind::TooManyEntries { found, limit } => write!(
                f,
                "{found} entries, limits.routes is {limit}; raise it, or use a smaller snapshot"
            ),
            SnapshotErrorKind::TooManyGroups { found, limit } => write!(
                f,
                "rules of more groups ({found}) than limits.routes allows ({limit}); raise it, or \
                 use a smaller snapshot"
            ),
        }
    }
}

impl Error for SnapshotError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
