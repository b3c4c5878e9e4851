//! The latest of what happened.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{broadcast, watch};
use tuyau_router::Timestamp;
use tuyau_router::journal::{Entry, Event, Level};

use tuyau_wire::Identity;

use crate::demo::view::LOG_LINES;

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// When.
    pub time: Timestamp,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub text: String,
    /// The router's event, unless it is a service that speaks.
    pub event: Option<Event>,
}

/// The latest lines, shared.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: Arc<Mutex<VecDeque<Line>>>,
    changed: Arc<watch::Sender<u64>>,
}

impl Log {
    /// Adds a line, and forgets the oldest when there are too many. Identities in its text are
    /// shortened.
    pub fn push(&self, mut line: Line) {
        line.text = shorten(&line.text);
        let mut lines = self.lock();
        if lines.len() == LOG_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
        drop(lines);
        self.changed.send_modify(|count| *count += 1);
    }

    /// A copy of the lines, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        self.lock().iter().cloned().collect()
    }

    /// Waits until `find` finds something in a line, of those that are there or come.
    pub async fn wait_for<T>(&self, find: impl Fn(&Line) -> Option<T>) -> T {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if let Some(found) = self.lock().iter().find_map(&find) {
                return found;
            }
            if changed.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Adds a router's events until it ends.
    pub(super) async fn follow(self, mut journal: broadcast::Receiver<Arc<Entry>>) {
        loop {
            match journal.recv().await {
                Ok(entry) => self.push(Line {
                    time: entry.time,
                    level: entry.event.level(),
                    text: entry.event.to_string(),
                    event: Some(entry.event.clone()),
                }),
                Err(broadcast::error::RecvError::Lagged(_)) => {}
                Err(broadcast::error::RecvError::Closed) => return,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the text of an identity begins with.
const PREFIX: &str = "tuyau1";

/// A text with every identity in it in its short form.
fn shorten(text: &str) -> String {
    let mut shortened = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(PREFIX) {
        let identity = rest
            .get(at..at + Identity::TEXT_LENGTH)
            .and_then(|text| text.parse::<Identity>().ok());
        let Some(identity) = identity else {
            let (before, after) = rest.split_at(at + PREFIX.len());
            shortened.push_str(before);
            rest = after;
            continue;
        };
        shortened.push_str(&rest[..at]);
        shortened.push_str(&identity.short().to_string());
        rest = &rest[at + Identity::TEXT_LENGTH..];
    }
    shortened + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use tuyau_wire::SecretKey;

    #[test]
    fn shortens_identities_and_nothing_else() {
        let identity = SecretKey::from_seed([1; 32]).identity();
        let short = identity.short();
        assert_eq!(
            shorten(&format!("from {identity}: hi {identity}")),
            format!("from {short}: hi {short}")
        );
        for text in ["", "tuyau", "tuyau/0.1.0 tuyau1", "tuyau1é"] {
            assert_eq!(shorten(text), text);
        }
    }
}
