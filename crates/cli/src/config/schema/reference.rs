//! The table of keys as the book prints it.

use std::fmt::Write;

use tuyau_router::policy::Action;

use super::{ConfigKind, Key, Preset, Takes, Use, policy, variable};

/// The Markdown table of every key of an access policy: key, default, value with bounds, meaning.
pub fn policy_reference() -> String {
    let mut table = String::from(
        "| key | default | value | meaning |\n\
         | --- | --- | --- | --- |\n",
    );
    rows(policy::KEYS, "", Column::Left, &mut table);
    table
}

/// The Markdown table of every key of a kind of configuration: key, default, value with bounds,
/// environment variable, meaning. A test holds the book to it.
pub fn reference(kind: ConfigKind) -> String {
    let mut table = String::from(
        "| key | default | value | environment variable | meaning |\n\
         | --- | --- | --- | --- | --- |\n",
    );
    rows(kind.keys(), "", Column::Filled, &mut table);
    table
}

/// The column of environment variables.
#[derive(Clone, Copy)]
enum Column {
    /// A variable sets the key.
    Filled,
    /// No variable sets this key.
    Empty,
    /// No variable sets any key, so there is no column.
    Left,
}

fn rows(keys: &[Key], prefix: &str, column: Column, table: &mut String) {
    for key in keys {
        let path = format!("{prefix}{}", key.name);
        match key.takes {
            Takes::Group(inner) => rows(inner, &format!("{path}."), column, table),
            Takes::Groups { keys: inner, .. } => {
                row(key, &path, column, table);
                let column = match column {
                    Column::Filled => Column::Empty,
                    column => column,
                };
                rows(inner, &format!("{path}[]."), column, table);
            }
            _ => row(key, &path, column, table),
        }
    }
}

fn row(key: &Key, path: &str, column: Column, table: &mut String) {
    let preset = match key.preset {
        Preset::Text(text) => format!("`{text}`"),
        Preset::Follows(phrase) => phrase.to_owned(),
        Preset::Nothing => "none".to_owned(),
        Preset::Required => "required".to_owned(),
    };
    let variable = match column {
        Column::Filled => format!(" `{}` |", variable(path)),
        Column::Empty => " – |".to_owned(),
        Column::Left => String::new(),
    };
    let value = value(&key.takes);
    // Writing to a string cannot fail.
    let _ = writeln!(
        table,
        "| `{path}` | {preset} | {value} |{variable} {} |",
        key.about
    );
}

fn value(takes: &Takes) -> String {
    match takes {
        Takes::Address(used) => format!("address {}", purpose(*used)),
        Takes::Addresses { used, max } => {
            format!("list of 1 to {max} addresses {}", purpose(*used))
        }
        Takes::Identity => "identity, `tuyau1…`".to_owned(),
        Takes::Path => "path".to_owned(),
        Takes::SocketPath => "path, short enough for a socket".to_owned(),
        Takes::Text { max } => format!("text, at most {max} bytes"),
        Takes::Name => "1 to 64 letters, digits, `-`, `_`, `.`".to_owned(),
        Takes::Integer { min, max, unit } => format!("{min} to {max} {unit}"),
        Takes::Switch => "`true` or `false`".to_owned(),
        Takes::Effect => "`allow` or `deny`".to_owned(),
        Takes::Actions => {
            let names = Action::ALL.map(|action| format!("`{action}`"));
            format!("list of {}", names.join(", "))
        }
        Takes::Parties { max } => {
            format!("list of 1 to {max} identities or names of sets, or `[everyone]`")
        }
        Takes::Sets => "lists of identities, each under a name".to_owned(),
        Takes::Group(_) => "group".to_owned(),
        Takes::Groups { max, .. } => format!("list of at most {max} groups"),
    }
}

fn purpose(used: Use) -> &'static str {
    match used {
        Use::Listen => "to listen on",
        Use::Dial => "to connect to",
    }
}
