//! The signals by which a program is asked to end, or to read something again.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM, from the moment on that this is made.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// # Errors
    /// When the operating system does not permit it.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next signal.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// SIGHUP, from the moment on that this is made.
pub(super) struct Hangup {
    signal: Signal,
    /// Whether the program was started on a terminal.
    terminal: bool,
}

/// What a SIGHUP means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hung {
    /// The terminal on which the program was started is gone.
    Up,
    /// Somebody wants the program to read its files again.
    Reload,
}

impl Hangup {
    /// # Errors
    /// When the operating system does not permit it.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            signal: signal(SignalKind::hangup())?,
            terminal: on_terminal(),
        })
    }

    /// Waits for the next signal, and tells what it means.
    ///
    /// # Cancel safety
    /// Dropping the future loses no signal.
    pub(super) async fn next(&mut self) -> Hung {
        self.signal.recv().await;
        match self.terminal && !on_terminal() {
            true => Hung::Up,
            false => Hung::Reload,
        }
    }
}

/// Whether one of the standard streams is a terminal that is there.
fn on_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}
