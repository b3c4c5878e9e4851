//! What became of what was in use when a policy was replaced.

use std::fmt;

/// What ended when a policy took the place of another one.
///
/// Displays as what follows "the policy was replaced: ".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Whether both say the same, but for names and places.
    pub same: bool,
    /// How many registrations were taken back.
    pub registrations: usize,
    /// How many handles to recipients and groups were freed.
    pub handles: usize,
    /// How many memberships in groups ended.
    pub memberships: usize,
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.same {
            return f.write_str("the rules are the same as before");
        }
        let mut before = "";
        for (count, done, one, many) in [
            (
                self.registrations,
                "took back",
                "registration",
                "registrations",
            ),
            (self.handles, "freed", "handle", "handles"),
            (self.memberships, "ended", "membership", "memberships"),
        ] {
            if count > 0 {
                let what = if count == 1 { one } else { many };
                write!(f, "{before}{done} {count} {what}")?;
                before = ", ";
            }
        }
        match before {
            "" => f.write_str("it allows everything that is in use"),
            _ => Ok(()),
        }
    }
}
