//! What an examination found.

use std::fmt;

use serde::Serialize;

use crate::{
    commands::attempts::{Attempt, attempts},
    printable::one_line,
};

/// The steps of reaching a router, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Step {
    Address,
    Resolve,
    Connect,
    Tls,
    Key,
    Hello,
    Request,
}

impl Step {
    pub(super) const ALL: [Self; 7] = [
        Self::Address,
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Key,
        Self::Hello,
        Self::Request,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Key => "key",
            Self::Hello => "hello",
            Self::Request => "request",
        }
    }
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Outcome {
    Ok,
    Failed,
    /// A step before it failed.
    Skipped,
}

/// A step with what was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Finding {
    pub(super) step: Step,
    pub(super) outcome: Outcome,
    pub(super) found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expected: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remedy: Option<String>,
}

/// The peer, as far as it made itself known.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Known {
    pub(super) identity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hello: Option<Said>,
    /// From a request to its answer, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) round_trip_ms: Option<f64>,
}

/// What the peer said of itself.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Said {
    pub(super) role: &'static str,
    pub(super) agent: String,
    pub(super) version: u64,
}

/// What an examination found, step by step.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    address: String,
    ok: bool,
    pub(super) steps: Vec<Finding>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<Known>,
    /// What was tried when no connection came about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attempts: Vec<Attempt>,
    /// The same for a person, when one line does not say it all.
    #[serde(skip)]
    tried: String,
}

/// A step failed, and is in the report; what comes after it cannot be done.
#[derive(Debug)]
pub(super) struct Stopped;

/// What was wrong with a step.
pub(super) struct Failure {
    pub(super) found: String,
    pub(super) expected: String,
    pub(super) remedy: String,
}

impl Report {
    pub(super) fn new(address: &str) -> Self {
        Self {
            address: one_line(address),
            ok: false,
            steps: Vec::new(),
            peer: None,
            attempts: Vec::new(),
            tried: String::new(),
        }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.ok
    }

    /// Notes what was tried by a connect that failed, or would have been.
    pub(super) fn tried(&mut self, report: &tuyau_core::Report) {
        self.attempts = attempts(report);
        self.tried = match report.attempts.len() {
            0 | 1 => String::new(),
            _ => report.to_string(),
        };
    }

    pub(super) fn pass(&mut self, step: Step, found: impl fmt::Display) {
        self.steps.push(Finding {
            step,
            outcome: Outcome::Ok,
            found: one_line(&found.to_string()),
            expected: None,
            remedy: None,
        });
    }

    pub(super) fn fail(&mut self, step: Step, failure: Failure) -> Stopped {
        self.steps.push(Finding {
            step,
            outcome: Outcome::Failed,
            found: one_line(&failure.found),
            expected: Some(failure.expected),
            remedy: Some(failure.remedy),
        });
        Stopped
    }

    /// Notes the steps that were not reached.
    pub(super) fn finish(mut self, result: Result<(), Stopped>) -> Self {
        self.ok = result.is_ok();
        for step in Step::ALL.into_iter().skip(self.steps.len()) {
            self.steps.push(Finding {
                step,
                outcome: Outcome::Skipped,
                found: "not reached".to_owned(),
                expected: None,
                remedy: None,
            });
        }
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Failed => "FAILED",
            Outcome::Skipped => "-",
        };
        write!(f, "{:<9}{outcome:<8}{}", self.step.name(), self.found)?;
        let indent = format!("\n{:17}", "");
        if let Some(expected) = &self.expected {
            write!(f, "{indent}expected: {expected}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, "{indent}to do: {remedy}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.steps {
            writeln!(f, "{finding}")?;
        }
        if !self.tried.is_empty() {
            writeln!(f, "tried:\n{}", self.tried)?;
        }
        match (
            self.ok,
            self.steps.iter().find(|it| it.outcome == Outcome::Failed),
        ) {
            (true, _) => write!(f, "{}: a router that answers", self.address),
            (false, Some(failed)) => {
                write!(
                    f,
                    "{}: the step {} failed",
                    self.address,
                    failed.step.name()
                )
            }
            (false, None) => write!(f, "{}: not examined", self.address),
        }
    }
}
