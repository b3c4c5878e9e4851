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

impl Subject {
    /// The number of the kind in the files, and the ids.
    pub(crate) fn parts(&self) -> (u8, &Id, Option<&Id>) {
        match self {
            Self::Registration(id) => (1, id, None),
            Self::Group(id) => (2, id, None),
            Self::Member { group, member } => (3, group, Some(member)),
            Self::Grant { group, holder } => (4, group, Some(holder)),
        }
    }

    /// The subject of these parts.
    pub(crate) fn from_parts(kind: u8, first: Id, second: Option<Id>) -> Option<Self> {
        match (kind, second) {
            (1, None) => Some(Self::Registration(first)),
            (2, None) => Some(Self::Group(first)),
            (3, Some(member)) => Some(Self::Member {
                group: first,
                member,
            }),
            (4, Some(holder)) => Some(Self::Grant {
                group: first,
                holder,
            }),
            _ => None,
        }
    }
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
