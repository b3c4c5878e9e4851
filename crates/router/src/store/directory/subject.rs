//! What an item of the directory is about.

use std::fmt;

use crate::store::Id;

/// What an item of the directory is about. Subjects are sorted by kind, so that those of one kind,
/// and the members of one group, stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Where an identity can be reached, or that it took this back.
    Registration(Id),
    /// What a group states about itself.
    Group(Id),
    /// That an identity is in a group, connected or not.
    Member {
        /// The group.
        group: Id,
        /// The identity.
        member: Id,
    },
    /// What a group allows an identity to do.
    Grant {
        /// The group.
        group: Id,
        /// The identity.
        holder: Id,
    },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registration(id) => write!(f, "the registration of {id}"),
            Self::Group(id) => write!(f, "the group {id}"),
            Self::Member { group, member } => write!(f, "that {member} is in the group {group}"),
            Self::Grant { group, holder } => write!(f, "what the group {group} allows {holder}"),
        }
    }
}
