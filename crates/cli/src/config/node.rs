//! A configuration as it was written: a tree of values with their places, before any of it means
//! something.

use super::place::Place;
use super::quote::quoted;

/// Bytes of text that weigh as much as one value.
const WEIGHT_BYTES: usize = 128;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Scalar { text: String, style: Style },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// How a scalar was written, which decides what types it can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// YAML without quotes: `5` is a number, `null` is nothing.
    Plain,
    /// YAML with quotes, or a block: always text.
    Quoted,
    /// From outside YAML (a variable, a flag, a default): whatever the key takes.
    Untyped,
}

/// A key and its value in a mapping.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) place: Place,
    pub(crate) node: Node,
}

impl Node {
    pub(crate) fn untyped(text: impl Into<String>, place: Place) -> Self {
        let value = Value::Scalar {
            text: text.into(),
            style: Style::Untyped,
        };
        Self { place, value }
    }

    pub(crate) fn empty_map(place: Place) -> Self {
        Self {
            place,
            value: Value::Map(Vec::new()),
        }
    }

    /// Whether it says "nothing": an empty or null value.
    pub(crate) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar {
                text,
                style: Style::Plain,
            } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::Scalar {
                text,
                style: Style::Untyped,
            } => text.is_empty(),
            _ => false,
        }
    }

    /// The entries, if it is a mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, if it is a mapping that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Node> {
        self.entries()
            .iter()
            .find(|entry| entry.name == name)
            .map(|entry| &entry.node)
    }

    /// Replaces or adds the value of a key; anything but a mapping becomes one.
    pub(crate) fn set(&mut self, name: &str, node: Node) {
        let entries = self.entries_mut();
        match entries.iter_mut().find(|entry| entry.name == name) {
            Some(entry) => entry.node = node,
            None => entries.push(Entry {
                name: name.into(),
                place: node.place.clone(),
                node,
            }),
        }
    }

    /// The mapping under a key, made if there is none.
    pub(crate) fn child_map(&mut self, name: &str, place: &Place) -> &mut Node {
        let entries = self.entries_mut();
        let index = match entries.iter().position(|entry| entry.name == name) {
            Some(index) => index,
            None => {
                let node = Node::empty_map(place.clone());
                entries.push(Entry {
                    name: name.into(),
                    place: place.clone(),
                    node,
                });
                entries.len() - 1
            }
        };
        &mut entries[index].node
    }

    fn entries_mut(&mut self) -> &mut Vec<Entry> {
        if !matches!(self.value, Value::Map(_)) {
            self.value = Value::Map(Vec::new());
        }
        match &mut self.value {
            Value::Map(entries) => entries,
            _ => unreachable!("it was made a mapping above"),
        }
    }

    /// Gives the node and everything in it another place.
    pub(crate) fn move_to(&mut self, place: &Place) {
        self.place = place.clone();
        match &mut self.value {
            Value::Scalar { .. } => {}
            Value::List(items) => items.iter_mut().for_each(|item| item.move_to(place)),
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                entry.place = place.clone();
                entry.node.move_to(place);
            }),
        }
    }

    /// A measure of the memory it takes: one for each value in it, and one for every
    /// [`WEIGHT_BYTES`] bytes of text.
    pub(crate) fn weight(&self) -> usize {
        let entry = |entry: &Entry| entry.name.len() / WEIGHT_BYTES + entry.node.weight();
        match &self.value {
            Value::Scalar { text, .. } => 1 + text.len() / WEIGHT_BYTES,
            Value::List(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Value::Map(entries) => 1 + entries.iter().map(entry).sum::<usize>(),
        }
    }

    /// What it is, as the object of "found".
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            _ if self.is_null() => "nothing".into(),
            Value::List(_) => "a list".into(),
            Value::Map(_) => "a group of keys".into(),
            Value::Scalar {
                text,
                style: Style::Plain,
            } if is_number(text) => {
                format!("the number {}", quoted(text))
            }
            Value::Scalar {
                text,
                style: Style::Plain,
            } if is_boolean(text) => quoted(text),
            Value::Scalar { text, .. } => format!("the text {}", quoted(text)),
        }
    }
}

/// Whether plain YAML `text` is read as text rather than as a number or a truth value.
pub(crate) fn is_plain_text(text: &str) -> bool {
    !is_number(text) && !is_boolean(text)
}

fn is_boolean(text: &str) -> bool {
    matches!(text, "true" | "True" | "TRUE" | "false" | "False" | "FALSE")
}

/// The numbers of the YAML 1.2 core schema (section 10.3.2).
fn is_number(text: &str) -> bool {
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return digits(hexadecimal, 16);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return digits(octal, 8);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let starts = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let named = matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN");
    named || (starts && unsigned.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_core_schema() {
        for text in [
            "0", "10", "-5", "+5", "1.5", ".5", "1e3", "0x1f", "0o17", ".inf", "-.inf",
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "", "-", "1_000", "10s", "infinity", "nan", "0x", "1.2.3", "tls://1",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
