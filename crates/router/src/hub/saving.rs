//! When the hub saves the state, and what came of it.

use std::{io, sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::Instant};

use super::TICK;
use crate::{State, StateDir, snapshot};

/// How many times longer than encoding took nothing is saved after a save. Encoding keeps the hub
/// from its messages, and a table of a million rows takes long: so it costs the hub at most about a
/// twentieth of its time, while a small table is still saved every second.
const PAUSE_FACTOR: u32 = 20;

/// How long nothing is saved after a save. Writing keeps only the disk and another thread busy, for
/// half of the time at most; a disk that is slow to sync does not make more be lost than it must.
fn pause_after(encoding: Duration, writing: Duration) -> Duration {
    let pause = encoding.saturating_mul(PAUSE_FACTOR);
    pause.max(writing).max(TICK)
}

/// A save that is under way.
#[derive(Debug)]
struct Save {
    encoding: Duration,
    encoded: Instant,
    task: JoinHandle<io::Result<()>>,
}

/// Saves the state from time to time.
#[derive(Debug)]
pub(super) struct Saving {
    state_dir: Option<Arc<StateDir>>,
    under_way: Option<Save>,
    /// Whether there is anything to save.
    pub(super) unsaved: bool,
    failed: bool,
    not_before: Instant,
}

/// What changed with a save.
pub(super) enum Outcome {
    /// The state could not be written, for this reason; it could before.
    Failed(String),
    /// The state is written again.
    Recovered,
}

impl Saving {
    pub(super) fn new(state_dir: Option<Arc<StateDir>>) -> Self {
        Self {
            state_dir,
            under_way: None,
            unsaved: true,
            failed: false,
            not_before: Instant::now(),
        }
    }

    /// Whether nothing is lost when the router ends now.
    pub(super) fn is_saved(&self) -> bool {
        self.state_dir.is_none() || !self.unsaved
    }

    /// Begins to save what is unsaved, unless a save is under way or the pause after one.
    pub(super) fn start(&mut self, state: &State) {
        if Instant::now() >= self.not_before {
            self.start_now(state);
        }
    }

    /// Begins to save what is unsaved, unless a save is under way.
    pub(super) fn start_now(&mut self, state: &State) {
        let Some(state_dir) = self
            .state_dir
            .clone()
            .filter(|_| self.under_way.is_none() && self.unsaved)
        else {
            return;
        };
        self.unsaved = false;
        let begin = Instant::now();
        let bytes = snapshot::encode(state);
        let encoded = Instant::now();
        self.under_way = Some(Save {
            encoding: encoded - begin,
            encoded,
            task: tokio::task::spawn_blocking(move || state_dir.save(&bytes)),
        });
    }

    /// Takes the result of a save that is under way, waiting for it only when told to.
    pub(super) async fn finish(&mut self, wait: bool) -> Option<Outcome> {
        let finished = |save: &mut Save| wait || save.task.is_finished();
        let save = self.under_way.take_if(finished)?;
        let result = save.task.await;
        let result = result.unwrap_or_else(|error| Err(io::Error::other(error)));
        let now = Instant::now();
        self.not_before = now + pause_after(save.encoding, now - save.encoded);
        let failed = std::mem::replace(&mut self.failed, result.is_err());
        match result {
            Ok(()) => failed.then_some(Outcome::Recovered),
            Err(error) => {
                self.unsaved = true;
                let reason = self.failure(&error);
                (!failed).then_some(Outcome::Failed(reason))
            }
        }
    }

    fn failure(&self, error: &io::Error) -> String {
        let file = self.state_dir.as_ref().map(|dir| dir.state_file());
        let file = file.unwrap_or_default();
        format!(
            "{}: {error}; make its directory writable, and room for it",
            file.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_grows_with_what_a_save_takes() {
        let millis = Duration::from_millis;
        assert_eq!(pause_after(millis(0), millis(0)), TICK);
        assert_eq!(pause_after(millis(50), millis(900)), TICK);
        assert_eq!(pause_after(millis(500), millis(2000)), millis(10_000));
        assert_eq!(pause_after(millis(1), millis(3000)), millis(3000));
        assert_eq!(pause_after(Duration::MAX, millis(1)), Duration::MAX);
    }

    #[tokio::test]
    async fn saves_after_the_pause_and_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let state_dir = Arc::new(StateDir::open(dir.path()).unwrap());
        let mut saving = Saving::new(Some(state_dir.clone()));
        let state = |processed| State {
            processed,
            ..State::default()
        };
        let saved = || state_dir.load().unwrap().map(|state| state.processed);
        saving.start(&state(1));
        assert!(saving.finish(true).await.is_none());
        assert_eq!(saved(), Some(1));

        saving.unsaved = true;
        saving.not_before = Instant::now() + Duration::from_secs(3600);
        saving.start(&state(2));
        assert!(saving.finish(true).await.is_none());
        assert!(saving.unsaved, "not before the pause is over");
        assert_eq!(saved(), Some(1));

        saving.start_now(&state(3));
        assert!(saving.finish(true).await.is_none());
        assert!(!saving.unsaved);
        assert_eq!(saved(), Some(3));
    }
}
