//! Taking the terminal over, and giving it back whatever happens.

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::style::ResetColor;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::crossterm::{execute, queue};
use tokio::sync::Notify;

use super::error::{DemoError, DemoErrorKind};

/// Whether the terminal is taken over now. The terminal and the panic hook belong to the process,
/// and so does this.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Told when a panic gave the terminal back.
static PANICKED: Notify = Notify::const_new();

/// The terminal in raw mode and on its alternate screen, until this is dropped.
///
/// A panic in any thread gives the terminal back first and is then printed as it would have been, so
/// that its message stays on the screen.
#[derive(Debug)]
pub struct Guard {
    terminal: Terminal<CrosstermBackend<Screen>>,
    // Last, so that it outlives the terminal: the latter may still write when it is dropped.
    _taken: Taken,
}

impl Guard {
    /// Takes the terminal over.
    ///
    /// # Errors
    ///
    /// Of kind [`DemoErrorKind::NotATerminal`] as [`require_terminal`] says, and of kind
    /// [`DemoErrorKind::Terminal`] when the terminal refuses or is taken already. The terminal is then
    /// as it was.
    pub fn enter() -> Result<Self, DemoError> {
        require_terminal()?;
        let failed = |error| DemoError::with(DemoErrorKind::Terminal, error);
        let taken = Taken::take().map_err(failed)?;
        let terminal = Terminal::new(CrosstermBackend::new(Screen::default())).map_err(failed)?;
        Ok(Self {
            terminal,
            _taken: taken,
        })
    }

    /// The terminal to draw on.
    pub fn terminal(&mut self) -> &mut Terminal<CrosstermBackend<Screen>> {
        &mut self.terminal
    }
}

/// Refuses unless standard input and standard output are terminals.
///
/// # Errors
///
/// Of kind [`DemoErrorKind::NotATerminal`]; the message names the way that needs none.
pub fn require_terminal() -> Result<(), DemoError> {
    match io::stdin().is_terminal() && io::stdout().is_terminal() {
        true => Ok(()),
        false => Err(DemoError::new(DemoErrorKind::NotATerminal)),
    }
}

/// Waits until a panic has given the terminal back.
///
/// # Cancel safety
///
/// Dropping the future loses nothing.
pub(super) async fn given_back_by_panic() {
    PANICKED.notified().await;
}

/// The right to the terminal; dropping it gives the terminal back.
#[derive(Debug)]
struct Taken {
    _hook: Hook,
}

impl Taken {
    fn take() -> io::Result<Self> {
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let hook = Hook::install(|| {
            if give_back() {
                PANICKED.notify_one();
            }
        });
        let taken = Self { _hook: hook };
        enable_raw_mode()?;
        enter(&mut io::stdout())?;
        Ok(taken)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back();
    }
}

/// Standard output, one frame at a time, as long as the terminal is taken.
///
/// What is drawn while a panic in another thread gives the terminal back is left out, so that it does
/// not cover the message of the panic.
#[derive(Debug, Default)]
pub struct Screen {
    frame: Vec<u8>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let frame = std::mem::take(&mut self.frame);
        // The lock also holds off giving back, which looks at the same flag under it.
        let mut out = io::stdout().lock();
        if TAKEN.load(Ordering::SeqCst) {
            out.write_all(&frame)?;
            out.flush()?;
        }
        Ok(())
    }
}

/// Gives the terminal back unless that is done already; says whether it did.
///
/// A thread may panic while it draws: the lock of standard output can be taken twice by one thread.
///
/// Failures are passed over: there is no better place to report them than the terminal itself.
fn give_back() -> bool {
    let mut out = io::stdout().lock();
    let mine = TAKEN.swap(false, Ordering::SeqCst);
    if mine {
        _ = leave(&mut out);
        _ = disable_raw_mode();
    }
    mine
}

fn enter(out: &mut impl Write) -> io::Result<()> {
    execute!(out, EnterAlternateScreen, Hide)
}

fn leave(out: &mut impl Write) -> io::Result<()> {
    queue!(out, ResetColor, Show, LeaveAlternateScreen)?;
    out.flush()
}

/// A panic hook in front of the one that was there, which comes back when this is dropped.
struct Hook {
    previous: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>,
}

impl Hook {
    /// Lets `first` run on a panic before the hook that is installed now.
    fn install(first: impl Fn() + Send + Sync + 'static) -> Self {
        let previous: Arc<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync> =
            Arc::from(panic::take_hook());
        let then = previous.clone();
        panic::set_hook(Box::new(move |info| {
            first();
            then(info);
        }));
        Self { previous }
    }
}

impl Drop for Hook {
    fn drop(&mut self) {
        // A thread that panics may not change the hook; the process is about to end anyway.
        if !thread::panicking() {
            let previous = self.previous.clone();
            panic::set_hook(Box::new(move |info| previous(info)));
        }
    }
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hook")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread::ThreadId;

    use super::*;

    #[test]
    fn leaving_undoes_entering_in_reverse() {
        let (mut entered, mut left) = (Vec::new(), Vec::new());
        enter(&mut entered).unwrap();
        leave(&mut left).unwrap();
        assert_eq!(
            String::from_utf8(entered).unwrap(),
            "\u{1b}[?1049h\u{1b}[?25l"
        );
        assert_eq!(
            String::from_utf8(left).unwrap(),
            "\u{1b}[0m\u{1b}[?25h\u{1b}[?1049l"
        );
    }

    #[test]
    fn a_terminal_that_was_not_taken_is_not_given_back() {
        assert!(!give_back());
    }

    /// What hooks did, each with the thread that panicked: other tests may panic meanwhile.
    static SEEN: Mutex<Vec<(ThreadId, &str)>> = Mutex::new(Vec::new());

    fn seen(what: &'static str) {
        SEEN.lock().unwrap().push((thread::current().id(), what));
    }

    fn panic_in_a_thread() -> Vec<&'static str> {
        let thread = thread::spawn(|| panic!("on purpose"));
        let id = thread.thread().id();
        assert!(thread.join().is_err());
        let seen = SEEN.lock().unwrap();
        seen.iter()
            .filter(|(thread, _)| *thread == id)
            .map(|(_, what)| *what)
            .collect()
    }

    #[test]
    fn a_panic_restores_first_and_is_then_printed_as_usual() {
        let outer = Hook::install(|| seen("printed"));
        let hook = Hook::install(|| seen("restored"));
        assert_eq!(panic_in_a_thread(), ["restored", "printed"]);
        drop(hook);
        assert_eq!(panic_in_a_thread(), ["printed"]);
        drop(outer);
        assert_eq!(panic_in_a_thread(), [""; 0]);
    }
}
