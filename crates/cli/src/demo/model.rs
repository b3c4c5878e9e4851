//! The story as the screen shows it.

use std::collections::VecDeque;
use std::time::Duration;

use tuyau_router::journal;
use tuyau_router::{RowView, Timestamp};

use super::keys::Action;
use super::run::Model;
use super::search::{Found, Query, locate};
use super::story::{ChildPhase, Line, Story, StoryError};
use super::view::{Level, LogLine, Row, ServiceId, ServiceState, ServiceView, View, Window};

impl Model for Story {
    type Error = StoryError;

    async fn perform(&self, action: Action) -> Result<String, StoryError> {
        Ok(match action {
            Action::SimulateOne => {
                self.simulate(1).await?;
                "one simulated service registered".to_owned()
            }
            Action::SimulateThousand => {
                self.simulate(1000).await?;
                "a thousand simulated services registered".to_owned()
            }
            Action::NewRoute => {
                let (identity, route) = self.reroute().await?;
                format!("{} announced {route}", identity.short())
            }
            Action::Save => {
                let bytes = self.save().await?;
                format!("saved {bytes} bytes to {}", self.snapshot().display())
            }
            Action::Restore => {
                self.restore().await?;
                format!("restored from {}", self.snapshot().display())
            }
            Action::ToggleService(service) => {
                let number = service.index() + 1;
                match self.toggle(service).await? {
                    true => format!("starting service-{number}"),
                    false => format!("service-{number} has stopped"),
                }
            }
        })
    }

    async fn view(&self, window: Window) -> View {
        let Ok(view) = Story::view(self, window.first, window.count).await else {
            return View::default();
        };
        let now = Timestamp::now();
        let listen: Vec<_> = view.listen.iter().map(ToString::to_string).collect();
        View {
            identity: view.identity.to_string(),
            listen: listen.join(" "),
            uptime: now.since(view.started),
            processed: view.processed,
            total: view.total,
            first: window.first.min(view.total),
            rows: view.rows.iter().map(|row| show_row(row, now)).collect(),
            log: show_log(self.log().lines(), view.started),
            services: [ServiceId::One, ServiceId::Two].map(|id| show_service(self, id)),
            snapshot_path: self.snapshot().display().to_string(),
        }
    }

    async fn find(&self, query: Query) -> Option<Found> {
        let view = Story::view(self, 0, usize::MAX).await.ok()?;
        let matching = view
            .rows
            .iter()
            .map(|row| show_row(row, row.since).matches(&query.needle));
        locate(matching, query.from, query.direction)
    }
}

fn show_row(row: &RowView, now: Timestamp) -> Row {
    Row {
        identity: row.identity.to_string(),
        routes: row.routes.iter().map(ToString::to_string).collect(),
        source: row.source,
        age: now.since(row.since),
        connected: row.connected,
    }
}

fn show_log(lines: Vec<Line>, started: Timestamp) -> VecDeque<LogLine> {
    let show = |line: Line| LogLine {
        time: if line.time < started {
            Duration::ZERO
        } else {
            line.time.since(started)
        },
        level: match line.level {
            journal::Level::Info => Level::Info,
            journal::Level::Warn => Level::Warn,
            journal::Level::Error => Level::Error,
        },
        text: line.text,
    };
    lines.into_iter().map(show).collect()
}

fn show_service(story: &Story, id: ServiceId) -> ServiceView {
    let child = story.child(id);
    ServiceView {
        name: format!("service-{}", id.index() + 1),
        state: match child.phase {
            ChildPhase::Stopped => ServiceState::Stopped,
            ChildPhase::Starting => ServiceState::Starting,
            ChildPhase::Registered => ServiceState::Registered,
            ChildPhase::Failed => ServiceState::Failed,
        },
        detail: child.detail,
    }
}
