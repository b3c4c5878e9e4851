//! Reading the keys of one group into values, noting every problem and every effective setting.

use std::path::{Path, PathBuf};

use tuyau_core::Address;
use tuyau_wire::Identity;

use super::error::ConfigErrorKind;
use super::node::{Node, Value};
use super::notes::{Notes, Setting, Shown};
use super::place::{Layer, Place};
use super::problem::Problem;
use super::schema::{self, Key, Preset, Takes};
use super::{address, paths, value};

/// The keys of one group.
pub(crate) struct Section<'n> {
    keys: &'static [Key],
    node: &'n Node,
    prefix: String,
}

/// What a key gave: an error (noted), nothing, or a value.
type Read<T> = Option<Option<T>>;

impl<'n> Section<'n> {
    pub(crate) fn new(keys: &'static [Key], node: &'n Node) -> Self {
        Self {
            keys,
            node,
            prefix: String::new(),
        }
    }

    /// The group under `name`; without one, an empty group.
    pub(crate) fn group<'a>(&'a self, name: &str) -> Section<'a>
    where
        'n: 'a,
    {
        let keys = self.key(name).group().unwrap_or_default();
        let node = self.node.get(name).unwrap_or(&EMPTY);
        Section {
            keys,
            node,
            prefix: format!("{}{name}.", self.prefix),
        }
    }

    /// The groups in the list under `name`.
    pub(crate) fn groups(&self, name: &str, notes: &mut Notes) -> Option<Vec<Section<'n>>> {
        let Takes::Groups { keys, max } = self.key(name).takes else {
            unreachable!("the schema has no list of groups {name}");
        };
        let Some(node) = self.node.get(name).filter(|node| !node.is_null()) else {
            self.record(
                name,
                serde_json::json!([]),
                &self.place_or_default(name),
                notes,
            );
            return Some(Vec::new());
        };
        let Value::List(items) = &node.value else {
            let mut problem = Problem::wrong_type("a list of groups of keys", node);
            problem.message = format!("`{}`: {}", self.path_of(name), problem.message);
            notes.note(problem, &node.place);
            return None;
        };
        if items.is_empty() {
            self.record(name, serde_json::json!([]), &node.place, notes);
        }
        if items.len() > max {
            let message = format!(
                "`{}`: {} entries in this list: write at most {max}",
                self.path_of(name),
                items.len()
            );
            notes.note(Problem::out_of_range(message), &node.place);
            return None;
        }
        let section = |(index, node)| Section {
            keys,
            node,
            prefix: format!("{}{name}[{index}].", self.prefix),
        };
        Some(items.iter().enumerate().map(section).collect())
    }

    /// Where the key was set, or the group it is missing from.
    pub(crate) fn place(&self, name: &str) -> Place {
        self.node.get(name).unwrap_or(self.node).place.clone()
    }

    /// Where the group itself stands.
    pub(crate) fn own_place(&self) -> &Place {
        &self.node.place
    }

    /// What a key takes.
    pub(crate) fn takes(&self, name: &str) -> &'static Takes {
        &self.key(name).takes
    }

    fn place_or_default(&self, name: &str) -> Place {
        self.node
            .get(name)
            .map_or(Place::Default, |node| node.place.clone())
    }

    /// Whether anybody set the key, be it to nothing.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.node.get(name).is_some()
    }

    /// The layer that set the key to something other than nothing.
    pub(crate) fn layer(&self, name: &str) -> Layer {
        let node = self.node.get(name).filter(|node| !node.is_null());
        node.map_or(Layer::Default, |node| node.place.layer())
    }

    pub(crate) fn integer(&self, name: &str, notes: &mut Notes) -> Option<u64> {
        let Takes::Integer { min, max, unit } = self.key(name).takes else {
            unreachable!("the schema has no integer {name}");
        };
        self.read(name, notes, |node, _| value::integer(node, min, max, unit))?
    }

    pub(crate) fn switch(&self, name: &str, notes: &mut Notes) -> Option<bool> {
        self.read(name, notes, |node, _| value::switch(node))?
    }

    pub(crate) fn text(&self, name: &str, notes: &mut Notes) -> Read<String> {
        match self.key(name).takes {
            Takes::Text { max } => self.read(name, notes, |node, _| value::text(node, max)),
            _ => self.read(name, notes, |node, _| value::name(node)),
        }
    }

    pub(crate) fn identity(&self, name: &str, notes: &mut Notes) -> Read<Identity> {
        self.read(name, notes, |node, _| value::identity(node))
    }

    pub(crate) fn address(&self, name: &str, notes: &mut Notes) -> Option<Address> {
        let Takes::Address(used) = self.key(name).takes else {
            unreachable!("the schema has no address {name}");
        };
        self.read(name, notes, |node, _| address::one(node, used))?
    }

    pub(crate) fn addresses(&self, name: &str, notes: &mut Notes) -> Read<Vec<Address>> {
        let Takes::Addresses { used, max } = self.key(name).takes else {
            unreachable!("the schema has no addresses {name}");
        };
        self.read(name, notes, |node, _| address::several(node, used, max))
    }

    pub(crate) fn path(&self, name: &str, notes: &mut Notes) -> Read<PathBuf> {
        self.read(name, notes, |node, base| {
            Ok(paths::resolve(base, value::path(node)?))
        })
    }

    /// A value that follows from others unless it was given.
    pub(crate) fn or<T: Shown>(
        &self,
        name: &str,
        given: Read<T>,
        notes: &mut Notes,
        follows: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        match given? {
            Some(value) => Some(value),
            None => {
                let value = follows()?;
                notes
                    .settings
                    .retain(|setting| setting.key != self.path_of(name));
                self.record(name, value.shown(), &Place::Default, notes);
                Some(value)
            }
        }
    }

    /// A value of a type that only one key takes.
    pub(crate) fn read<T: Shown>(
        &self,
        name: &str,
        notes: &mut Notes,
        parse: impl FnOnce(&Node, &Path) -> Result<T, Problem>,
    ) -> Read<T> {
        let key = self.key(name);
        let preset;
        let node = match (self.node.get(name), key.preset) {
            (Some(node), _) => node,
            (None, Preset::Text(text)) => {
                preset = Node::untyped(text, Place::Default);
                &preset
            }
            (None, Preset::Required) => {
                let message = format!("the key `{name}` is missing from this entry: add it");
                notes.note(
                    Problem::new(ConfigErrorKind::Missing, message),
                    &self.node.place,
                );
                return None;
            }
            (None, _) => {
                self.record(name, serde_json::Value::Null, &Place::Default, notes);
                return Some(None);
            }
        };
        if node.is_null() && key.nullable {
            self.record(name, serde_json::Value::Null, &node.place, notes);
            return Some(None);
        }
        if node.is_null() {
            let advice = match node.place.layer() {
                Layer::File => "write one, or remove the key",
                _ => "give one, or leave it unset",
            };
            let message = format!("`{}` has no value: {advice}", self.path_of(name));
            notes.note(Problem::new(ConfigErrorKind::Missing, message), &node.place);
            return None;
        }
        match parse(node, notes.base(&node.place)) {
            Ok(value) => {
                self.record(name, value.shown(), &node.place, notes);
                Some(Some(value))
            }
            Err(mut problem) => {
                problem.message = format!("`{}`: {}", self.path_of(name), problem.message);
                notes.note(problem, &node.place);
                None
            }
        }
    }

    fn record(&self, name: &str, value: serde_json::Value, place: &Place, notes: &mut Notes) {
        let (key, origin) = (self.path_of(name), place.to_string());
        notes.settings.push(Setting { key, value, origin });
    }

    fn path_of(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn key(&self, name: &str) -> &'static Key {
        match schema::find(self.keys, name) {
            Some(key) => key,
            None => unreachable!("the schema has no key {name}"),
        }
    }
}

/// What an absent group reads from.
static EMPTY: Node = Node {
    place: Place::Default,
    value: Value::Map(Vec::new()),
};
