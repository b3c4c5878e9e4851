//! Refusing keys that are not in the schema, with the one that was probably meant.

use super::error::{ConfigError, ConfigErrorKind as Kind};
use super::node::{Entry, Node, Value};
use super::quote::{quoted, quoted_list};
use super::schema::{self, FileKind, Key, Takes};
use super::suggest::nearest;

/// Checks that `root`, from a file, is a mapping with known keys only.
pub(crate) fn check_root(root: &Node, kind: FileKind, errors: &mut Vec<ConfigError>) {
    check_group(root, kind.keys(), kind, errors);
}

/// Checks the keys inside the value of one key.
pub(crate) fn check_value(node: &Node, key: &Key, kind: FileKind, errors: &mut Vec<ConfigError>) {
    match key.takes {
        Takes::Group(keys) => check_group(node, keys, kind, errors),
        Takes::Groups { keys, .. } => {
            if let Value::List(items) = &node.value {
                items
                    .iter()
                    .for_each(|item| check_group(item, keys, kind, errors));
            }
        }
        _ => {}
    }
}

fn check_group(node: &Node, keys: &'static [Key], kind: FileKind, errors: &mut Vec<ConfigError>) {
    if node.is_null() {
        return;
    }
    let Value::Map(entries) = &node.value else {
        let message = format!(
            "expected a group of keys, found {}: write `key: value` lines, known keys here: {}",
            node.describe(),
            names(keys)
        );
        errors.push(ConfigError::new(
            node.place.clone(),
            Kind::WrongType,
            message,
        ));
        return;
    };
    for entry in entries {
        match schema::find(keys, &entry.name) {
            Some(key) => check_value(&entry.node, key, kind, errors),
            None => errors.push(unknown(entry, keys, kind)),
        }
    }
}

fn unknown(entry: &Entry, keys: &'static [Key], kind: FileKind) -> ConfigError {
    let given = quoted(&entry.name);
    let known = names(keys);
    let message = if let Some(name) = nearest(&entry.name, keys.iter().map(|key| key.name)) {
        format!("unknown key {given}, did you mean `{name}`? known keys here: {known}")
    } else if let Some(path) = elsewhere(&entry.name, kind) {
        format!("unknown key {given} here: its place is `{path}`; known keys here: {known}")
    } else if let Some(other) = kind
        .others()
        .find(|other| elsewhere(&entry.name, *other).is_some())
    {
        format!(
            "unknown key {given}: it is a key of {other}, and this is {}; known keys here: {known}",
            kind.title(),
        )
    } else {
        format!("unknown key {given}, known keys here: {known}")
    };
    ConfigError::new(entry.place.clone(), Kind::UnknownKey, message)
}

/// The full path of a key of that name, at the top or inside any group.
fn elsewhere(name: &str, kind: FileKind) -> Option<String> {
    let top = schema::find(kind.keys(), name).map(|key| key.name.to_owned());
    let inside = || {
        let paths = schema::paths(kind.keys());
        paths
            .into_iter()
            .map(|(path, _)| path)
            .find(|path| path.rsplit('.').next() == Some(name))
    };
    top.or_else(inside)
}

fn names(keys: &[Key]) -> String {
    quoted_list(keys.iter().map(|key| key.name))
}
