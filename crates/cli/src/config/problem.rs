//! What is wrong with one value, before its place is known.

use super::error::ConfigErrorKind;
use super::node::Node;
use super::place::Place;

/// A problem that becomes a [`ConfigError`](super::ConfigError) at the place of the value it is
/// about, or at its own place for a part of that value.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) kind: ConfigErrorKind,
    pub(crate) message: String,
    pub(crate) place: Option<Place>,
}

impl Problem {
    pub(crate) fn new(kind: ConfigErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            place: None,
        }
    }

    pub(crate) fn wrong_type(expected: &str, found: &Node) -> Self {
        let message = format!("expected {expected}, found {}", found.describe());
        Self::new(ConfigErrorKind::WrongType, message)
    }

    pub(crate) fn bad_value(message: impl Into<String>) -> Self {
        Self::new(ConfigErrorKind::BadValue, message)
    }

    pub(crate) fn out_of_range(message: impl Into<String>) -> Self {
        Self::new(ConfigErrorKind::OutOfRange, message)
    }

    /// Places the problem, unless it is placed already.
    pub(crate) fn at(mut self, place: &Place) -> Self {
        self.place.get_or_insert_with(|| place.clone());
        self
    }
}
