//! Where a configuration comes from: a file, the environment, the command line.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, ConfigErrorKind};
use super::place::Place;
use super::quote::{quoted, shortened};
use super::schema::VARIABLE_PREFIX;

/// Everything that a configuration is made from.
///
/// A value from the command line wins over one from the environment, which wins over one from the
/// file, which wins over the default.
///
/// ```
/// use tuyau_cli::config::{Override, RouterConfig, Sources};
///
/// let sources = Sources::new()
///     .with_variables([("TUYAU_LIMITS__DIALS", "8")])
///     .with_override(Override::text("listen", "tls://127.0.0.1:0", "--listen"));
/// let config = RouterConfig::load(&sources)?;
/// assert_eq!(config.limits.dials, 8);
/// assert_eq!(config.listen[0].to_string(), "tls://127.0.0.1:0");
/// # Ok::<(), tuyau_cli::config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub(crate) file: Option<PathBuf>,
    pub(crate) text: Option<(String, String)>,
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) overrides: Vec<Override>,
}

/// A key set on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub(crate) path: String,
    pub(crate) value: OverrideValue,
    pub(crate) origin: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OverrideValue {
    Text(String),
    Items(Vec<String>),
}

impl Sources {
    /// No source at all: the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads this file.
    pub fn with_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Reads this text in place of a file; errors name it `name`, and relative paths in it start in
    /// the working directory.
    pub fn with_text(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.text = Some((name.into(), text.into()));
        self
    }

    /// Adds environment variables; those without the prefix `TUYAU_` are left alone.
    pub fn with_variables<N, V>(mut self, variables: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        let ours = |(name, _): &(OsString, OsString)| {
            name.as_encoded_bytes()
                .starts_with(VARIABLE_PREFIX.as_bytes())
        };
        self.variables.extend(variables.filter(ours));
        self
    }

    /// Adds the environment of this process.
    pub fn with_environment(self) -> Self {
        self.with_variables(env::vars_os())
    }

    /// Adds a key set on the command line; a later one wins over an earlier one.
    pub fn with_override(mut self, overriding: Override) -> Self {
        self.overrides.push(overriding);
        self
    }

    /// The file to read, if any.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }
}

impl Override {
    /// Sets the key at a dotted path such as `limits.frame_bytes` to the value that `text` says;
    /// a list is separated by commas. `origin` is the option as errors name it, such as `--listen`.
    pub fn text(
        path: impl Into<String>,
        text: impl Into<String>,
        origin: impl Into<String>,
    ) -> Self {
        let value = OverrideValue::Text(text.into());
        Self {
            path: path.into(),
            value,
            origin: origin.into(),
        }
    }

    /// Sets the list at a dotted path, one item for each time the option was given.
    pub fn items(
        path: impl Into<String>,
        items: impl IntoIterator<Item = String>,
        origin: impl Into<String>,
    ) -> Self {
        let value = OverrideValue::Items(items.into_iter().collect());
        Self {
            path: path.into(),
            value,
            origin: origin.into(),
        }
    }

    /// Reads the argument of `--set`, such as `limits.frame_bytes=65536`.
    ///
    /// # Errors
    /// When there is no `=` in it. Whether the key exists is checked when it is applied.
    pub fn parse(argument: &str) -> Result<Self, ConfigError> {
        let Some((path, text)) = argument.split_once('=') else {
            let message = format!(
                "expected `key=value`, found {}: write for example \
                 `--set limits.frame_bytes=65536`",
                quoted(argument)
            );
            let place = Place::Flag {
                name: "--set".into(),
            };
            return Err(ConfigError::new(place, ConfigErrorKind::BadValue, message));
        };
        let path = path.trim();
        Ok(Self::text(path, text, format!("--set {}", shortened(path))))
    }
}
