//! What is wrong with a configuration, each problem with its place and its remedy.

use std::error::Error;
use std::fmt;
use std::io;

use super::place::Place;
use super::quote::clean_line;

/// Characters of a source line that are shown under an error.
const SNIPPET_CHARACTERS: usize = 120;

/// Problems that are told at once; a person fixes the first few and tries again.
const ERRORS_MAX: usize = 50;

/// The class of a configuration problem, for programs that act on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The file is missing, is a directory, or may not be read.
    Unreadable,
    /// The file, or an environment variable, is not UTF-8.
    NotUtf8,
    /// The file, or what its aliases expand to, is larger than a configuration may be.
    TooLarge,
    /// The text is not YAML, or uses a part of YAML that a configuration has no use for.
    Syntax,
    /// A key that this kind of configuration does not have.
    UnknownKey,
    /// The same key twice in one place.
    DuplicateKey,
    /// A value of another type than the key takes.
    WrongType,
    /// A number, a length or a count outside its bounds.
    OutOfRange,
    /// A value of the right type that does not parse: an address, an identity, a path, a name.
    BadValue,
    /// A value that has to be given and is not.
    Missing,
    /// Values that are fine alone and contradict each other.
    Conflict,
    /// An environment variable that starts with `TUYAU_` and sets no key.
    UnknownVariable,
    /// A key given on the command line that this kind of configuration does not have.
    UnknownFlagKey,
}

/// One problem of a configuration.
///
/// Displays as `place: message`, where the place is `file:line:column`, the name of an
/// environment variable, or a command line option.
#[derive(Debug)]
pub struct ConfigError {
    place: Place,
    kind: ConfigErrorKind,
    message: String,
    source_line: Option<String>,
    cause: Option<io::Error>,
}

/// The problems that were found in a configuration, at least one, in the order of their places.
///
/// After the first fifty the rest is only counted.
///
/// Displays one problem after another, each followed by the line of the file it is about and a
/// caret under the place.
#[derive(Debug)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    omitted: usize,
}

impl ConfigError {
    pub(crate) fn new(place: Place, kind: ConfigErrorKind, message: impl Into<String>) -> Self {
        Self {
            place,
            kind,
            message: message.into(),
            source_line: None,
            cause: None,
        }
    }

    pub(crate) fn with_cause(mut self, cause: io::Error) -> Self {
        self.cause = Some(cause);
        self
    }

    /// Remembers the line of `text` that the error is about.
    pub(crate) fn with_source(mut self, text: &str) -> Self {
        let line = self.line().and_then(|line| text.lines().nth(line - 1));
        self.source_line = line.filter(|line| !line.trim().is_empty()).map(clean_line);
        self
    }

    /// Where the problem is.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The file it is in; `None` for environment variables and command line options.
    pub fn file(&self) -> Option<&str> {
        self.place.file()
    }

    /// The line in the file, counted from 1.
    pub fn line(&self) -> Option<usize> {
        self.place.line()
    }

    /// The column in the line, in characters, counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.place.column()
    }

    /// The class of the problem.
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// What was expected, what was found and what to do, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn write_snippet(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(source), Some(line), Some(column)) =
            (&self.source_line, self.line(), self.column())
        else {
            return Ok(());
        };
        if column > SNIPPET_CHARACTERS {
            return Ok(());
        }
        let shown: String = source.chars().take(SNIPPET_CHARACTERS).collect();
        let number = format!("{line:>6}");
        let gutter = " ".repeat(number.len());
        write!(f, "\n{number} | {shown}\n{gutter} | {:>column$}", '^')
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_ref().map(|cause| cause as _)
    }
}

impl ConfigErrors {
    /// Sorts by place; `errors` is not empty.
    pub(crate) fn new(mut errors: Vec<ConfigError>, text: &str) -> Self {
        errors.sort_by(|a, b| a.place.cmp(&b.place));
        let omitted = errors.len().saturating_sub(ERRORS_MAX);
        errors.truncate(ERRORS_MAX);
        let errors = errors
            .into_iter()
            .map(|error| error.with_source(text))
            .collect();
        Self { errors, omitted }
    }

    /// The problems, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.errors.iter()
    }

    /// How many problems there are beyond those of [`iter`](Self::iter).
    pub fn omitted(&self) -> usize {
        self.omitted
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self {
            errors: vec![error],
            omitted: 0,
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
            error.write_snippet(f)?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more problems", self.omitted)?;
        }
        Ok(())
    }
}

impl Error for ConfigErrors {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.errors.first().and_then(|error| error.source())
    }
}
