//! What a policy decides about, and what it can say.

use std::fmt;

/// What an identity does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// To register where it can be reached.
    Listen,
    /// To send to an identity, and to ask where that one can be reached. A request is a send; the
    /// answer to it is no action of its own.
    Send,
    /// To join a group, and receive what is published to it.
    Join,
    /// To publish to a group.
    Publish,
    /// To see and to change the state of the router.
    Admin,
}

/// What a rule, or the default, says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// It may be done.
    Allow,
    /// It may not be done.
    Deny,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 5] = [
        Self::Listen,
        Self::Send,
        Self::Join,
        Self::Publish,
        Self::Admin,
    ];

    /// The name of the action, in lower case, as a policy file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Send => "send",
            Self::Join => "join",
            Self::Publish => "publish",
            Self::Admin => "admin",
        }
    }

    /// Whether it is towards somebody: the recipient of a send, the group of a join and a publish.
    pub fn has_target(self) -> bool {
        matches!(self, Self::Send | Self::Join | Self::Publish)
    }

    /// The action as what follows "may".
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Send => "send to",
            Self::Join => "join",
            Self::Publish => "publish to",
            Self::Admin => "administer the router",
        }
    }

    pub(super) fn position(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Effect {
    /// Whether it allows.
    pub fn allows(self) -> bool {
        self == Self::Allow
    }

    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Allow => Self::Deny,
            Self::Deny => Self::Allow,
        }
    }

    /// The name of the effect, in lower case, as a policy file has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
