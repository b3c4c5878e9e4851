//! What damage took away.

use std::{collections::BTreeMap, fmt};

use super::{Id, Subject};

/// One place of the files that was damaged, and what is lost by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What is lost.
    pub what: Lost,
    /// The file.
    pub file: String,
    /// The byte of the file at which the damaged record begins.
    pub offset: u64,
    /// How the damage shows.
    pub damage: Damage,
}

/// What a damaged record held.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lost {
    /// A message, for each of these mailboxes.
    Message {
        /// Whose mailboxes.
        mailboxes: Vec<Id>,
        /// Its position in them.
        position: u64,
    },
    /// Which messages of a sender came before: one that is sent again may pass.
    Window {
        /// The sender.
        sender: Id,
        /// The epoch of its sequence numbers.
        epoch: u64,
    },
    /// An entry of the directory.
    Item(Subject),
    /// Who has a subject of the directory: nobody, until it is taken again.
    Lease(Subject),
    /// A counter of the directory; it starts again from zero.
    Counter(String),
    /// It cannot be told: both the record and what was noted of it are damaged.
    Unknown,
    /// Nothing: what is damaged repeats what stands elsewhere, or is not used.
    Nothing,
}

/// How damage shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Damage {
    /// A checksum does not fit.
    Checksum,
    /// The file ends, or has nothing, where a record was.
    Missing,
    /// The checksums fit and the content does not.
    Content,
    /// The file has another length than it says, and no record is missing.
    Length,
    /// Something was not written to its end when the power went or the program ended; it was never
    /// acknowledged, and is cut off.
    Unfinished,
    /// What is noted of the records is incomplete, as after a power cut; it was made anew.
    Index,
}

impl Loss {
    /// Whether it is what any power cut leaves behind: something was not written to its end, and
    /// nothing is lost.
    pub fn is_mended(&self) -> bool {
        self.what == Lost::Nothing && matches!(self.damage, Damage::Unfinished | Damage::Index)
    }

    /// The messages that are lost, as ranges of positions by mailbox.
    ///
    /// Positions are of the whole spool: those within a range that belong to other mailboxes are
    /// not lost for this one.
    pub fn ranges(losses: &[Self]) -> BTreeMap<Id, (u64, u64)> {
        let mut ranges = BTreeMap::new();
        for loss in losses {
            let Lost::Message {
                mailboxes,
                position,
            } = &loss.what
            else {
                continue;
            };
            for mailbox in mailboxes {
                let range = ranges.entry(*mailbox).or_insert((*position, *position));
                *range = (range.0.min(*position), range.1.max(*position));
            }
        }
        ranges
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = match self.damage {
            Damage::Checksum => "its checksum does not fit",
            Damage::Missing => "it is not there",
            Damage::Content => "its content does not fit",
            Damage::Length => "the file has another length than it says",
            Damage::Unfinished => "it was not written to its end and is cut off",
            Damage::Index => "the index was incomplete and is made anew",
        };
        let Self { file, offset, .. } = self;
        match self.is_mended() {
            true => f.write_str("nothing is lost")?,
            false => write!(f, "{}", self.what)?,
        }
        write!(f, " ({file} at byte {offset}: {how})")
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message {
                mailboxes,
                position,
            } => {
                write!(f, "lost message {position} to")?;
                mailboxes
                    .iter()
                    .try_for_each(|mailbox| write!(f, " {mailbox}"))
            }
            Self::Window { sender, epoch } => write!(
                f,
                "lost which messages of {sender} came in epoch {epoch}; one sent again may pass"
            ),
            Self::Item(subject) => write!(f, "lost {subject}"),
            Self::Lease(subject) => write!(f, "lost who has {subject}"),
            Self::Counter(name) => write!(f, "lost the counter {name}"),
            Self::Unknown => f.write_str("lost a record that nothing tells more about"),
            Self::Nothing => f.write_str("damaged, and nothing is lost"),
        }
    }
}
