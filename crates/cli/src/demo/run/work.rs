//! What goes on beside the loop: actions, views, searches.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::Model;
use crate::demo::error::{DemoError, DemoErrorKind};
use crate::demo::keys::Action;
use crate::demo::search::{Found, Query};
use crate::demo::view::{Level, Notice, ServiceId, View, Window};

/// How many actions may run and wait; a key held down is left out beyond that.
const ACTIONS: usize = 16;

/// Something that came to its end.
pub(super) enum Done {
    /// An action, with what came of it.
    Action(Notice),
    /// A view.
    View(Box<View>),
    /// A search for a text.
    Found(String, Option<Found>),
}

/// What one task brings back.
enum Outcome {
    Action(Action, Notice),
    View(Box<View>),
    Found(String, Option<Found>),
}

/// The tasks that run for the loop; dropping it aborts them.
///
/// Of views and of searches one at a time runs, and of those asked for meanwhile only the last.
pub(super) struct Work<M> {
    model: Arc<M>,
    tasks: JoinSet<Outcome>,
    /// Actions that run or wait, in order; the first of each lane is the one that runs.
    actions: VecDeque<Action>,
    views: Latest<Window>,
    searches: Latest<Query>,
}

impl<M: Model> Work<M> {
    pub(super) fn new(model: Arc<M>) -> Self {
        Self {
            model,
            tasks: JoinSet::new(),
            actions: VecDeque::new(),
            views: Latest::default(),
            searches: Latest::default(),
        }
    }

    /// The actions that run or wait.
    pub(super) fn actions(&self) -> Vec<Action> {
        self.actions.iter().copied().collect()
    }

    /// Performs `action` after those of its lane; `false` when too many wait already.
    pub(super) fn perform(&mut self, action: Action) -> bool {
        if self.actions.len() >= ACTIONS {
            return false;
        }
        let free = self
            .actions
            .iter()
            .all(|other| lane(*other) != lane(action));
        self.actions.push_back(action);
        if free {
            self.start(action);
        }
        true
    }

    /// Fetches the view of `window`.
    pub(super) fn view(&mut self, window: Window) {
        if let Some(window) = self.views.ask(window) {
            self.fetch(window);
        }
    }

    /// Searches for `query`.
    pub(super) fn find(&mut self, query: Query) {
        if let Some(query) = self.searches.ask(query) {
            self.search(query);
        }
    }

    /// Waits for the next thing to end; for ever while nothing runs.
    ///
    /// # Errors
    ///
    /// Of kind [`DemoErrorKind::Panicked`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Done, DemoError> {
        let Some(outcome) = self.tasks.join_next().await else {
            return std::future::pending().await;
        };
        let outcome = outcome.map_err(|e| DemoError::with(DemoErrorKind::Panicked, e))?;
        Ok(match outcome {
            Outcome::Action(action, notice) => {
                self.finish(action);
                Done::Action(notice)
            }
            Outcome::View(view) => {
                if let Some(window) = self.views.done() {
                    self.fetch(window);
                }
                Done::View(view)
            }
            Outcome::Found(needle, found) => {
                if let Some(query) = self.searches.done() {
                    self.search(query);
                }
                Done::Found(needle, found)
            }
        })
    }

    fn finish(&mut self, action: Action) {
        let of_lane = |other: &Action| lane(*other) == lane(action);
        if let Some(place) = self.actions.iter().position(of_lane) {
            self.actions.remove(place);
        }
        if let Some(next) = self.actions.iter().copied().find(of_lane) {
            self.start(next);
        }
    }

    fn start(&mut self, action: Action) {
        let model = self.model.clone();
        self.tasks.spawn(async move {
            let notice = match model.perform(action).await {
                Ok(text) => Notice {
                    level: Level::Info,
                    text,
                },
                Err(error) => Notice {
                    level: Level::Error,
                    text: with_sources(&error),
                },
            };
            Outcome::Action(action, notice)
        });
    }

    fn fetch(&mut self, window: Window) {
        let model = self.model.clone();
        self.tasks
            .spawn(async move { Outcome::View(Box::new(model.view(window).await)) });
    }

    fn search(&mut self, query: Query) {
        let model = self.model.clone();
        self.tasks.spawn(async move {
            let needle = query.needle.clone();
            Outcome::Found(needle, model.find(query).await)
        });
    }
}

/// What must not run at once: anything upon the table, and anything upon one service.
fn lane(action: Action) -> Option<ServiceId> {
    match action {
        Action::ToggleService(id) => Some(id),
        _ => None,
    }
}

fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// One thing that runs, and the latest that should run after it.
struct Latest<T> {
    running: bool,
    next: Option<T>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self {
            running: false,
            next: None,
        }
    }
}

impl<T> Latest<T> {
    /// Gives `wanted` back when it can run at once.
    fn ask(&mut self, wanted: T) -> Option<T> {
        if self.running {
            self.next = Some(wanted);
            return None;
        }
        self.running = true;
        Some(wanted)
    }

    /// Takes note that what ran has ended; gives back what is to run now.
    fn done(&mut self) -> Option<T> {
        let next = self.next.take();
        self.running = next.is_some();
        next
    }
}
