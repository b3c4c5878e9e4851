//! What there is in a policy file, for people and for programs.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use tuyau_router::policy::{KeySet, Party, Rule};

use super::party::{EVERYONE, written};
use super::{PolicyFile, quote};

/// What there is in a policy file.
///
/// Displays as a few lines for a person, and serialises for a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PolicySummary {
    /// The file as it was named.
    pub file: String,
    /// What holds where no rule matches, `allow` or `deny`.
    pub default: &'static str,
    /// Its sets, in the order of the file.
    pub sets: Vec<SetSummary>,
    /// Its rules, in the order in which they are asked.
    pub rules: Vec<RuleSummary>,
}

/// One set of a policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SetSummary {
    /// Its name.
    pub name: String,
    /// Where it stands, counted from 1.
    pub line: Option<usize>,
    /// How many identities are in it.
    pub identities: usize,
    /// Whether a rule names it.
    pub used: bool,
}

/// One rule of a policy file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RuleSummary {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Where it stands, counted from 1.
    pub line: Option<usize>,
    /// What it says, `allow` or `deny`.
    pub effect: &'static str,
    /// Of what.
    pub actions: Vec<&'static str>,
    /// Of whom: identities, names of sets, or `everyone`.
    pub who: Vec<String>,
    /// Towards whom, likewise.
    pub to: Vec<String>,
}

impl PolicyFile {
    /// What there is in it.
    pub fn summary(&self) -> PolicySummary {
        let rules = self.policy.rules();
        let parties = rules
            .iter()
            .flat_map(|rule| rule.who().iter().chain(rule.to()));
        let used: HashSet<_> = parties
            .filter_map(|party| match party {
                Party::Set(set) => Some(set.name()),
                _ => None,
            })
            .collect();
        let set = |set: &Arc<KeySet>| SetSummary {
            name: set.name().to_owned(),
            line: set.place().map(|place| place.line),
            identities: set.len(),
            used: used.contains(set.name()),
        };
        PolicySummary {
            file: self.file.clone(),
            default: self.policy.default_effect().name(),
            sets: self.sets.iter().map(set).collect(),
            rules: rules.iter().map(RuleSummary::from).collect(),
        }
    }
}

impl From<&Rule> for RuleSummary {
    fn from(rule: &Rule) -> Self {
        Self {
            name: rule.name().map(str::to_owned),
            line: rule.place().map(|place| place.line),
            effect: rule.effect().name(),
            actions: rule.actions().iter().map(|action| action.name()).collect(),
            who: rule.who().iter().map(written).collect(),
            to: rule.to().iter().map(written).collect(),
        }
    }
}

impl fmt::Display for PolicySummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: a valid access policy", self.file)?;
        let lines = self.sets.iter().map(|set| set.line);
        let lines = lines.chain(self.rules.iter().map(|rule| rule.line));
        let last = lines.flatten().max().unwrap_or_default();
        let width = last.to_string().len();
        for set in &self.sets {
            write!(f, "\n  line {:<width$}  set {set}", Line(set.line))?;
        }
        for rule in &self.rules {
            write!(f, "\n  line {:<width$}  {rule}", Line(rule.line))?;
        }
        write!(f, "\n  where no rule matches: {}", self.default)
    }
}

struct Line(Option<usize>);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(line) => f.pad(&line.to_string()),
            None => f.pad("?"),
        }
    }
}

impl fmt::Display for SetSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.identities == 1 {
            "identity"
        } else {
            "identities"
        };
        write!(f, "{}: {} {noun}", self.name, self.identities)?;
        if self.used {
            return Ok(());
        }
        f.write_str(", in no rule")
    }
}

impl RuleSummary {
    /// What the rule says, without its name.
    pub fn said(&self) -> String {
        let (actions, who) = (self.actions.join(", "), self.who.join(", "));
        let said = format!("{} {actions}; who: {who}", self.effect);
        if self.to == [EVERYONE] {
            return said;
        }
        format!("{said}; to: {}", self.to.join(", "))
    }
}

impl fmt::Display for RuleSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said())?;
        match &self.name {
            Some(name) => write!(f, "  ({})", quote::shortened(name)),
            None => Ok(()),
        }
    }
}
