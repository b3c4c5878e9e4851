//! The report of a connect, for programs, and what this program adds to it for a person.

use std::{error::Error, io, iter::successors, time::Duration};

use serde::Serialize;
use tuyau_core::{
    AttemptReport, Chain, ConnectError, ErrorKind, FlowError, Outcome, Report, SkipReason,
};

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
    #[serde(flatten)]
    course: Option<Course>,
    outcome: &'static str,
    /// What a person is told about the outcome.
    text: String,
}

/// How far an attempt came, and when; what was not tried has none.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Course {
    stage: String,
    /// Since the connect began, in milliseconds.
    started_ms: f64,
    took_ms: f64,
}

/// The attempts of a report, in their order.
pub(super) fn attempts(report: &Report) -> Vec<Attempt> {
    report.attempts.iter().map(Attempt::new).collect()
}

impl Attempt {
    fn new(row: &AttemptReport) -> Self {
        let mut text = match &row.outcome {
            Outcome::Failed(error) => Chain(&**error).to_string(),
            outcome => outcome.to_string(),
        };
        if was_refused(row) {
            text = format!("{text}: nothing listens there; {REMEDY}");
        }
        Self {
            resolver: row.resolver.to_string(),
            key: row.key.to_string(),
            endpoint: row.endpoint.as_ref().map(|it| one_line(&it.to_string())),
            protocol: row.protocol.as_deref().map(str::to_owned),
            course: Course::of(row),
            outcome: name(&row.outcome),
            text: one_line(&in_options(&text)),
        }
    }
}

impl Course {
    fn of(row: &AttemptReport) -> Option<Self> {
        match row.outcome {
            Outcome::Planned | Outcome::Skipped(_) => None,
            _ => Some(Self {
                stage: row.stage.to_string(),
                started_ms: millis(row.started),
                took_ms: millis(row.took),
            }),
        }
    }
}

/// What to do where nothing listens.
const REMEDY: &str = "start the service, or check the address and the port";

/// What a person is told of a connect that failed: the causes, and what to do about those in which the
/// system or the clock had the last word.
pub(super) fn explained(error: &ConnectError) -> String {
    let mut text = in_options(&Chain(error).to_string());
    let mut remedies: Vec<String> = Vec::new();
    for remedy in error.report().attempts.iter().filter_map(remedy) {
        if !remedies.contains(&remedy) {
            remedies.push(remedy);
        }
    }
    for remedy in remedies {
        text.push_str("\n  to do: ");
        text.push_str(&remedy);
    }
    text
}

/// What to do about an attempt whose cause alone does not tell it.
fn remedy(row: &AttemptReport) -> Option<String> {
    let has_endpoint = row.endpoint.is_some();
    if was_refused(row) {
        return Some(format!(
            "nothing listens where the connection was refused; {REMEDY}"
        ));
    }
    let text = match &row.outcome {
        Outcome::TimedOut if !has_endpoint => {
            "whoever knows the name did not answer in time; check the network"
        }
        Outcome::TimedOut if matches!(&*row.stage.to_string(), "tcp" | "unix") => {
            "nothing answered in time; check the address, and firewalls on the way, which may drop \
             packets in silence"
        }
        Outcome::TimedOut => {
            "the peer accepted and then said nothing; check that it speaks this protocol, or give it \
             longer with --deadline"
        }
        // A router says itself what to do.
        Outcome::Failed(_) if !has_endpoint && &*row.resolver == "system" => {
            "check the spelling of the host, or write its IP address"
        }
        Outcome::Failed(error) if has_kind(&**error, ErrorKind::Unreachable) => {
            match row.key.to_string().contains("unix") {
                true => "there is no such socket; start the service, or check the path",
                false => "check the network, and the address of the host",
            }
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether nobody listened at the endpoint. A resolver whose server refused it has none.
fn was_refused(row: &AttemptReport) -> bool {
    let (Outcome::Failed(error), Some(_)) = (&row.outcome, &row.endpoint) else {
        return false;
    };
    has_kind(&**error, ErrorKind::Refused)
}

/// Whether an error or one of its causes is of this kind.
fn has_kind(error: &(dyn Error + 'static), wanted: ErrorKind) -> bool {
    successors(Some(error), |error| (*error).source())
        .filter_map(kind)
        .any(|kind| kind == wanted)
}

/// The kind that an error says: one of a flow, or, where a stack of layers hides that, its cause.
fn kind(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let flow = error.downcast_ref().map(FlowError::kind);
    flow.or_else(|| Some(error.downcast_ref::<io::Error>()?.kind().into()))
}

/// What a report says, with the options of this program where it names those of the library.
pub(super) fn in_options(text: &str) -> String {
    let reasons = [
        (
            SkipReason::Downgrade,
            "skipped: less secure than another way to this name; --allow-downgrade permits it",
        ),
        (
            SkipReason::NotForced,
            "skipped: --only asks for another protocol",
        ),
        (
            SkipReason::BelowFloor,
            "skipped: below the security that was asked for; --identity, --web and --ca ask for \
             authenticated, and TLS is that with one of them only",
        ),
    ];
    let put =
        |text: String, (reason, own): &(SkipReason, &str)| text.replace(&reason.to_string(), own);
    reasons.iter().fold(text.to_owned(), put)
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
