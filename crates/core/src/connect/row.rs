//! What the driver knows of each attempt, until it becomes a line of the report.

use alloc::sync::Arc;
use core::time::Duration;

use crate::{
    AnyEndpoint, AttemptReport, KeyId, Outcome, SkipReason, Stage,
    context::{ProtocolEntry, ResolverEntry},
};

/// An attempt, or a resolver that is asked. Times are since the connect began.
pub(super) struct Row {
    resolver: Arc<str>,
    key: KeyId,
    /// The endpoint and the name of the protocol; a resolver has none.
    attempted: Option<(AnyEndpoint, Arc<str>)>,
    stage: Stage,
    started: Duration,
    took: Duration,
    state: State,
}

/// How far it has come.
pub(super) enum State {
    Running,
    /// The resolver is done, and the attempts at its endpoints tell of it.
    ToldByAttempts,
    Ended(Outcome),
}

impl From<Outcome> for State {
    fn from(outcome: Outcome) -> Self {
        Self::Ended(outcome)
    }
}

impl Row {
    /// A resolver that is asked from `started` on.
    pub(super) fn resolving(resolver: &ResolverEntry, started: Duration) -> Self {
        Self {
            resolver: resolver.name.clone(),
            key: resolver.key,
            attempted: None,
            stage: Stage::RESOLVE,
            started,
            took: Duration::ZERO,
            state: State::Running,
        }
    }

    /// An attempt at an endpoint that a resolver found.
    pub(super) fn attempting(
        resolver: &ResolverEntry,
        protocol: &ProtocolEntry,
        endpoint: AnyEndpoint,
        started: Duration,
    ) -> Self {
        Self {
            attempted: Some((endpoint, protocol.name.clone())),
            stage: protocol.protocol.stage(),
            ..Self::resolving(resolver, started)
        }
    }

    /// The same, which is not tried after all.
    pub(super) fn skipped(mut self, reason: SkipReason) -> Self {
        self.state = State::Ended(Outcome::Skipped(reason));
        self
    }

    pub(super) fn started(&self) -> Duration {
        self.started
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.state, State::Running)
    }

    pub(super) fn is_attempt(&self) -> bool {
        self.attempted.is_some()
    }

    pub(super) fn is_skipped(&self) -> bool {
        matches!(self.state, State::Ended(Outcome::Skipped(_)))
    }

    pub(super) fn reach(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// Ends it at the time `now`.
    pub(super) fn close(&mut self, state: State, now: Duration) {
        self.took = now.saturating_sub(self.started);
        self.state = state;
    }

    /// Its line of the report of a connect that ends at the time `now`, with the outcome `given_up` if it
    /// still runs.
    pub(super) fn report(mut self, given_up: Outcome, now: Duration) -> Option<AttemptReport> {
        if self.is_running() {
            self.close(State::Ended(given_up), now);
        }
        let State::Ended(outcome) = self.state else {
            return None;
        };
        let (endpoint, protocol) = self.attempted.unzip();
        Some(AttemptReport {
            resolver: self.resolver,
            key: self.key,
            endpoint,
            protocol,
            stage: self.stage,
            started: self.started,
            took: self.took,
            outcome,
        })
    }
}
