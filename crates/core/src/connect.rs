//! Connecting: the builder, and the driver of the race.

use alloc::{boxed::Box, format, sync::Arc};
use core::{
    error::Error,
    fmt,
    future::{poll_fn, ready},
    ptr,
    time::Duration,
};

use crate::{
    AnyDatagrams, AnyFlow, Attempt, BoxError, ConnectError, ConnectErrorKind, Context, EndpointKey,
    Handle, Key, KeyId, Outcome, Protocol, Report, Security, Strategy, Target,
    context::{AnyEndpoint, BoxFuture, Dial, Payload, dial_typed},
};

mod driver;

use driver::Driver;

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
    pub fn via<P: Protocol>(mut self, handle: &Handle<P>) -> ConnectedVia<'a, P> {
        let wanted = Arc::as_ptr(&handle.protocol);
        let protocols = &self.context.registry.protocols;
        self.protocol = protocols
            .iter()
            .position(|entry| ptr::addr_eq(Arc::as_ptr(&entry.protocol), wanted));
        if let Some(number) = self.protocol {
            self.payload = protocols[number].dial.payload();
        }
        ConnectedVia {
            connect: self,
            protocol: handle.protocol.clone(),
        }
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

    /// Gives up after this time, counted from the call of [`open`](Self::open).
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how attempts relate in time.
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// Connects, and gives a byte stream.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub async fn open(self) -> Result<Connected<AnyFlow>, ConnectError> {
        let context = self.context;
        let dial = |protocol: usize, endpoint: &AnyEndpoint, attempt: Arc<Attempt>| match &context
            .registry
            .protocols[protocol]
            .dial
        {
            Dial::Stream(protocol) => protocol.clone().dial(endpoint, attempt),
            Dial::Datagrams(_) => unreachable!("skipped by the driver"),
        };
        drive(self, dial).await
    }

    /// Connects, and gives datagrams: only protocols that were registered by
    /// [`Registry::datagrams`](crate::Registry::datagrams) are tried.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub async fn open_datagrams(mut self) -> Result<Connected<AnyDatagrams>, ConnectError> {
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
        drive(self, dial).await
    }

    /// Resolves, and gives what [`open`](Self::open) would try, in its order, without connecting:
    /// a report whose attempts are [`Outcome::Planned`] or skipped.
    ///
    /// # Cancel safety
    /// Dropping the future stops the resolving.
    pub async fn plan(self) -> Report {
        self.plan_any().await
    }

    /// Like [`plan`](Self::plan), for [`open_datagrams`](Self::open_datagrams).
    ///
    /// # Cancel safety
    /// Dropping the future stops the resolving.
    pub async fn plan_datagrams(mut self) -> Report {
        self.payload = Payload::Datagrams;
        self.plan_any().await
    }

    async fn plan_any(self) -> Report {
        let planned = |_, _: &AnyEndpoint, _| -> BoxFuture<Result<AnyFlow, BoxError>> {
            Box::pin(ready(Err(Planned.into())))
        };
        let mut driver = Driver::new(self, planned);
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

/// A [`Connect`] that is forced through one protocol.
#[must_use = "a connect does nothing until it is opened"]
pub struct ConnectedVia<'a, P> {
    connect: Connect<'a>,
    protocol: Arc<P>,
}

impl<P: Protocol> ConnectedVia<'_, P> {
    /// Connects, as [`Connect::open`] does, and gives the protocol's own flow.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub async fn open(self) -> Result<Connected<P::Flow>, ConnectError> {
        let Self { connect, protocol } = self;
        if connect.protocol.is_none() {
            let target = format!("{}", connect.target).into();
            let kind = ConnectErrorKind::NotRegistered;
            return Err(ConnectError {
                target,
                kind,
                report: Report::default(),
            });
        }
        let dial = |_, endpoint: &AnyEndpoint, attempt| -> BoxFuture<_> {
            Box::pin(dial_typed(protocol.clone(), endpoint, attempt))
        };
        drive(connect, dial).await
    }
}

impl<P> fmt::Debug for ConnectedVia<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connect.fmt(f)
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

async fn drive<F, D>(connect: Connect<'_>, dial: D) -> Result<Connected<F>, ConnectError>
where
    D: Fn(usize, &AnyEndpoint, Arc<Attempt>) -> BoxFuture<Result<F, BoxError>>,
{
    let mut driver = Driver::new(connect, dial);
    let result = poll_fn(|cx| driver.poll(cx)).await;
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
