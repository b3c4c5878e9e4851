//! What was tried while connecting, and what came of it.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{error::Error, fmt, time::Duration};

use crate::{AnyEndpoint, BoxError, Chain, KeyId, Stage, visible::one_line};

mod print;

use print::Time;

/// Every attempt of one connect, in the order in which they began.
///
/// It prints a line for each attempt.
#[derive(Debug, Default)]
pub struct Report {
    /// The attempts; a resolver that failed or was not asked has a row without endpoint.
    pub attempts: Vec<AttemptReport>,
    /// How long the connect took in all.
    pub took: Duration,
}

/// One attempt of a [`Report`].
#[derive(Debug)]
pub struct AttemptReport {
    /// The resolver that found the endpoint.
    pub resolver: Arc<str>,
    /// The key under which it is registered.
    pub key: KeyId,
    /// The endpoint, unless it is the resolver that is reported.
    pub endpoint: Option<AnyEndpoint>,
    /// The protocol, unless it is the resolver that is reported.
    pub protocol: Option<Arc<str>>,
    /// The stage that was reached last.
    pub stage: Stage,
    /// When the attempt began, since the connect began.
    pub started: Duration,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of an attempt.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// It gave the flow.
    Won,
    /// It failed.
    Failed(BoxError),
    /// It was given up because another one won.
    Cancelled,
    /// The deadline of the connect passed.
    TimedOut,
    /// It was not tried.
    Skipped(SkipReason),
    /// It would be tried; only a plan says so.
    Planned,
    /// The resolver answered with no endpoint.
    NothingFound,
}

/// Why something was not tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The protocol's security is below the floor that the caller set.
    BelowFloor,
    /// Something better protected could have been tried, and the caller did not allow to fall below it.
    Downgrade,
    /// No protocol is registered under the resolver's key.
    NoProtocol,
    /// The caller forced another key or protocol.
    NotForced,
    /// The protocol carries a byte stream, and datagrams were asked for.
    CarriesBytes,
    /// The protocol carries datagrams, and a byte stream was asked for.
    CarriesDatagrams,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BelowFloor => "skipped: below the security that was asked for",
            Self::Downgrade => {
                "skipped: less secure than another way to this name; allow_downgrade permits it"
            }
            Self::NoProtocol => "skipped: no protocol is registered under this key",
            Self::NotForced => "skipped: another key or protocol was forced",
            Self::CarriesBytes => "skipped: it carries a byte stream, datagrams were asked for",
            Self::CarriesDatagrams => "skipped: it carries datagrams, a byte stream was asked for",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Won => f.write_str("connected"),
            Self::Failed(error) => Chain(&**error).fmt(f),
            Self::Cancelled => f.write_str("given up, another attempt won"),
            Self::TimedOut => f.write_str("the deadline passed"),
            Self::Skipped(reason) => reason.fmt(f),
            Self::Planned => f.write_str("would be tried"),
            Self::NothingFound => f.write_str("found nothing"),
        }
    }
}

/// A connect that gave no flow; it prints the whole report.
#[derive(Debug)]
pub struct ConnectError {
    pub(crate) target: Box<str>,
    pub(crate) kind: ConnectErrorKind,
    pub(crate) report: Report,
}

/// Why a connect gave no flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectErrorKind {
    /// No resolver has anything to say about such a target, or none found an endpoint.
    NothingResolved,
    /// Endpoints were found, and each was skipped.
    AllSkipped,
    /// Every attempt failed.
    AllFailed,
    /// The deadline passed.
    TimedOut,
    /// The protocol that was forced is not registered in this context.
    NotRegistered,
}

impl ConnectError {
    /// Why it failed.
    pub fn kind(&self) -> ConnectErrorKind {
        self.kind
    }

    /// Every attempt.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.kind {
            ConnectErrorKind::NothingResolved if self.report.attempts.is_empty() => {
                "no resolver is for such a scheme, or knows such a name"
            }
            ConnectErrorKind::NothingResolved => "no endpoint was found",
            ConnectErrorKind::AllSkipped => "nothing that was found may be tried",
            ConnectErrorKind::AllFailed => "every attempt failed",
            ConnectErrorKind::TimedOut => "the deadline passed",
            ConnectErrorKind::NotRegistered => "the forced protocol is not registered here",
        };
        write!(f, "cannot connect to {}: {reason}", one_line(&self.target))?;
        if self.report.attempts.is_empty() {
            return Ok(());
        }
        match self.kind {
            ConnectErrorKind::AllSkipped | ConnectErrorKind::NotRegistered => {}
            ConnectErrorKind::TimedOut => write!(f, " after {}", Time(self.report.took))?,
            _ => write!(f, " within {}", Time(self.report.took))?,
        }
        write!(f, "\n{}", self.report)
    }
}

impl Error for ConnectError {
    /// The cause of the last attempt that failed.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.report
            .attempts
            .iter()
            .rev()
            .find_map(|attempt| match &attempt.outcome {
                Outcome::Failed(error) => Some(&**error as _),
                _ => None,
            })
    }
}
