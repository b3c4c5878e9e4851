//! How Git's protocol begins on a flow.

use tuyau_core::{EndpointKey, Key, KeyId, Outcome, Report};

/// How Git's protocol begins on a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// A Git daemon listens, and is told which repository is meant (`git://`).
    Daemon,
    /// The flow leads to `git-upload-pack` already (`ssh://`).
    Process,
    /// A web server is asked, each request by itself (smart HTTP).
    Http,
}

/// Which dialect is spoken under which key.
#[derive(Clone, Debug, Default)]
pub struct Dialects(Vec<(KeyId, Dialect)>);

impl Dialects {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is spoken over the protocols that are registered under `key`.
    pub fn with<K: EndpointKey>(mut self, key: Key<K>, dialect: Dialect) -> Self {
        self.0.push((key.id(), dialect));
        self
    }

    /// What is spoken over the flow whose report this is.
    pub fn of(&self, report: &Report) -> Option<Dialect> {
        let mut attempts = report.attempts.iter();
        let won = attempts.find(|it| matches!(it.outcome, Outcome::Won))?;
        let found = self.0.iter().find(|(known, _)| *known == won.key);
        found.map(|(_, dialect)| *dialect)
    }
}
