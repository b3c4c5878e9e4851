//! What there is to show, as plain data.

use std::collections::VecDeque;
use std::time::Duration;

use tuyau_router::Source;

use super::search;

/// How many log lines a [`View`] should carry at most: more than any terminal shows at once.
pub const LOG_LINES: usize = 256;

/// One picture of the router and of the demo around it.
///
/// The table may hold hundreds of thousands of entries, so a view carries only the [`Window`] of it
/// that was asked for, with the size of the whole; what is drawn never costs more than what is seen.
/// Texts may hold anything: the screen cleans and shortens them itself.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The router's identity, in full.
    pub identity: String,
    /// The address on which the router listens.
    pub listen: String,
    /// The time since the demo started.
    pub uptime: Duration,
    /// How many messages the router has processed.
    pub processed: u64,
    /// How many entries the whole routing table has.
    pub total: usize,
    /// The position of the first of `rows` in the whole table, counted from zero.
    pub first: usize,
    /// The entries of the window, in the order of the table.
    pub rows: Vec<Row>,
    /// The latest log lines, oldest first, at most [`LOG_LINES`].
    pub log: VecDeque<LogLine>,
    /// The two test services: `services[0]` belongs to [`ServiceId::One`].
    pub services: [ServiceView; 2],
    /// The file that saving writes and restoring reads.
    pub snapshot_path: String,
}

impl View {
    /// The entry at `index` of the whole table, if the window holds it.
    pub fn row(&self, index: usize) -> Option<&Row> {
        self.rows.get(index.checked_sub(self.first)?)
    }

    /// Whether the view holds all of `window` that the table can fill.
    pub fn covers(&self, window: Window) -> bool {
        let end = window.first.saturating_add(window.count).min(self.total);
        let first = window.first.min(end);
        first == end || (self.first <= first && end <= self.first + self.rows.len())
    }
}

/// A stretch of the routing table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// The position of the first entry, counted from zero; it may lie behind the end of the table.
    pub first: usize,
    /// How many entries are wanted; fewer come where the table ends.
    pub count: usize,
}

/// An entry of the routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The identity of the service, in full.
    pub identity: String,
    /// The addresses at which it can be reached, in its order of preference.
    pub routes: Vec<String>,
    /// Where the entry comes from.
    pub source: Source,
    /// The time since the entry was made or last replaced.
    pub age: Duration,
    /// Whether the service is connected to the router now.
    pub connected: bool,
}

impl Row {
    /// Whether the entry holds `needle` in its identity, a route or its source, whatever the case.
    pub fn matches(&self, needle: &str) -> bool {
        search::contains(&self.identity, needle)
            || search::contains(self.source.name(), needle)
            || self
                .routes
                .iter()
                .any(|route| search::contains(route, needle))
    }
}

/// How serious a log line or a notice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// As it should be.
    #[default]
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
}

impl Level {
    /// The word for it, at most five columns wide.
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it was written, counted from the start of the demo as [`View::uptime`] is.
    pub time: Duration,
    /// How serious it is.
    pub level: Level,
    /// What happened.
    pub text: String,
}

/// What the last action came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How serious it is.
    pub level: Level,
    /// One sentence for the person looking.
    pub text: String,
}

/// One of the two test services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceId {
    /// The service of key `1`.
    One,
    /// The service of key `2`.
    Two,
}

impl ServiceId {
    /// Its place in [`View::services`].
    pub fn index(self) -> usize {
        match self {
            Self::One => 0,
            Self::Two => 1,
        }
    }
}

/// A test service as the screen shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceView {
    /// Its name, such as `service-1`.
    pub name: String,
    /// How far it is.
    pub state: ServiceState,
    /// Anything worth adding: its address, the message it received, the reason of a failure.
    pub detail: String,
}

/// How far a test service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServiceState {
    /// It does not run.
    #[default]
    Stopped,
    /// Its process runs, its registration has not been seen yet.
    Starting,
    /// The router holds its registration.
    Registered,
    /// It ended by itself or could not be started.
    Failed,
}

impl ServiceState {
    /// The word for it, at most ten columns wide.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Starting => "starting",
            Self::Registered => "registered",
            Self::Failed => "failed",
        }
    }
}
