//! Saying what keeps a text from being read as YAML, and what to do about it.

use granit_parser::{ErrorKind, ScanError};

use super::error::{ConfigError, ConfigErrorKind as Kind};
use super::place::Place;
use super::quote::clean_line;

/// Collections inside one another; a configuration needs 4.
pub(crate) const DEPTH_MAX: usize = 16;

/// The error that the parser stopped with.
pub(crate) fn refusal(error: &ScanError, place: Place) -> ConfigError {
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => {
            let what = format!("more than {DEPTH_MAX} lists or groups inside one another");
            return too_large(&what, place);
        }
        kind => format!(
            "this is not YAML: {}{}",
            clean_line(&error.info()),
            remedy(kind)
        ),
    };
    ConfigError::new(place, Kind::Syntax, message)
}

/// A bound that only a damaged or hostile file reaches.
pub(crate) fn too_large(what: &str, place: Place) -> ConfigError {
    let message = format!("{what}: a configuration is never that large");
    ConfigError::new(place, Kind::TooLarge, message)
}

/// What to do about the errors that people make.
fn remedy(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation => "; indent with spaces",
        ErrorKind::MappingValueNotAllowed => "; put text with `: ` in it into quotes",
        ErrorKind::UnknownAnchor => "; put text that starts with `*` into quotes",
        ErrorKind::UnclosedFlowCollection { .. } => "; add the closing bracket",
        ErrorKind::UnclosedQuotedScalar => "; add the closing quote",
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::SimpleKeyExpected => "; check the indentation, and write `key: value`",
        _ => "",
    }
}
