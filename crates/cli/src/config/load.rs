//! From sources to a configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::apply;
use super::error::{ConfigError, ConfigErrors};
use super::node::Node;
use super::notes::{Notes, Setting};
use super::place::Place;
use super::schema::{ConfigKind, FileKind};
use super::section::Section;
use super::sources::Sources;
use super::{file, keys, yaml};

/// A kind of configuration.
pub(crate) trait Read: Sized {
    const KIND: ConfigKind;

    /// Reads every key, noting every problem; `None` when one keeps the value from existing.
    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self>;
}

/// A configuration and every setting that made it.
#[derive(Debug)]
pub(crate) struct Loaded<C> {
    pub(crate) config: C,
    pub(crate) settings: Vec<Setting>,
}

/// The file of a configuration as a tree.
pub(crate) struct Document {
    /// The tree, empty if there is no file.
    root: Node,
    text: String,
    base: PathBuf,
    errors: Vec<ConfigError>,
}

/// Reads a configuration from its sources.
pub(crate) fn load<C: Read>(sources: &Sources) -> Result<Loaded<C>, ConfigErrors> {
    let document = match (sources.file(), &sources.text) {
        (Some(path), _) => Document::open(path, C::KIND.into())?,
        (None, Some((name, text))) => {
            let kind = C::KIND.into();
            Document::parse(&name.as_str().into(), Path::new(""), text.as_bytes(), kind)?
        }
        (None, None) => Document::none(),
    };
    document.read(sources)
}

impl Document {
    /// No file: nothing is set.
    fn none() -> Self {
        let root = Node::empty_map(Place::Default);
        Self {
            root,
            text: String::new(),
            base: PathBuf::new(),
            errors: Vec::new(),
        }
    }

    /// Opens a file of that kind, as far as it is known, and reads it into a tree.
    pub(crate) fn open(path: &Path, kind: FileKind) -> Result<Self, ConfigErrors> {
        let name = display_name(path);
        let bytes = file::read(path, &name, kind.bytes_max())?;
        Self::parse(&name, path.parent().unwrap_or(Path::new("")), &bytes, kind)
    }

    /// Reads bytes into a tree; `base` is where relative paths in it start.
    pub(crate) fn parse(
        name: &Arc<str>,
        base: &Path,
        bytes: &[u8],
        kind: FileKind,
    ) -> Result<Self, ConfigErrors> {
        let text = file::text(bytes, name, kind.bytes_max())?;
        let (root, errors) = yaml::parse(text, name, kind.weight_max());
        if root.is_none() && !errors.is_empty() {
            return Err(ConfigErrors::new(errors, text));
        }
        let whole = Place::File {
            file: Arc::clone(name),
        };
        let root = root.unwrap_or_else(|| Node::empty_map(whole));
        Ok(Self {
            root,
            text: text.to_owned(),
            base: base.to_owned(),
            errors,
        })
    }

    /// The keys at the top, with their places.
    pub(crate) fn top_keys(&self) -> impl Iterator<Item = &str> {
        self.root.entries().iter().map(|entry| entry.name.as_str())
    }

    /// The tree, with what is wrong with it and with its keys, and the text for errors to quote.
    pub(crate) fn begin(self, kind: FileKind) -> (Node, Notes, String) {
        let mut notes = Notes::new(self.base);
        notes.errors = self.errors;
        keys::check_root(&self.root, kind, &mut notes.errors);
        (self.root, notes, self.text)
    }

    /// Reads the tree as a configuration, with the other sources laid over it.
    pub(crate) fn read<C: Read>(self, sources: &Sources) -> Result<Loaded<C>, ConfigErrors> {
        let (mut root, mut notes, text) = self.begin(C::KIND.into());
        apply::apply(sources, C::KIND, &mut root, &mut notes.errors);
        let config = C::read(&Section::new(C::KIND.keys(), &root), &mut notes);
        match config {
            Some(config) if notes.errors.is_empty() => Ok(Loaded {
                config,
                settings: notes.settings,
            }),
            _ => Err(ConfigErrors::new(notes.errors, &text)),
        }
    }
}

/// The path as errors show it.
pub(crate) fn display_name(path: &Path) -> Arc<str> {
    let text = path.to_string_lossy();
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect::<String>().into()
}
