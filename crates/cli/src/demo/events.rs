//! Keys and resizes, read by a thread and awaited by the loop.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as done;
use std::thread;
use std::time::Duration;

use ratatui::crossterm::event::{self, Event, KeyEvent};
use tokio::sync::mpsc;

use super::error::{DemoError, DemoErrorKind};

/// How long the thread waits for the terminal before it looks whether it should end.
const POLL: Duration = Duration::from_millis(100);
/// How long to wait for the thread to end. It may not: reading from a terminal that was hung up can
/// block for ever, and the program must end nevertheless.
const FAREWELL: Duration = Duration::from_millis(500);
/// How many inputs may wait for the loop; more stay with the terminal.
const WAITING: usize = 64;

/// Something that came from the terminal.
#[derive(Debug)]
pub enum Input {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size now.
    Resize,
    /// The terminal cannot be read any more; nothing follows.
    Lost(io::Error),
}

/// Inputs in the order in which they were made.
///
/// Dropping it stops the thread that reads them.
#[derive(Debug)]
pub struct Inputs {
    receiver: mpsc::Receiver<Input>,
    reader: Option<Reader>,
}

#[derive(Debug)]
struct Reader {
    stop: Arc<AtomicBool>,
    ended: done::Receiver<()>,
}

impl Inputs {
    /// Starts to read the process's terminal, which should be in raw mode.
    ///
    /// # Errors
    ///
    /// Of kind [`DemoErrorKind::Input`] when no thread could be started.
    pub fn open() -> Result<Self, DemoError> {
        Self::read_with(|| {
            if event::poll(POLL)? {
                event::read().map(Some)
            } else {
                Ok(None)
            }
        })
    }

    /// Takes the inputs from a channel instead of a terminal.
    pub fn from_channel(receiver: mpsc::Receiver<Input>) -> Self {
        Self {
            receiver,
            reader: None,
        }
    }

    /// The next input, or `None` when no more will come.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no input.
    pub async fn next(&mut self) -> Option<Input> {
        self.receiver.recv().await
    }

    /// Whether no input waits to be taken.
    pub(super) fn is_idle(&self) -> bool {
        self.receiver.is_empty()
    }

    fn read_with(
        source: impl FnMut() -> io::Result<Option<Event>> + Send + 'static,
    ) -> Result<Self, DemoError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (ending, ended) = done::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let asked = stop.clone();
        thread::Builder::new()
            .name("demo-keys".to_owned())
            .spawn(move || {
                let _ending: done::Sender<()> = ending;
                read(source, &sender, &asked);
            })
            .map_err(|error| DemoError::with(DemoErrorKind::Input, error))?;
        Ok(Self {
            receiver,
            reader: Some(Reader { stop, ended }),
        })
    }
}

impl Drop for Inputs {
    fn drop(&mut self) {
        self.receiver.close();
        if let Some(reader) = self.reader.take() {
            reader.stop.store(true, Ordering::Relaxed);
            // The thread sends nothing: its end closes the channel.
            _ = reader.ended.recv_timeout(FAREWELL);
        }
    }
}

/// Reads until it is asked to stop, nobody listens any more, or the terminal fails.
fn read(
    mut source: impl FnMut() -> io::Result<Option<Event>>,
    sender: &mpsc::Sender<Input>,
    stop: &AtomicBool,
) {
    while !stop.load(Ordering::Relaxed) {
        let input = match source() {
            Ok(Some(Event::Key(key))) => Input::Key(key),
            Ok(Some(Event::Resize(..))) => Input::Resize,
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => Input::Lost(error),
        };
        let last = matches!(input, Input::Lost(_));
        if sender.blocking_send(input).is_err() || last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::crossterm::event::KeyCode;

    use super::*;

    #[tokio::test]
    async fn keys_and_resizes_come_in_order_and_nothing_after_a_failure() {
        let mut events = vec![
            Ok(Some(Event::Key(KeyCode::Char('m').into()))),
            Ok(None),
            Ok(Some(Event::FocusGained)),
            Err(io::ErrorKind::Interrupted.into()),
            Ok(Some(Event::Resize(80, 24))),
            Err(io::ErrorKind::BrokenPipe.into()),
            Ok(Some(Event::Key(KeyCode::Char('x').into()))),
        ]
        .into_iter();
        let mut inputs = Inputs::read_with(move || events.next().unwrap_or(Ok(None))).unwrap();
        assert!(
            matches!(inputs.next().await, Some(Input::Key(key)) if key.code == KeyCode::Char('m'))
        );
        assert!(matches!(inputs.next().await, Some(Input::Resize)));
        assert!(matches!(inputs.next().await, Some(Input::Lost(_))));
        assert!(inputs.next().await.is_none());
    }

    #[test]
    fn dropping_ends_the_thread_even_when_it_waits_for_room() {
        let alive = Arc::new(());
        let held = alive.clone();
        let inputs = Inputs::read_with(move || {
            let _held = &held;
            Ok(Some(Event::Resize(1, 1)))
        })
        .unwrap();
        drop(inputs);
        assert_eq!(Arc::strong_count(&alive), 1);
    }
}
