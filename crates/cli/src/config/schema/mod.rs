//! The one table of configuration keys.
//!
//! What is known, which environment variable sets it, what it defaults to, which bounds it has and
//! how the book describes it all come from here.

mod policy;
mod reference;
mod router;
mod service;

use std::fmt;

use serde::Serialize;

pub use reference::{policy_reference, reference};

/// What a configuration is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ConfigKind {
    /// `tuyau router`, and the router inside `tuyau demo`.
    Router,
    /// `tuyau service`.
    Service,
}

/// What a file is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileKind {
    Config(ConfigKind),
    Policy,
}

/// A key of a configuration.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    pub(crate) preset: Preset,
    /// Whether `null`, or an empty environment variable, is a value.
    pub(crate) nullable: bool,
    /// One sentence for the book.
    pub(crate) about: &'static str,
}

/// What a key takes.
#[derive(Debug)]
pub(crate) enum Takes {
    /// An address to listen on or to connect to.
    Address(Use),
    /// Between one and `max` addresses.
    Addresses { used: Use, max: usize },
    /// The text form of an identity.
    Identity,
    /// A path of the file system.
    Path,
    /// A path for a Unix socket, whose length the system bounds.
    SocketPath,
    /// Text of at most so many bytes.
    Text { max: usize },
    /// A name that can be part of a path.
    Name,
    /// A whole number within inclusive bounds.
    Integer {
        min: u64,
        max: u64,
        unit: &'static str,
    },
    /// `true` or `false`.
    Switch,
    /// `allow` or `deny`.
    Effect,
    /// What the rule of a policy is about.
    Actions,
    /// Identities, names of sets, or everyone; at most so many.
    Parties { max: usize },
    /// Lists of identities by names of one's own.
    Sets,
    /// A group of keys.
    Group(&'static [Key]),
    /// A list of groups of keys, at most `max`.
    Groups { keys: &'static [Key], max: usize },
}

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Listen,
    Dial,
}

/// The value of a key that nobody set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    /// This text, read as if it stood in an environment variable.
    Text(&'static str),
    /// Follows from other keys, as this phrase says.
    Follows(&'static str),
    /// Nothing.
    Nothing,
    /// The key has to be given.
    Required,
}

impl ConfigKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Router, Self::Service];

    pub(crate) fn keys(self) -> &'static [Key] {
        match self {
            Self::Router => router::KEYS,
            Self::Service => service::KEYS,
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Router => Self::Service,
            Self::Service => Self::Router,
        }
    }
}

impl FileKind {
    const ALL: [Self; 3] = [
        Self::Config(ConfigKind::Router),
        Self::Config(ConfigKind::Service),
        Self::Policy,
    ];

    /// The weight of a configuration, see [`Node::weight`](super::node::Node::weight): ten thousand
    /// static routes with room to spare.
    pub(crate) const WEIGHT_MAX: usize = 200_000;

    pub(crate) fn keys(self) -> &'static [Key] {
        match self {
            Self::Config(kind) => kind.keys(),
            Self::Policy => policy::KEYS,
        }
    }

    /// The other kinds of files.
    pub(crate) fn others(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| *other != self)
    }

    /// What a file of this kind is.
    pub(crate) fn title(self) -> String {
        match self {
            Self::Config(_) => format!("the configuration of {self}"),
            Self::Policy => self.to_string(),
        }
    }

    /// The bytes of a file: ten thousand static routes, or some hundred thousand identities, with
    /// room to spare.
    pub(crate) fn bytes_max(self) -> u64 {
        match self {
            Self::Config(_) => 4 << 20,
            Self::Policy => 32 << 20,
        }
    }

    /// The most that the values of a file weigh, likewise.
    pub(crate) fn weight_max(self) -> usize {
        match self {
            Self::Config(_) => Self::WEIGHT_MAX,
            Self::Policy => 500_000,
        }
    }
}

/// Whose keys they are.
impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(kind) => write!(f, "a {kind}"),
            Self::Policy => f.write_str("an access policy"),
        }
    }
}

impl From<ConfigKind> for FileKind {
    fn from(kind: ConfigKind) -> Self {
        Self::Config(kind)
    }
}

impl fmt::Display for ConfigKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Router => "router",
            Self::Service => "service",
        })
    }
}

impl Key {
    /// The keys inside, if it is a group.
    pub(crate) fn group(&self) -> Option<&'static [Key]> {
        match self.takes {
            Takes::Group(keys) => Some(keys),
            _ => None,
        }
    }
}

/// The key of that name.
pub(crate) fn find(keys: &'static [Key], name: &str) -> Option<&'static Key> {
    keys.iter().find(|key| key.name == name)
}

/// The key at a dotted path such as `limits.frame_bytes`; not inside lists.
pub(crate) fn find_path(keys: &'static [Key], path: &str) -> Option<&'static Key> {
    match path.split_once('.') {
        None => find(keys, path),
        Some((group, rest)) => find_path(find(keys, group)?.group()?, rest),
    }
}

/// Every settable key with its dotted path: groups are replaced by their members.
pub(crate) fn paths(keys: &'static [Key]) -> Vec<(String, &'static Key)> {
    let mut found = Vec::new();
    for key in keys {
        match key.group() {
            None => found.push((key.name.to_owned(), key)),
            Some(inner) => found.extend(
                paths(inner)
                    .into_iter()
                    .map(|(path, key_)| (format!("{}.{path}", key.name), key_)),
            ),
        }
    }
    found
}

/// The environment variable that sets the key at a dotted path.
pub(crate) fn variable(path: &str) -> String {
    format!(
        "{VARIABLE_PREFIX}{}",
        path.replace('.', "__").to_ascii_uppercase()
    )
}

/// Environment variables with this prefix belong to the program.
pub(crate) const VARIABLE_PREFIX: &str = "TUYAU_";

const fn key(name: &'static str, takes: Takes, preset: Preset, about: &'static str) -> Key {
    let nullable = matches!(preset, Preset::Nothing);
    Key {
        name,
        takes,
        preset,
        nullable,
        about,
    }
}

const fn nullable(key: Key) -> Key {
    Key {
        nullable: true,
        ..key
    }
}

const TLS: Key = key(
    "tls",
    Takes::Group(&[
        key(
            "ca_file",
            Takes::Path,
            Preset::Nothing,
            "The certificates (PEM) of the authority that signs every peer's certificate. Given \
             together with `certificate_file`, or neither; without them the Ed25519 key in a \
             peer's own certificate is all that counts.",
        ),
        key(
            "certificate_file",
            Takes::Path,
            Preset::Nothing,
            "The certificate (PEM) that this program shows, signed by the authority, for the key \
             in `key_file`.",
        ),
    ]),
    Preset::Nothing,
    "Certificates signed by an authority, where an organisation wants them.",
);
