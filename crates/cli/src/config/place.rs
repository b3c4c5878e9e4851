//! Where a value came from, so that an error can point at it.

use std::fmt;
use std::sync::Arc;

/// Where a setting, or a problem with one, stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Place {
    /// Nobody set it: the default of the program.
    Default,
    /// A configuration file as a whole (it cannot be opened, it is too large).
    File {
        /// The file as the user named it.
        file: Arc<str>,
    },
    /// A position in a configuration file.
    Position {
        /// The file as the user named it.
        file: Arc<str>,
        /// The line, counted from 1.
        line: usize,
        /// The column in characters, counted from 1.
        column: usize,
    },
    /// An environment variable.
    Variable {
        /// Its name, such as `TUYAU_STATE_DIR`.
        name: String,
    },
    /// An option of the command line.
    Flag {
        /// The option as the user wrote it, such as `--set limits.frame_bytes`.
        name: String,
    },
}

/// The layers of a configuration; a later one wins over an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Layer {
    Default,
    File,
    Environment,
    Flags,
}

impl Place {
    /// The file, if the place is in one.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File { file } | Self::Position { file, .. } => Some(file),
            _ => None,
        }
    }

    /// The line in the file, counted from 1.
    pub fn line(&self) -> Option<usize> {
        match self {
            Self::Position { line, .. } => Some(*line),
            _ => None,
        }
    }

    /// The column in the line, in characters, counted from 1.
    pub fn column(&self) -> Option<usize> {
        match self {
            Self::Position { column, .. } => Some(*column),
            _ => None,
        }
    }

    pub(crate) fn layer(&self) -> Layer {
        match self {
            Self::Default => Layer::Default,
            Self::File { .. } | Self::Position { .. } => Layer::File,
            Self::Variable { .. } => Layer::Environment,
            Self::Flag { .. } => Layer::Flags,
        }
    }

    /// The place as part of a sentence about another place.
    pub(crate) fn brief(&self) -> String {
        match self {
            Self::Position { line, .. } => format!("line {line}"),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file } => f.write_str(file),
            Self::Position { file, line, column } => write!(f, "{file}:{line}:{column}"),
            Self::Variable { name } | Self::Flag { name } => f.write_str(name),
        }
    }
}
