//! Why the demo could not be shown.

use std::error::Error;
use std::fmt;

/// Why the demo could not start, or had to end.
#[derive(Debug)]
pub struct DemoError {
    kind: DemoErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong, for a program to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DemoErrorKind {
    /// Standard input or standard output is not a terminal.
    NotATerminal,
    /// The terminal could not be taken over.
    Terminal,
    /// Keys could not be read.
    Input,
    /// The screen could not be written.
    Draw,
    /// Signals could not be waited for.
    Signals,
    /// A part of the demo panicked; the panic was printed when it happened.
    Panicked,
}

impl DemoError {
    pub(super) fn new(kind: DemoErrorKind) -> Self {
        Self { kind, source: None }
    }

    pub(super) fn with(
        kind: DemoErrorKind,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            kind,
            source: Some(source.into()),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> DemoErrorKind {
        self.kind
    }
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            DemoErrorKind::NotATerminal => "the demo needs a terminal; use `tuyau demo --headless`",
            DemoErrorKind::Terminal => "the terminal could not be taken over",
            DemoErrorKind::Input => "keys could not be read from the terminal",
            DemoErrorKind::Draw => "the screen could not be written",
            DemoErrorKind::Signals => "signals could not be waited for",
            DemoErrorKind::Panicked => "a part of the demo panicked",
        })
    }
}

impl Error for DemoError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
