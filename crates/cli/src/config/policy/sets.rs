//! The named sets of a policy.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tuyau_router::policy::KeySet;
use tuyau_wire::Identity;

use super::super::error::ConfigErrorKind;
use super::super::node::{Entry, Value};
use super::party::{EVERYONE, is_identity};
use super::quote::{quoted, quoted_list, shortened};
use super::{Node, Notes, Place, Problem, rule_place, suggest, value};

/// Names that an error lists.
const NAMES_SHOWN: usize = 10;

/// The sets of a policy, by their names.
pub(super) struct Sets {
    /// In the order of the file.
    all: Vec<Arc<KeySet>>,
    numbers: HashMap<String, usize>,
}

impl Sets {
    /// Takes every set that can be read, and notes what is wrong with the rest.
    pub(super) fn read(node: Option<&Node>, notes: &mut Notes) -> Self {
        let entries = match node {
            Some(node) if !node.is_null() => match &node.value {
                Value::Map(entries) => entries.as_slice(),
                _ => {
                    let problem = Problem::wrong_type("lists of identities by names", node);
                    notes.note(prefixed("sets", problem), &node.place);
                    &[]
                }
            },
            _ => &[],
        };
        let names: HashSet<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let mut sets = Self {
            all: Vec::new(),
            numbers: HashMap::new(),
        };
        for entry in entries {
            if let Err(problem) = check_name(entry) {
                notes.note(prefixed("sets", problem), &entry.place);
            }
            // One with problems is known to the rules nevertheless.
            let set = KeySet::new(&entry.name, members(entry, &names, notes));
            let set = match rule_place(&entry.place) {
                Some(place) => set.at(place),
                None => set,
            };
            sets.numbers.insert(entry.name.clone(), sets.all.len());
            sets.all.push(Arc::new(set));
        }
        sets
    }

    /// The set of that name.
    pub(super) fn find(&self, name: &str) -> Result<&Arc<KeySet>, Problem> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(&self.all[*number]);
        }
        Err(Problem::bad_value(format!(
            "there is no set {}{}",
            quoted(name),
            self.instead(name)
        )))
    }

    /// All sets, in the order of the file.
    pub(super) fn into_all(self) -> Vec<Arc<KeySet>> {
        self.all
    }

    fn instead(&self, name: &str) -> String {
        let names = || self.all.iter().map(|set| set.name());
        if matches!(
            name,
            "all" | "any" | "anyone" | "anybody" | "everybody" | "*"
        ) {
            return format!(", did you mean `{EVERYONE}`?");
        }
        let known = match self.all.len() {
            0 => "add it to `sets`".to_owned(),
            count if count > NAMES_SHOWN => {
                let shown = quoted_list(names().take(NAMES_SHOWN));
                format!("sets: {shown} and {} more", count - NAMES_SHOWN)
            }
            _ => format!("sets: {}", quoted_list(names())),
        };
        match suggest::nearest(name, names().chain([EVERYONE])) {
            Some(near) => format!(", did you mean {}? {known}", quoted(near)),
            None => format!(": write an identity (`tuyau1…`), `{EVERYONE}` or a set; {known}"),
        }
    }
}

fn prefixed(path: &str, mut problem: Problem) -> Problem {
    problem.message = format!("`{path}`: {}", problem.message);
    problem
}

fn check_name(entry: &Entry) -> Result<(), Problem> {
    value::name(&Node::untyped(entry.name.as_str(), entry.place.clone()))?;
    if entry.name == EVERYONE || is_identity(&entry.name) {
        let message = format!(
            "{} means something else in rules: give the set another name",
            quoted(&entry.name)
        );
        return Err(Problem::bad_value(message));
    }
    Ok(())
}

/// The identities of a set, each once.
fn members(entry: &Entry, sets: &HashSet<&str>, notes: &mut Notes) -> Vec<Identity> {
    let path = format!("sets.{}", shortened(&entry.name));
    let Value::List(items) = &entry.node.value else {
        let problem = not_a_list(&entry.node);
        notes.note(prefixed(&path, problem), &entry.node.place);
        return Vec::new();
    };
    let mut seen: HashMap<Identity, &Place> = HashMap::with_capacity(items.len());
    for item in items {
        let found = member(item, sets).and_then(|identity| match seen.get(&identity) {
            Some(first) => Err(Problem::new(
                ConfigErrorKind::Conflict,
                twice(&identity, first),
            )),
            None => Ok(identity),
        });
        match found {
            Ok(identity) => drop(seen.insert(identity, &item.place)),
            Err(problem) => notes.note(prefixed(&path, problem), &item.place),
        }
    }
    seen.into_keys().collect()
}

fn not_a_list(node: &Node) -> Problem {
    if node.is_null() {
        let message = "this set has no value: write [] for one that is empty";
        return Problem::new(ConfigErrorKind::Missing, message);
    }
    match value::list(node, "a list of identities") {
        Err(problem) => problem,
        Ok(_) => Problem::wrong_type("a list of identities", node),
    }
}

fn member(item: &Node, sets: &HashSet<&str>) -> Result<Identity, Problem> {
    let text = value::scalar_text(item, "an identity")?;
    if text == EVERYONE || sets.contains(text) {
        let message = format!(
            "{} is no identity, and a set holds nothing else: list its identities, or name both \
             sets in the rules",
            quoted(text)
        );
        return Err(Problem::bad_value(message));
    }
    value::identity(item)
}

fn twice(identity: &Identity, first: &Place) -> String {
    format!(
        "{} is in the set already, on {}: keep one of them",
        quoted(&identity.to_string()),
        first.brief()
    )
}
