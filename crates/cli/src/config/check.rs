//! Checking a configuration file without running anything.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::error::ConfigErrors;
use super::load::{Document, Loaded, display_name};
use super::notes::Setting;
use super::policy;
use super::quote::quoted_list;
use super::router::RouterConfig;
use super::schema::{self, ConfigKind};
use super::service::ServiceConfig;
use super::sources::Sources;

/// A configuration file that was found to be valid.
///
/// Displays as a few lines for a person, and serialises for a program.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// The file as it was named.
    pub file: String,
    /// What it was read as.
    pub kind: ConfigKind,
    /// Why it was read as that.
    pub reason: KindReason,
    /// Every key with the value that counts, defaults included.
    pub settings: Vec<Setting>,
}

/// Why a file was taken for one kind of configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum KindReason {
    /// The caller said so.
    Told,
    /// These keys of the file are keys of that kind only.
    Keys(Vec<String>),
    /// Nothing in the file tells the kinds apart, and a router is what is assumed then.
    Assumed,
}

/// Either kind of configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Config {
    /// A router's.
    Router(RouterConfig),
    /// A test service's.
    Service(ServiceConfig),
}

/// Checks a file by itself, without the environment and the command line.
///
/// Without a `kind` the keys at the top decide; if both kinds could be meant, the one with more
/// keys, and a router when that does not decide either. The access policy that a router's
/// configuration names is read, too.
///
/// # Errors
/// Everything that is wrong with the file, or with the access policy.
pub fn check(path: &Path, kind: Option<ConfigKind>) -> Result<Summary, ConfigErrors> {
    let document = Document::open(path, kind.unwrap_or(ConfigKind::Router).into())?;
    let (kind, reason) = match kind {
        Some(kind) => (kind, KindReason::Told),
        None => detect(&document),
    };
    let sources = Sources::new();
    let settings = match kind {
        ConfigKind::Router => {
            let Loaded { config, settings } = document.read::<RouterConfig>(&sources)?;
            config
                .policy_file
                .as_deref()
                .map(policy::open)
                .transpose()?;
            settings
        }
        ConfigKind::Service => document.read::<ServiceConfig>(&sources)?.settings,
    };
    Ok(Summary {
        file: display_name(path).to_string(),
        kind,
        reason,
        settings,
    })
}

/// Reads a configuration from bytes; `name` stands for the file in errors, and relative paths
/// stay relative to the working directory.
///
/// # Errors
/// Everything that is wrong with the bytes. No bytes make it panic.
pub fn from_bytes(kind: ConfigKind, name: &str, bytes: &[u8]) -> Result<Config, ConfigErrors> {
    let name: Arc<str> = display_name(Path::new(name));
    let document = Document::parse(&name, Path::new(""), bytes, kind.into())?;
    let sources = Sources::new();
    match kind {
        ConfigKind::Router => document
            .read(&sources)
            .map(|read| Config::Router(read.config)),
        ConfigKind::Service => document
            .read(&sources)
            .map(|read| Config::Service(read.config)),
    }
}

fn detect(document: &Document) -> (ConfigKind, KindReason) {
    let telling = |kind: ConfigKind| -> Vec<String> {
        let has = |kind: ConfigKind, name: &str| schema::find(kind.keys(), name).is_some();
        let only = |name: &&str| has(kind, name) && !has(kind.other(), name);
        document
            .top_keys()
            .filter(only)
            .map(str::to_owned)
            .collect()
    };
    let (router, service) = (telling(ConfigKind::Router), telling(ConfigKind::Service));
    if service.len() > router.len() {
        (ConfigKind::Service, KindReason::Keys(service))
    } else if router.is_empty() {
        (ConfigKind::Router, KindReason::Assumed)
    } else {
        (ConfigKind::Router, KindReason::Keys(router))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: a valid {} configuration ({})",
            self.file, self.kind, self.reason
        )?;
        let width = self
            .settings
            .iter()
            .map(|setting| setting.key.len())
            .max()
            .unwrap_or(0);
        for Setting { key, value, origin } in &self.settings {
            write!(f, "\n  {key:<width$}  {}  ({origin})", plain(value))?;
        }
        Ok(())
    }
}

impl fmt::Display for KindReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Told => f.write_str("as told"),
            Self::Keys(keys) => {
                write!(
                    f,
                    "by its keys {}",
                    quoted_list(keys.iter().map(String::as_str))
                )
            }
            Self::Assumed => f.write_str("assumed, no key tells the kinds apart"),
        }
    }
}

/// A value on one line: text as it is if that is unmistakable, lists separated by commas.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => "none".to_owned(),
        serde_json::Value::String(text) if is_unmistakable(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn is_unmistakable(text: &str) -> bool {
    !text.is_empty() && text != "none" && text.bytes().all(|byte| byte.is_ascii_graphic())
}
