//! Laying the environment and the command line over the tree of the file.

use std::sync::Arc;

use super::error::{ConfigError, ConfigErrorKind as Kind};
use super::keys;
use super::node::{Node, Value};
use super::place::Place;
use super::quote::{quoted, quoted_list, shortened};
use super::schema::{self, ConfigKind, FileKind, Key, Takes};
use super::sources::{OverrideValue, Sources};
use super::suggest::nearest;
use super::yaml;

/// Sets in `root` what the variables and the command line say, in that order.
pub(crate) fn apply(
    sources: &Sources,
    kind: ConfigKind,
    root: &mut Node,
    errors: &mut Vec<ConfigError>,
) {
    apply_variables(sources, kind, root, errors);
    apply_overrides(sources, kind, root, errors);
}

fn apply_variables(
    sources: &Sources,
    kind: ConfigKind,
    root: &mut Node,
    errors: &mut Vec<ConfigError>,
) {
    let known = variables(kind);
    for (name, value) in &sources.variables {
        let name = name.to_string_lossy().into_owned();
        let place = Place::Variable { name: name.clone() };
        let Some((_, path, key)) = known.iter().find(|(variable, ..)| *variable == name) else {
            errors.extend(unknown_variable(&name, kind, &known));
            continue;
        };
        let Some(text) = value.to_str() else {
            let message = "the value is not UTF-8: set it again, as UTF-8 text";
            errors.push(ConfigError::new(place, Kind::NotUtf8, message));
            continue;
        };
        set(root, path, key, kind, text_node(text, key, &place), errors);
    }
}

fn apply_overrides(
    sources: &Sources,
    kind: ConfigKind,
    root: &mut Node,
    errors: &mut Vec<ConfigError>,
) {
    for overriding in &sources.overrides {
        let place = Place::Flag {
            name: overriding.origin.clone(),
        };
        let key = match schema::find_path(kind.keys(), &overriding.path) {
            Some(key) if key.group().is_none() => key,
            found => {
                errors.push(unknown_path(&overriding.path, place, found, kind));
                continue;
            }
        };
        let node = match &overriding.value {
            OverrideValue::Text(text) => text_node(text, key, &place),
            OverrideValue::Items(items) => {
                let item = |text: &String| Node::untyped(text.as_str(), place.clone());
                let value = Value::List(items.iter().map(item).collect());
                Ok(Node { place, value })
            }
        };
        set(root, &overriding.path, key, kind, node, errors);
    }
}

/// The node that `text` from outside a file stands for.
///
/// A list of groups has no other compact form than YAML's; everything else is plain text.
fn text_node(text: &str, key: &Key, place: &Place) -> Result<Node, ConfigError> {
    if !matches!(key.takes, Takes::Groups { .. }) {
        return Ok(Node::untyped(text, place.clone()));
    }
    let weight_max = FileKind::WEIGHT_MAX;
    let (node, errors) = yaml::parse(text, &Arc::from(place.to_string()), weight_max);
    if let Some(error) = errors.first() {
        let message = format!(
            "`{}` is written as YAML here: {}",
            key.name,
            error.message()
        );
        return Err(ConfigError::new(place.clone(), error.kind(), message));
    }
    let mut node = node.unwrap_or_else(|| Node::untyped("", place.clone()));
    node.move_to(place);
    Ok(node)
}

fn set(
    root: &mut Node,
    path: &str,
    key: &Key,
    kind: ConfigKind,
    node: Result<Node, ConfigError>,
    errors: &mut Vec<ConfigError>,
) {
    let node = match node {
        Ok(node) => node,
        Err(error) => return errors.push(error),
    };
    keys::check_value(&node, key, kind.into(), errors);
    let mut group = root;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            group.set(name, node);
            return;
        }
        group = group.child_map(name, &node.place);
    }
}

/// The variables of a kind of configuration: name, path, key.
fn variables(kind: ConfigKind) -> Vec<(String, String, &'static Key)> {
    let paths = schema::paths(kind.keys());
    paths
        .into_iter()
        .map(|(path, key)| (schema::variable(&path), path, key))
        .collect()
}

/// An error, unless the variable belongs to the other kind of configuration.
fn unknown_variable(
    name: &str,
    kind: ConfigKind,
    known: &[(String, String, &'static Key)],
) -> Option<ConfigError> {
    let others = variables(kind.other());
    if others.iter().any(|(variable, ..)| variable == name) {
        return None;
    }
    let group = [kind, kind.other()]
        .into_iter()
        .find_map(|kind| group_variable(name, kind));
    let names = known
        .iter()
        .chain(&others)
        .map(|(variable, ..)| variable.as_str());
    let message = if let Some((group, example)) = group {
        format!("`{group}` is a group of keys: set one of them, for example `{example}`")
    } else if let Some(near) = nearest(name, names) {
        format!("no key of the configuration has this variable, did you mean `{near}`?")
    } else {
        "no key of the configuration has this variable: unset it, names that start with \
         `TUYAU_` are reserved"
            .to_owned()
    };
    let place = Place::Variable {
        name: shortened(name),
    };
    Some(ConfigError::new(place, Kind::UnknownVariable, message))
}

fn group_variable(name: &str, kind: ConfigKind) -> Option<(&'static str, String)> {
    let group = kind
        .keys()
        .iter()
        .find(|key| schema::variable(key.name) == name)?;
    let member = group.group()?.first()?;
    Some((
        group.name,
        schema::variable(&format!("{}.{}", group.name, member.name)),
    ))
}

fn unknown_path(
    path: &str,
    place: Place,
    group: Option<&'static Key>,
    kind: ConfigKind,
) -> ConfigError {
    let known = schema::paths(kind.keys());
    let member = group.and_then(|key| key.group()?.first());
    let near = || nearest(path, known.iter().map(|(path, _)| path.as_str()));
    let message = if let Some(member) = member {
        format!(
            "`{path}` is a group of keys: set one of them, for example `{path}.{}`",
            member.name
        )
    } else if let Some(near) = near() {
        format!("unknown key {}, did you mean `{near}`?", quoted(path))
    } else {
        let tops: Vec<&str> = kind.keys().iter().map(|key| key.name).collect();
        format!(
            "unknown key {}, known keys: {}",
            quoted(path),
            quoted_list(tops)
        )
    };
    ConfigError::new(place, Kind::UnknownFlagKey, message)
}
