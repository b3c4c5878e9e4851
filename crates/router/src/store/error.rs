//! Why the store did not do something.

use std::{error::Error, fmt, io, sync::Arc};

/// Why the store did not do something.
///
/// It is cheap to clone: an error of the disk is told again to everyone who comes later.
#[derive(Clone, Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    text: Arc<str>,
    source: Option<Arc<io::Error>>,
}

/// The kinds of [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The disk refused. Nothing that was not committed before can be believed to be there, so the
    /// store says this until it is opened again.
    Disk,
    /// A message is larger than the store takes.
    TooLarge,
    /// Another process uses the directory.
    InUse,
    /// The files are of a version that this program does not know.
    Version,
    /// The thread of the store has ended.
    Stopped,
}

impl StoreError {
    pub(crate) fn new(kind: StoreErrorKind, text: impl Into<Arc<str>>) -> Self {
        Self {
            kind,
            text: text.into(),
            source: None,
        }
    }

    pub(crate) fn disk(doing: &str, file: &str, source: io::Error) -> Self {
        let text = format!(
            "cannot {doing} the store's file {file}; make room or mend the disk, then start again"
        );
        Self {
            kind: StoreErrorKind::Disk,
            text: text.into(),
            source: Some(Arc::new(source)),
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}
