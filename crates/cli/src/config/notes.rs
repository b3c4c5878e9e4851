//! What reading a configuration gathers beside its values: problems and effective settings.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::error::ConfigError;
use super::place::{Layer, Place};
use super::problem::Problem;

/// One key with the value that counts and where that came from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Setting {
    /// The dotted path of the key, such as `limits.frame_bytes`.
    pub key: String,
    /// Its value; `null` for none.
    pub value: serde_json::Value,
    /// Where it was set: `default`, a position in a file, a variable or an option.
    pub origin: String,
}

/// What reading gathers beside the values themselves.
pub(crate) struct Notes {
    /// Relative paths of the file start here; all others in the working directory.
    pub(crate) file_base: PathBuf,
    pub(crate) errors: Vec<ConfigError>,
    pub(crate) settings: Vec<Setting>,
}

impl Notes {
    pub(crate) fn new(file_base: PathBuf) -> Self {
        Self {
            file_base,
            errors: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// Notes a problem at its own place, or else at `place`.
    pub(crate) fn note(&mut self, problem: Problem, place: &Place) {
        let place = problem.place.unwrap_or_else(|| place.clone());
        self.errors
            .push(ConfigError::new(place, problem.kind, problem.message));
    }

    /// Where relative paths of that place start.
    pub(crate) fn base(&self, place: &Place) -> &Path {
        if place.layer() == Layer::File {
            &self.file_base
        } else {
            Path::new("")
        }
    }
}

/// A value as a program reads it in the summary.
pub(crate) trait Shown {
    fn shown(&self) -> serde_json::Value;
}

impl Shown for u64 {
    fn shown(&self) -> serde_json::Value {
        (*self).into()
    }
}

impl Shown for bool {
    fn shown(&self) -> serde_json::Value {
        (*self).into()
    }
}

impl Shown for String {
    fn shown(&self) -> serde_json::Value {
        self.as_str().into()
    }
}

impl Shown for PathBuf {
    fn shown(&self) -> serde_json::Value {
        self.to_string_lossy().into()
    }
}

impl Shown for Identity {
    fn shown(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

impl Shown for Address {
    fn shown(&self) -> serde_json::Value {
        self.to_string().into()
    }
}

impl Shown for Vec<Address> {
    fn shown(&self) -> serde_json::Value {
        self.iter().map(|address| address.to_string()).collect()
    }
}
