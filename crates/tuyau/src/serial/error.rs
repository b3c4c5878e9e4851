//! Why a line cannot be set up.

use std::{error::Error, fmt};

/// The settings of a [`Line`](super::Line) that its device did not take. It is the source of the
/// [`FlowError`](tuyau_core::FlowError) of kind [`Unsupported`](tuyau_core::ErrorKind::Unsupported) that
/// connecting gives then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    refused: Vec<String>,
}

impl SettingsError {
    pub(super) fn new(refused: Vec<String>) -> Self {
        Self { refused }
    }

    /// What was not taken, each as an address says it, such as `parity=odd`; at least one.
    pub fn refused(&self) -> &[String] {
        &self.refused
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the device does not take ")?;
        for (index, setting) in self.refused.iter().enumerate() {
            let separator = if index == 0 { "" } else { " and " };
            write!(f, "{separator}`{setting}`")?;
        }
        f.write_str("; agree with the other end on what it can do")
    }
}

impl Error for SettingsError {}
