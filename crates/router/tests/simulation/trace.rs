//! What happened in a run, for a person to read.

use std::{
    fmt::Display,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::time::Instant;

/// Lines of when, who and what. Nothing is kept, or even put into words, unless it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    begin: Instant,
    lines: Option<Arc<Mutex<Vec<String>>>>,
}

impl Trace {
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            begin: Instant::now(),
            lines: keep.then(Arc::default),
        }
    }

    pub(crate) fn note(&self, who: impl Display, what: impl FnOnce() -> String) {
        if let Some(lines) = &self.lines {
            let time = self.begin.elapsed();
            let (seconds, millis) = (time.as_secs(), time.subsec_millis());
            let line = format!("{seconds:>4}.{millis:03}  {who:<12} {}", what());
            lock(lines).push(line);
        }
    }

    /// All lines.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = self.lines.as_ref();
        lines.map_or_else(Vec::new, |lines| std::mem::take(&mut *lock(lines)))
    }
}

/// Locks what only one thread uses.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
