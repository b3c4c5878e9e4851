//! Connecting: the builder, and the driver of the race.

use alloc::{boxed::Box, format, sync::Arc};
use core::{
    error::Error,
    fmt,
    future::{Future, poll_fn, ready},
    time::Duration,
};

use crate::{
    AnyDatagrams, AnyEndpoint, AnyFlow, Attempt, BoxError, ConnectError, ConnectErrorKind, Context,
    EndpointKey, Handle, Key, KeyId, Outcome, Protocol, Report, Security, Strategy, Target,
    context::{BoxFuture, Dial, Payload},
};

mod driver;
mod row;
mod via;

use driver::Driver;
pub use via::ConnectVia;

/// A connect to be performed: what it may use, and how long it may take.
#[derive(Clone)]
#[must_use = "a connect does nothing until it is opened"]
pub struct Connect<'a> {
    pub(crate) context: &'a Context,
    pub(crate) target: Target,
    pub(crate) key: Option<KeyId>,
    pub(crate) protocol: Option<usize>,
    pub(crate) payload: Payload,
    pub(crate) floor: Security,
    pub(crate) downgrade: bool,
    pub(crate) deadline: Option<Duration>,
    pub(crate) strategy: Strategy,
}

impl<'a> Connect<'a> {
    pub(crate) fn new(context: &'a Context, target: Target) -> Self {
        Self {
            context,
            target,
            key: None,
            protocol: None,
            payload: Payload::Stream,
            floor: Security::Plain,
            downgrade: false,
            deadline: None,
            strategy: Strategy::default(),
        }
    }

    /// Uses resolvers and protocols of this key only.
    pub fn key<K: EndpointKey>(mut self, key: Key<K>) -> Self {
        self.key = Some(key.id());
        self
    }

    /// Uses this protocol only, and gives its own flow type, not an erased one.
    pub fn via<P: Protocol>(self, handle: &Handle<P>) -> ConnectVia<'a, P> {
        ConnectVia::new(self, handle)
    }

    /// Skips every protocol that protects less than `floor`.
    pub fn at_least(mut self, floor: Security) -> Self {
        self.floor = floor;
        self
    }

    /// Permits to fall from a secure protocol to a less secure one; without this such an attempt
    /// is skipped and reported.
    pub fn allow_downgrade(mut self) -> Self {
        self.downgrade = true;
        self
    }

    /// Gives up after this time. It counts from the call of [`open`](Self::open) or
    /// [`plan`](Self::plan): a future that is polled later has so much less of it left, and none at
    /// all ends with [`TimedOut`](ConnectErrorKind::TimedOut) at its first poll, with nothing tried.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how attempts relate in time.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Connects, and gives a byte stream. The clock of the deadline and of the report begins to run
    /// here, everything else with the first poll.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub fn open(
        self,
    ) -> impl Future<Output = Result<Connected<AnyFlow>, ConnectError>> + Send + use<'a> {
        let context = self.context;
        let dial = |protocol: usize, endpoint: &AnyEndpoint, attempt: Arc<Attempt>| match &context
            .registry
            .protocols[protocol]
            .dial
        {
            Dial::Stream(protocol) => protocol.clone().dial(endpoint, attempt),
            Dial::Datagrams(_) => unreachable!("skipped by the driver"),
        };
        drive(self, dial)
    }

    /// Connects, and gives datagrams: only protocols that were registered by
    /// [`Registry::datagrams`](crate::Registry::datagrams) are tried.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub fn open_datagrams(
        mut self,
    ) -> impl Future<Output = Result<Connected<AnyDatagrams>, ConnectError>> + Send + use<'a> {
        self.payload = Payload::Datagrams;
        let context = self.context;
        let dial = |protocol: usize, endpoint: &AnyEndpoint, attempt: Arc<Attempt>| match &context
            .registry
            .protocols[protocol]
            .dial
        {
            Dial::Datagrams(protocol) => protocol.clone().dial(endpoint, attempt),
            Dial::Stream(_) => unreachable!("skipped by the driver"),
        };
        drive(self, dial)
    }

    /// Resolves, and gives what [`open`](Self::open) would try, in its order, without connecting:
    /// a report whose attempts are [`Outcome::Planned`] or skipped.
    ///
    /// # Cancel safety
    /// Dropping the future stops the resolving.
    pub fn plan(self) -> impl Future<Output = Report> + Send + use<'a> {
        self.plan_any()
    }

    /// Like [`plan`](Self::plan), for [`open_datagrams`](Self::open_datagrams).
    ///
    /// # Cancel safety
    /// Dropping the future stops the resolving.
    pub fn plan_datagrams(mut self) -> impl Future<Output = Report> + Send + use<'a> {
        self.payload = Payload::Datagrams;
        self.plan_any()
    }

    fn plan_any(self) -> impl Future<Output = Report> + Send + use<'a> {
        let planned = |_, _: &AnyEndpoint, _| -> BoxFuture<Result<AnyFlow, BoxError>> {
            Box::pin(ready(Err(Planned.into())))
        };
        let mut driver = Driver::new(self, planned);
        async move {
            let result = poll_fn(|cx| driver.poll(cx)).await;
            let (_, mut report) = driver.finish(&result);
            for row in &mut report.attempts {
                if matches!(&row.outcome, Outcome::Failed(error) if error.is::<Planned>()) {
                    row.outcome = Outcome::Planned;
                }
            }
            report
        }
    }
}

/// Stands for the failure of an attempt that a plan does not make.
#[derive(Debug)]
struct Planned;

impl fmt::Display for Planned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only planned")
    }
}

impl Error for Planned {}

impl fmt::Debug for Connect<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connect")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A connected flow, and how it came about.
#[derive(Debug)]
pub struct Connected<F> {
    /// The flow: every handshake of its stack has finished.
    pub flow: F,
    /// Every attempt, the winning one among them.
    pub report: Report,
}

/// The driver is made here and not by the future: the time runs from the call.
fn drive<'a, F, D>(
    connect: Connect<'a>,
    dial: D,
) -> impl Future<Output = Result<Connected<F>, ConnectError>> + Send + use<'a, F, D>
where
    F: Send,
    D: Fn(usize, &AnyEndpoint, Arc<Attempt>) -> BoxFuture<Result<F, BoxError>> + Send,
{
    let protocols = &connect.context.registry.protocols;
    let foreign = connect
        .protocol
        .is_some_and(|number| number >= protocols.len());
    let mut driver = Driver::new(connect, dial);
    async move {
        let result = match foreign {
            true => Err(ConnectErrorKind::NotRegistered),
            false => poll_fn(|cx| driver.poll(cx)).await,
        };
        let (target, report) = driver.finish(&result);
        match result {
            Ok(flow) => Ok(Connected { flow, report }),
            Err(kind) => Err(ConnectError {
                target: format!("{target}").into(),
                kind,
                report,
            }),
        }
    }
}
