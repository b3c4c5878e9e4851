//! What goes on beside what is measured.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A thread that goes on until this is dropped.
pub(super) struct Background {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Does something again and again. What fails is told, and whoever waits for it will wait in vain.
    pub(super) fn run(mut once: impl FnMut() -> io::Result<()> + Send + 'static) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let until = over.clone();
        let thread = thread::spawn(move || {
            while !until.load(Ordering::Acquire) {
                if let Err(error) = once() {
                    eprintln!("in the background: {error}");
                    return;
                }
            }
        });
        Self {
            over,
            thread: Some(thread),
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        // What went wrong in it has been told.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
