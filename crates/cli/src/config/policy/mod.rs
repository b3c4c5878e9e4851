//! Access policies: from a YAML file to the policy that a router asks.
//!
//! ```
//! use tuyau_cli::config::policy;
//!
//! let error = policy::from_bytes("policy.yaml", b"rulse: []").unwrap_err();
//! assert!(error.to_string().starts_with("policy.yaml:1:1: unknown key `rulse`, did you mean `rules`?"));
//! ```

mod party;
mod rules;
mod sets;
mod summary;

use std::path::Path;
use std::sync::Arc;

use tuyau_router::policy::{Effect, KeySet, Policy, RulePlace};

use super::error::ConfigErrors;
use super::load::{Document, display_name};
use super::node::Node;
use super::notes::Notes;
use super::place::Place;
use super::problem::Problem;
use super::schema::FileKind;
use super::section::Section;
use super::{quote, suggest, value};

pub use super::schema::policy_reference as reference;
pub(crate) use party::is_identity;
pub use summary::{PolicySummary, RuleSummary, SetSummary};

use sets::Sets;

/// A policy file that was found to be valid.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PolicyFile {
    /// The file as it was named.
    pub file: String,
    /// What it says.
    pub policy: Policy,
    /// Its sets, in the order of the file, those included that no rule names.
    pub sets: Vec<Arc<KeySet>>,
}

/// Reads a policy file.
///
/// # Errors
/// Everything that is wrong with the file.
pub fn open(path: &Path) -> Result<PolicyFile, ConfigErrors> {
    read(&display_name(path), Document::open(path, FileKind::Policy)?)
}

/// Reads a policy from bytes; `name` stands for the file in errors.
///
/// # Errors
/// Everything that is wrong with the bytes. No bytes make it panic.
pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<PolicyFile, ConfigErrors> {
    let name = display_name(Path::new(name));
    let document = Document::parse(&name, Path::new(""), bytes, FileKind::Policy)?;
    read(&name, document)
}

fn read(file: &Arc<str>, document: Document) -> Result<PolicyFile, ConfigErrors> {
    let (root, mut notes, text) = document.begin(FileKind::Policy);
    let section = Section::new(FileKind::Policy.keys(), &root);
    let default = section.read("default", &mut notes, |node, _| effect(node));
    let sets = Sets::read(root.get("sets"), &mut notes);
    let rules = rules::read(&section, &sets, &mut notes);
    if let (Some(Some(default)), Some(rules), true) = (default, rules, notes.errors.is_empty()) {
        let policy = rules.policy(default, &mut notes);
        if notes.errors.is_empty() {
            return Ok(PolicyFile {
                file: file.to_string(),
                policy,
                sets: sets.into_all(),
            });
        }
    }
    Err(ConfigErrors::new(notes.errors, &text))
}

fn effect(node: &Node) -> Result<Effect, Problem> {
    let expected = "`allow` or `deny`";
    match value::scalar_text(node, expected)? {
        "allow" => Ok(Effect::Allow),
        "deny" => Ok(Effect::Deny),
        _ => Err(Problem::wrong_type(expected, node)),
    }
}

/// A place in a file as a policy has it.
fn rule_place(place: &Place) -> Option<RulePlace> {
    let (file, line) = (Arc::from(place.file()?), place.line()?);
    Some(RulePlace { file, line })
}
