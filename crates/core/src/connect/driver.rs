//! Performs the steps of a race: starts resolvers and attempts, polls them, keeps the report.

use alloc::{sync::Arc, vec::Vec};
use core::{
    error::Error,
    fmt,
    task::{Context as TaskContext, Poll},
    time::Duration,
};

use super::row::{Row, State};
use crate::{
    Answers, AnyEndpoint, Attempt, BoxError, Connect, ConnectErrorKind, Outcome, Report, Security,
    SkipReason, Target,
    context::{BoxFuture, Payload, ProtocolEntry, ResolverEntry},
    race::{Race, Step},
};

/// How many endpoints and errors of one resolver are taken: more than any name has, and little enough
/// that a resolver without end neither fills the memory nor keeps a deadline from being looked at.
const MAX_ANSWERS: usize = 256;

/// A resolver gave more than [`MAX_ANSWERS`].
#[derive(Debug)]
struct TooManyAnswers;

impl fmt::Display for TooManyAnswers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "more than {MAX_ANSWERS} answers; the rest is left out")
    }
}

impl Error for TooManyAnswers {}

pub(super) struct Driver<'a, F, D> {
    connect: Connect<'a>,
    dial: D,
    race: Race,
    began: Duration,
    /// The time since then, as it was read last: reading the clock costs more than a step.
    now: Duration,
    answers: Vec<Resolving>,
    candidates: Vec<Candidate>,
    attempts: Vec<Dialling<F>>,
    sleep: Option<(Duration, BoxFuture<()>)>,
    /// The best protection that the resolvers asked so far could have led to.
    secured: Security,
    rows: Vec<Row>,
}

struct Resolving {
    resolver: usize,
    row: usize,
    found: bool,
    /// How many endpoints and errors came.
    count: usize,
    answers: Answers<AnyEndpoint>,
}

struct Candidate {
    resolver: usize,
    protocol: usize,
    endpoint: AnyEndpoint,
}

struct Dialling<F> {
    row: usize,
    attempt: Arc<Attempt>,
    future: BoxFuture<Result<F, BoxError>>,
}

impl<'a, F, D> Driver<'a, F, D>
where
    D: Fn(usize, &AnyEndpoint, Arc<Attempt>) -> BoxFuture<Result<F, BoxError>>,
{
    pub(super) fn new(connect: Connect<'a>, dial: D) -> Self {
        let began = connect.context.timer.now();
        let resolvers = connect.context.registry.resolvers.iter();
        let ranks = resolvers.map(|entry| entry.rank);
        Self {
            race: Race::new(ranks, connect.strategy, connect.deadline),
            connect,
            dial,
            began,
            now: Duration::ZERO,
            answers: Vec::new(),
            candidates: Vec::new(),
            attempts: Vec::new(),
            sleep: None,
            secured: Security::Plain,
            rows: Vec::new(),
        }
    }

    pub(super) fn poll(&mut self, cx: &mut TaskContext<'_>) -> Poll<Result<F, ConnectErrorKind>> {
        self.read_clock();
        loop {
            // What runs comes first: nothing is started beside an attempt that has just won.
            let (flow, failed) = self.poll_attempts(cx);
            if let Some(flow) = flow {
                return Poll::Ready(Ok(flow));
            }
            let answered = self.poll_answers(cx);
            let (started, until) = match self.start() {
                Ok(started) => started,
                Err(kind) => return Poll::Ready(Err(kind)),
            };
            let idle = !failed && !answered && !started;
            if idle && self.poll_sleep(cx, until).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Starts what is due, and tells whether there was anything and when the next thing is due.
    fn start(&mut self) -> Result<(bool, Option<Duration>), ConnectErrorKind> {
        let mut started = false;
        loop {
            match self.race.step(self.now) {
                Step::Resolve(resolver) => self.resolve(resolver),
                Step::Attempt(candidate) => self.attempt(candidate),
                Step::Wait(until) => return Ok((started, until)),
                Step::Exhausted => return Err(self.why_exhausted()),
                Step::TimedOut => return Err(ConnectErrorKind::TimedOut),
            }
            started = true;
        }
    }

    /// The target and the report; what still runs is closed in it.
    pub(super) fn finish(mut self, result: &Result<F, ConnectErrorKind>) -> (Target, Report) {
        for running in &self.attempts {
            self.rows[running.row].reach(running.attempt.stage());
        }
        let took = self.now;
        let given_up = || match result {
            Err(ConnectErrorKind::TimedOut) => Outcome::TimedOut,
            _ => Outcome::Cancelled,
        };
        let rows = self.rows.into_iter();
        let attempts = rows
            .filter_map(|row| row.report(given_up(), took))
            .collect();
        (self.connect.target, Report { attempts, took })
    }

    fn read_clock(&mut self) {
        self.now = self.connect.context.timer.now().saturating_sub(self.began);
    }

    fn resolver(&self, number: usize) -> &'a ResolverEntry {
        &self.connect.context.registry.resolvers[number]
    }

    fn protocols_of(
        &self,
        resolver: usize,
    ) -> impl Iterator<Item = (usize, &'a ProtocolEntry)> + use<'a, F, D> {
        let key = self.resolver(resolver).key;
        let protocols = self.connect.context.registry.protocols.iter().enumerate();
        protocols.filter(move |(_, entry)| entry.key == key)
    }

    fn resolve(&mut self, number: usize) {
        let entry = self.resolver(number);
        let Some(answers) = entry.resolver.resolve(&self.connect.target) else {
            return self.race.resolved(number);
        };
        let row = Row::resolving(entry, self.now);
        if let Some(reason) = self.skip_resolver(number) {
            self.rows.push(row.skipped(reason));
            return self.race.resolved(number);
        }
        let best = self
            .protocols_of(number)
            .filter(|(number, entry)| self.may_be_used(*number, entry))
            .map(|(_, entry)| entry.protocol.security())
            .max();
        self.secured = self.secured.max(best.unwrap_or(Security::Plain));
        let row = self.add_row(row);
        self.answers.push(Resolving {
            resolver: number,
            row,
            found: false,
            count: 0,
            answers,
        });
    }

    /// Whether the caller's choice of a protocol and of what it carries leaves this one.
    fn may_be_used(&self, number: usize, entry: &ProtocolEntry) -> bool {
        let forced = self.connect.protocol;
        forced.is_none_or(|forced| forced == number) && entry.dial.payload() == self.connect.payload
    }

    fn skip_resolver(&self, number: usize) -> Option<SkipReason> {
        let entry = self.resolver(number);
        if self.connect.key.is_some_and(|key| key != entry.key) {
            return Some(SkipReason::NotForced);
        }
        let mut protocols = self.protocols_of(number).peekable();
        if protocols.peek().is_none() {
            return Some(SkipReason::NoProtocol);
        }
        let forced = self.connect.protocol;
        let none = forced.is_some_and(|forced| protocols.all(|(protocol, _)| protocol != forced));
        none.then_some(SkipReason::NotForced)
    }

    fn poll_answers(&mut self, cx: &mut TaskContext<'_>) -> bool {
        let mut progress = false;
        let mut at = 0;
        while at < self.answers.len() {
            let polled = if self.answers[at].count == MAX_ANSWERS {
                self.resolver_failed(at, TooManyAnswers.into());
                Poll::Ready(None)
            } else {
                self.answers[at].answers.poll_next(cx)
            };
            self.answers[at].count += usize::from(matches!(polled, Poll::Ready(Some(_))));
            match polled {
                Poll::Pending => at += 1,
                Poll::Ready(Some(Ok(endpoint))) => {
                    self.answers[at].found = true;
                    self.candidates_for(self.answers[at].resolver, endpoint);
                    progress = true;
                }
                Poll::Ready(Some(Err(error))) => {
                    self.resolver_failed(at, error);
                    progress = true;
                }
                Poll::Ready(None) => {
                    let ended = self.answers.remove(at);
                    // One that failed is closed already.
                    if self.rows[ended.row].is_running() {
                        let state = match ended.found {
                            true => State::ToldByAttempts,
                            false => State::Ended(Outcome::NothingFound),
                        };
                        self.close_row(ended.row, state);
                    }
                    self.race.resolved(ended.resolver);
                    progress = true;
                }
            }
        }
        progress
    }

    /// Notes an error of a resolver, the second one and later ones in rows of their own.
    fn resolver_failed(&mut self, at: usize, error: BoxError) {
        let Resolving { resolver, row, .. } = self.answers[at];
        let first = &self.rows[row];
        let row = match first.is_running() {
            true => row,
            false => self.add_row(Row::resolving(self.resolver(resolver), first.started())),
        };
        self.close_row(row, Outcome::Failed(error));
    }

    /// Queues an endpoint for each protocol of its key that may be used.
    fn candidates_for(&mut self, resolver: usize, endpoint: AnyEndpoint) {
        for (protocol, entry) in self.protocols_of(resolver) {
            if let Some(reason) = self.skip_protocol(protocol, entry) {
                let resolver = self.resolver(resolver);
                let row = Row::attempting(resolver, entry, endpoint.clone(), self.now);
                self.rows.push(row.skipped(reason));
                continue;
            }
            self.candidates.push(Candidate {
                resolver,
                protocol,
                endpoint: endpoint.clone(),
            });
            self.race.found();
        }
    }

    fn skip_protocol(&self, number: usize, entry: &ProtocolEntry) -> Option<SkipReason> {
        let security = entry.protocol.security();
        if self.connect.protocol.is_some_and(|forced| forced != number) {
            Some(SkipReason::NotForced)
        } else if entry.dial.payload() != self.connect.payload {
            Some(match entry.dial.payload() {
                Payload::Stream => SkipReason::CarriesBytes,
                Payload::Datagrams => SkipReason::CarriesDatagrams,
            })
        } else if security < self.connect.floor {
            Some(SkipReason::BelowFloor)
        } else if security < self.secured && !self.connect.downgrade {
            Some(SkipReason::Downgrade)
        } else {
            None
        }
    }

    fn attempt(&mut self, number: usize) {
        let candidate = &self.candidates[number];
        let entry = &self.connect.context.registry.protocols[candidate.protocol];
        let attempt = Arc::new(Attempt::new(entry.protocol.stage()));
        let future = (self.dial)(candidate.protocol, &candidate.endpoint, attempt.clone());
        let resolver = self.resolver(candidate.resolver);
        let endpoint = candidate.endpoint.clone();
        let row = self.add_row(Row::attempting(resolver, entry, endpoint, self.now));
        self.attempts.push(Dialling {
            row,
            attempt,
            future,
        });
    }

    fn poll_attempts(&mut self, cx: &mut TaskContext<'_>) -> (Option<F>, bool) {
        let mut failed = false;
        let mut at = 0;
        while at < self.attempts.len() {
            let Poll::Ready(result) = self.attempts[at].future.as_mut().poll(cx) else {
                at += 1;
                continue;
            };
            let ended = self.attempts.remove(at);
            self.rows[ended.row].reach(ended.attempt.stage());
            match result {
                Ok(flow) => {
                    self.close_row(ended.row, Outcome::Won);
                    return (Some(flow), failed);
                }
                Err(error) => {
                    self.close_row(ended.row, Outcome::Failed(error));
                    self.race.failed();
                    failed = true;
                }
            }
        }
        (None, failed)
    }

    fn poll_sleep(&mut self, cx: &mut TaskContext<'_>, until: Option<Duration>) -> Poll<()> {
        let Some(until) = until else {
            return Poll::Pending;
        };
        if self.sleep.as_ref().is_none_or(|(at, _)| *at != until) {
            let timer = &self.connect.context.timer;
            self.sleep = Some((until, timer.sleep(self.began.saturating_add(until))));
        }
        let Some((_, sleep)) = &mut self.sleep else {
            return Poll::Pending;
        };
        let woken = sleep.as_mut().poll(cx);
        if woken.is_ready() {
            self.sleep = None;
            self.read_clock();
        }
        woken
    }

    fn close_row(&mut self, row: usize, state: impl Into<State>) {
        // What ended may have taken its time without giving way, as a blocking backend does.
        self.read_clock();
        self.rows[row].close(state.into(), self.now);
    }

    /// Adds a row, and tells its number.
    fn add_row(&mut self, row: Row) -> usize {
        self.rows.push(row);
        self.rows.len() - 1
    }

    fn why_exhausted(&self) -> ConnectErrorKind {
        let tried = |row: &Row| row.is_attempt() && !row.is_skipped();
        if self.rows.iter().any(tried) {
            ConnectErrorKind::AllFailed
        } else if self.rows.iter().any(Row::is_skipped) {
            ConnectErrorKind::AllSkipped
        } else {
            ConnectErrorKind::NothingResolved
        }
    }
}
