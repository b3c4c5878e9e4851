//! The loop: keys in, pictures out, actions beside.

mod work;

use std::error::Error;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Size;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use self::work::{Done, Work};
use super::error::{DemoError, DemoErrorKind};
use super::events::{Input, Inputs};
use super::keys::{Action, Effect};
use super::look::Look;
use super::screen;
use super::search::{Found, Query};
use super::terminal::{self, Guard};
use super::ui::Ui;
use super::view::{Level, Notice, View, Window};

/// How often the picture is renewed when nothing else happens: four times a second.
const TICK: Duration = Duration::from_millis(250);

/// What the screen shows and acts upon.
///
/// The loop calls each method from tasks of their own, and goes on drawing meanwhile: `view` should
/// answer soon, the others may take as long as they need. Dropping a future of any of them, which
/// leaving the demo does, must leave nothing half done that outlives the process.
pub trait Model: Send + Sync + 'static {
    /// Why an action failed; it is shown with its sources.
    type Error: Error + Send + Sync + 'static;

    /// Performs `action` and says in one sentence what came of it.
    ///
    /// Two actions upon the table never run at once, nor do two upon the same service; an action
    /// upon a service may run beside any other.
    fn perform(&self, action: Action) -> impl Future<Output = Result<String, Self::Error>> + Send;

    /// The picture now, with the entries of the table that lie in `window`.
    fn view(&self, window: Window) -> impl Future<Output = View> + Send;

    /// The entry that `query` asks for; [`locate`](super::locate) finds it.
    fn find(&self, query: Query) -> impl Future<Output = Option<Found>> + Send;
}

/// How the demo ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The person asked for it, or closed the source of keys.
    Quit,
    /// The process was sent `SIGINT`, `SIGTERM` or `SIGHUP`.
    Signal,
}

/// Why the loop has to stop although nobody pressed a key.
#[derive(Debug)]
pub enum Stop {
    /// A signal came.
    Signal,
    /// Something panicked.
    Panic,
}

/// Shows `model` on the process's terminal until the person leaves.
///
/// The look is what the environment asks for. The terminal is given back on every way out.
///
/// # Errors
///
/// Each of [`DemoErrorKind`].
///
/// # Cancel safety
///
/// Dropping the future gives the terminal back and aborts the actions that run.
pub async fn run<M: Model>(model: Arc<M>) -> Result<Ended, DemoError> {
    let signals = Signals::listen().map_err(|e| DemoError::with(DemoErrorKind::Signals, e))?;
    let mut guard = Guard::enter()?;
    let mut inputs = Inputs::open()?;
    let stop = async {
        tokio::select! {
            () = signals.wait() => Stop::Signal,
            () = terminal::given_back_by_panic() => Stop::Panic,
        }
    };
    run_on(guard.terminal(), &mut inputs, stop, model, Look::from_env()).await
}

/// The loop of [`run`], on a given terminal, with given inputs, until `stop` is done.
///
/// # Errors
///
/// Of kind [`DemoErrorKind::Draw`], [`DemoErrorKind::Input`] or [`DemoErrorKind::Panicked`].
pub async fn run_on<B, M>(
    terminal: &mut Terminal<B>,
    inputs: &mut Inputs,
    stop: impl Future<Output = Stop>,
    model: Arc<M>,
    look: Look,
) -> Result<Ended, DemoError>
where
    B: Backend<Error: Send + Sync + 'static>,
    M: Model,
{
    let mut stop = pin!(stop);
    let mut tick = interval_at(Instant::now() + TICK, TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut show = Show::new(terminal, model, look)?;
    loop {
        tokio::select! {
            biased;
            why = &mut stop => return match why {
                Stop::Signal => Ok(Ended::Signal),
                Stop::Panic => Err(DemoError::new(DemoErrorKind::Panicked)),
            },
            input = inputs.next() => {
                if let Some(ended) = show.on_input(input, inputs.is_idle())? {
                    return Ok(ended);
                }
            }
            done = show.work.next() => show.on_done(done?)?,
            _ = tick.tick() => {
                show.refresh();
                show.draw()?;
            }
        }
    }
}

/// The state of the loop.
struct Show<'a, B: Backend, M> {
    terminal: &'a mut Terminal<B>,
    size: Size,
    ui: Ui,
    view: View,
    work: Work<M>,
}

impl<'a, B: Backend<Error: Send + Sync + 'static>, M: Model> Show<'a, B, M> {
    fn new(terminal: &'a mut Terminal<B>, model: Arc<M>, look: Look) -> Result<Self, DemoError> {
        let size = terminal.size().map_err(cannot_draw)?;
        let (ui, view, work) = (Ui::new(look), View::default(), Work::new(model));
        let mut show = Self {
            terminal,
            size,
            ui,
            view,
            work,
        };
        show.refresh();
        Ok(show)
    }

    /// Takes an input in; `idle` says that no other waits, so that it is time to draw.
    fn on_input(&mut self, input: Option<Input>, idle: bool) -> Result<Option<Ended>, DemoError> {
        let effect = match input {
            None => return Ok(Some(Ended::Quit)),
            Some(Input::Lost(error)) => return Err(DemoError::with(DemoErrorKind::Input, error)),
            Some(Input::Resize) => Effect::Draw,
            Some(Input::Key(key)) => self.ui.on_key(key, &self.view, self.size),
        };
        match effect {
            Effect::Quit => return Ok(Some(Ended::Quit)),
            Effect::Nothing | Effect::Draw => {}
            Effect::Repaint => self.terminal.clear().map_err(cannot_draw)?,
            Effect::Perform(action) => self.perform(action),
            Effect::Find(query) => self.work.find(query),
        }
        if idle {
            self.draw_when_covered()?;
        }
        Ok(None)
    }

    fn on_done(&mut self, done: Done) -> Result<(), DemoError> {
        match done {
            Done::View(view) => {
                let grown = view.total != self.view.total;
                self.view = *view;
                if grown && !self.view.covers(self.window()) {
                    self.refresh();
                }
                return self.draw();
            }
            Done::Found(needle, found) => self.ui.on_found(&needle, found),
            Done::Action(notice) => {
                self.ui.notice = Some(notice);
                self.ui.working = self.work.actions();
                self.refresh();
            }
        }
        self.draw_when_covered()
    }

    fn perform(&mut self, action: Action) {
        if !self.work.perform(action) {
            let text = "still busy with earlier keys; this one was left out".to_owned();
            self.ui.notice = Some(Notice {
                level: Level::Warn,
                text,
            });
        }
        self.ui.working = self.work.actions();
    }

    /// Asks for a new view.
    fn refresh(&mut self) {
        self.work.view(self.window());
    }

    fn window(&self) -> Window {
        screen::window(&self.ui, self.view.total, self.size)
    }

    /// Draws, or, where the page moved out of the view, asks for another one that is then drawn.
    fn draw_when_covered(&mut self) -> Result<(), DemoError> {
        if self.view.covers(self.window()) {
            return self.draw();
        }
        self.refresh();
        Ok(())
    }

    fn draw(&mut self) -> Result<(), DemoError> {
        let frame = self
            .terminal
            .draw(|frame| screen::draw(frame, &self.view, &self.ui))
            .map_err(cannot_draw)?;
        let size = frame.area.as_size();
        if size != self.size {
            self.size = size;
            self.refresh();
        }
        Ok(())
    }
}

fn cannot_draw(error: impl Error + Send + Sync + 'static) -> DemoError {
    DemoError::with(DemoErrorKind::Draw, error)
}

/// The signals that end the demo.
struct Signals([tokio::signal::unix::Signal; 3]);

impl Signals {
    fn listen() -> io::Result<Self> {
        let [interrupt, terminate, hangup] = [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ];
        Ok(Self([
            signal(interrupt)?,
            signal(terminate)?,
            signal(hangup)?,
        ]))
    }

    async fn wait(self) {
        let Self([mut interrupt, mut terminate, mut hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
