//! The demo without a terminal: each step says what it saw and is verified.

use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;
use tokio::time::timeout;
use tuyau_core::Chain;
use tuyau_router::journal::Event;
use tuyau_router::{RowView, Source, View, snapshot};
use tuyau_wire::Identity;

use super::story::{ChildPhase, Story, StoryError};
use super::view::ServiceId;
use crate::plural;

/// How long a test service may take to register and to be greeted.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many messages a thousand are.
const THOUSAND: usize = 1000;

/// Tells the story, a line a step, as JSON or for people.
///
/// # Errors
/// The first step that failed or did not show what it should.
pub async fn tell(
    story: &Story,
    greeting: &str,
    out: &mut dyn Write,
    json: bool,
) -> Result<(), HeadlessError> {
    let mut teller = Teller { out, json };
    start(story, &mut teller).await?;
    simulate(story, &mut teller).await?;
    reroute(story, &mut teller).await?;
    save_and_restore(story, &mut teller).await?;
    for service in [ServiceId::One, ServiceId::Two] {
        run_service(story, service, greeting, &mut teller).await?;
    }
    for service in [ServiceId::One, ServiceId::Two] {
        end_service(story, service, &mut teller).await?;
    }
    Ok(())
}

async fn start(story: &Story, teller: &mut Teller<'_>) -> Result<(), HeadlessError> {
    let view = whole(story).await?;
    let listen: Vec<_> = view.listen.iter().map(ToString::to_string).collect();
    let all_static = view.rows.iter().all(|row| row.source == Source::Static);
    let saw = format!(
        "{} as {}, {}",
        listen.join(" "),
        view.identity,
        counts(&view)
    );
    teller.verify(
        "start",
        "two static routes and no message",
        view.total == 2 && all_static && view.processed == 0,
        saw,
    )
}

async fn simulate(story: &Story, teller: &mut Teller<'_>) -> Result<(), HeadlessError> {
    for (step, count) in [("m", 1), ("M", THOUSAND)] {
        let before = whole(story).await?;
        story
            .simulate(count)
            .await
            .map_err(|error| HeadlessError::step(step, &error))?;
        let after = whole(story).await?;
        let simulated = |view: &View| {
            view.rows
                .iter()
                .filter(|row| row.source == Source::Simulated)
                .count()
        };
        let holds = after.processed == before.processed + count as u64
            && after.total == before.total + count
            && simulated(&after) == simulated(&before) + count;
        let expected = format!(
            "{count} more {} and {}",
            plural::messages(count as u64),
            plural::routes(count)
        );
        teller.verify(step, &expected, holds, counts(&after))?;
    }
    Ok(())
}

async fn reroute(story: &Story, teller: &mut Teller<'_>) -> Result<(), HeadlessError> {
    let before = whole(story).await?;
    let (identity, route) = story
        .reroute()
        .await
        .map_err(|error| HeadlessError::step("n", &error))?;
    let after = whole(story).await?;
    let holds = after.total == before.total
        && after.processed == before.processed + 1
        && row(&after, identity).is_some_and(|row| row.routes == [route.clone()])
        && row(&before, identity).is_some_and(|row| row.routes != [route.clone()]);
    let saw = format!("{} is now at {route}, {}", identity.short(), counts(&after));
    teller.verify(
        "n",
        "the first key has the route that it announced",
        holds,
        saw,
    )
}

async fn save_and_restore(story: &Story, teller: &mut Teller<'_>) -> Result<(), HeadlessError> {
    let failed = |step| move |error: StoryError| HeadlessError::step(step, &error);
    let saved = whole(story).await?;
    let length = story.save().await.map_err(failed("s"))?;
    let path = story.snapshot();
    let bytes = std::fs::read(path).map_err(|error| HeadlessError::step("s", &error))?;
    let state = snapshot::decode(&bytes).map_err(|error| HeadlessError::step("s", &error))?;
    let holds = state.processed == saved.processed && state.table.len() == saved.total;
    let saw = format!("{length} bytes in {}", path.display());
    teller.verify("s", "the file holds the count and the table", holds, saw)?;

    story.simulate(1).await.map_err(failed("m"))?;
    story.reroute().await.map_err(failed("n"))?;
    let changed = whole(story).await?;
    story.restore().await.map_err(failed("r"))?;
    let restored = whole(story).await?;
    let same = restored.processed == saved.processed && restored.rows == saved.rows;
    let holds = same && changed.rows != saved.rows;
    teller.verify(
        "r",
        "the count and the table are what they were when saved",
        holds,
        counts(&restored),
    )
}

async fn run_service(
    story: &Story,
    service: ServiceId,
    greeting: &str,
    teller: &mut Teller<'_>,
) -> Result<(), HeadlessError> {
    let step = key_of(service);
    story
        .toggle(service)
        .await
        .map_err(|error| HeadlessError::step(step, &error))?;
    let Ok(greeted) = timeout(PATIENCE, greeted(story, service)).await else {
        let state = story.child(service);
        return Err(HeadlessError::timed_out(
            step,
            &format!("{:?}: {}", state.phase, state.detail),
        ));
    };
    let (identity, received, answer) =
        greeted.map_err(|reason| HeadlessError::timed_out(step, &reason))?;
    let view = whole(story).await?;
    let Some(row) = row(&view, identity).filter(|row| row.source == Source::Registered) else {
        return Err(HeadlessError::timed_out(
            step,
            "the table has no row of the service",
        ));
    };
    let routes: Vec<_> = row.routes.iter().map(ToString::to_string).collect();
    let saw = format!(
        "{} registered {}, received \"{received}\", the router received \"{answer}\"",
        identity.short(),
        routes.join(" ")
    );
    teller.verify(
        step,
        "the service registers and is greeted over its route",
        received == greeting,
        saw,
    )
}

/// Waits until a service was greeted and its answer has come: its identity, what it received and
/// what it answered.
async fn greeted(story: &Story, service: ServiceId) -> Result<(Identity, String, String), String> {
    let state = story.child_when(service, |state| {
        state.received.is_some() || state.phase == ChildPhase::Failed
    });
    let state = state.await;
    let (Some(identity), Some(received)) = (state.identity, state.received) else {
        return Err(state.detail);
    };
    let answer = story.log().wait_for(|line| match &line.event {
        Some(Event::Received { from, text }) if *from == identity => Some(text.clone()),
        _ => None,
    });
    Ok((identity, received, answer.await))
}

async fn end_service(
    story: &Story,
    service: ServiceId,
    teller: &mut Teller<'_>,
) -> Result<(), HeadlessError> {
    let step = key_of(service);
    let identity = story.child(service).identity;
    story
        .toggle(service)
        .await
        .map_err(|error| HeadlessError::step(step, &error))?;
    let view = whole(story).await?;
    let gone = identity.is_some_and(|identity| row(&view, identity).is_none());
    teller.verify(
        step,
        "the service takes its registration back",
        gone,
        counts(&view),
    )
}

fn key_of(service: ServiceId) -> &'static str {
    match service {
        ServiceId::One => "1",
        ServiceId::Two => "2",
    }
}

async fn whole(story: &Story) -> Result<View, HeadlessError> {
    story
        .view(0, usize::MAX)
        .await
        .map_err(|error| HeadlessError::step("view", &error))
}

fn row(view: &View, identity: Identity) -> Option<&RowView> {
    view.rows.iter().find(|row| row.identity == identity)
}

fn counts(view: &View) -> String {
    let (processed, total) = (view.processed, view.total);
    let (messages, routes) = (plural::messages(processed), plural::routes(total));
    format!("{processed} {messages}, {total} {routes}")
}

/// Prints steps.
struct Teller<'a> {
    out: &'a mut dyn Write,
    json: bool,
}

impl Teller<'_> {
    /// Prints a step that holds; fails with one that does not.
    fn verify(
        &mut self,
        step: &str,
        expected: &str,
        holds: bool,
        saw: String,
    ) -> Result<(), HeadlessError> {
        let printed = if self.json {
            let line = json!({ "step": step, "ok": holds, "expected": expected, "saw": saw });
            writeln!(self.out, "{line}")
        } else {
            let verdict = if holds { "ok    " } else { "FAILED" };
            writeln!(self.out, "{verdict} {step:5} {expected}: {saw}")
        };
        match printed.and_then(|()| self.out.flush()) {
            Err(error) => Err(HeadlessError::output(error)),
            Ok(()) if holds => Ok(()),
            Ok(()) => Err(HeadlessError::unexpected(step, expected, saw)),
        }
    }
}

/// Why the story did not come to its end.
#[derive(Debug)]
pub struct HeadlessError {
    step: String,
    reason: Reason,
}

/// The kinds of [`HeadlessError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HeadlessErrorKind {
    /// A step failed.
    Failed,
    /// A step did not show what it should.
    Unexpected,
    /// A test service did not get as far as its greeting, in time or at all.
    TimedOut,
    /// The output cannot be written.
    Output,
}

#[derive(Debug)]
enum Reason {
    Failed(String),
    Unexpected { expected: String, saw: String },
    TimedOut(String),
    Output(io::Error),
}

impl HeadlessError {
    fn new(step: &str, reason: Reason) -> Self {
        Self {
            step: step.to_owned(),
            reason,
        }
    }

    fn step(step: &str, error: &dyn std::error::Error) -> Self {
        Self::new(step, Reason::Failed(Chain(error).to_string()))
    }

    fn unexpected(step: &str, expected: &str, saw: String) -> Self {
        Self::new(
            step,
            Reason::Unexpected {
                expected: expected.to_owned(),
                saw,
            },
        )
    }

    fn timed_out(step: &str, state: &str) -> Self {
        Self::new(step, Reason::TimedOut(state.to_owned()))
    }

    fn output(error: io::Error) -> Self {
        Self::new("output", Reason::Output(error))
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> HeadlessErrorKind {
        match self.reason {
            Reason::Failed(_) => HeadlessErrorKind::Failed,
            Reason::Unexpected { .. } => HeadlessErrorKind::Unexpected,
            Reason::TimedOut(_) => HeadlessErrorKind::TimedOut,
            Reason::Output(_) => HeadlessErrorKind::Output,
        }
    }

    /// Whether nobody reads the output any more.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(&self.reason, Reason::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for HeadlessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = &self.step;
        match &self.reason {
            Reason::Failed(text) => write!(f, "demo step {step} failed: {text}"),
            Reason::Unexpected { expected, saw } => {
                write!(f, "demo step {step}: expected {expected}, saw {saw}")
            }
            Reason::TimedOut(state) => {
                write!(
                    f,
                    "demo step {step}: the service did not get as far as its greeting: {state}"
                )
            }
            Reason::Output(error) => write!(f, "cannot print: {error}"),
        }
    }
}

impl std::error::Error for HeadlessError {}
