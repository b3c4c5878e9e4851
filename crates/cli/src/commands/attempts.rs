//! The report of a connect, for programs.

use std::time::Duration;

use serde::Serialize;
use tuyau_core::{AttemptReport, Chain, Outcome, Report};

use crate::printable::one_line;

/// One attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Attempt {
    resolver: String,
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    protocol: Option<String>,
    stage: String,
    /// Since the connect began, in milliseconds.
    started_ms: f64,
    took_ms: f64,
    outcome: &'static str,
    /// What a person is told about the outcome.
    text: String,
}

/// The attempts of a report, in their order.
pub(super) fn attempts(report: &Report) -> Vec<Attempt> {
    report.attempts.iter().map(Attempt::new).collect()
}

impl Attempt {
    fn new(row: &AttemptReport) -> Self {
        let text = match &row.outcome {
            Outcome::Failed(error) => Chain(&**error).to_string(),
            outcome => outcome.to_string(),
        };
        Self {
            resolver: row.resolver.to_string(),
            key: row.key.to_string(),
            endpoint: row.endpoint.as_ref().map(|it| one_line(&it.to_string())),
            protocol: row.protocol.as_deref().map(str::to_owned),
            stage: row.stage.to_string(),
            started_ms: millis(row.started),
            took_ms: millis(row.took),
            outcome: name(&row.outcome),
            text: one_line(&text),
        }
    }
}

fn name(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Won => "connected",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled => "cancelled",
        Outcome::TimedOut => "timed out",
        Outcome::Skipped(_) => "skipped",
        Outcome::Planned => "planned",
        Outcome::NothingFound => "nothing found",
        _ => "other",
    }
}

/// Milliseconds with three places.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
