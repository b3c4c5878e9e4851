//! Connecting through one protocol, whose own flow comes out.

use alloc::sync::Arc;
use core::{convert::identity, fmt, future::Future, ptr, time::Duration};

use super::{Connect, Connected, drive};
use crate::{
    AnyEndpoint, ConnectError, Handle, Protocol, Report, Security, Strategy, context::dial_typed,
};

/// A [`Connect`] that is forced through one protocol, made by [`Connect::via`]: the flow that it
/// opens has the protocol's own type.
///
/// It has the options of [`Connect`], before `via` or after it. Only
/// [`key`](Connect::key) is missing, since the protocol stands under one key anyway.
#[must_use = "a connect does nothing until it is opened"]
pub struct ConnectVia<'a, P> {
    connect: Connect<'a>,
    protocol: Arc<P>,
}

/// Stands for a protocol that is not in the registry: no number of one that is.
const NOT_REGISTERED: usize = usize::MAX;

impl<'a, P: Protocol> ConnectVia<'a, P> {
    pub(super) fn new(mut connect: Connect<'a>, handle: &Handle<P>) -> Self {
        let wanted = Arc::as_ptr(&handle.protocol);
        let protocols = &connect.context.registry.protocols;
        let number = protocols
            .iter()
            .position(|entry| ptr::addr_eq(Arc::as_ptr(&entry.protocol), wanted));
        if let Some(number) = number {
            connect.payload = protocols[number].dial.payload();
        }
        connect.protocol = Some(number.unwrap_or(NOT_REGISTERED));
        Self {
            connect,
            protocol: handle.protocol.clone(),
        }
    }

    /// As [`Connect::at_least`]: below that the protocol is not tried at all.
    pub fn at_least(self, floor: Security) -> Self {
        self.with(|connect| connect.at_least(floor))
    }

    /// As [`Connect::allow_downgrade`]; forcing a protocol that is less secure than others is none.
    pub fn allow_downgrade(self) -> Self {
        self.with(Connect::allow_downgrade)
    }

    /// As [`Connect::deadline`].
    pub fn deadline(self, deadline: Duration) -> Self {
        self.with(|connect| connect.deadline(deadline))
    }

    /// As [`Connect::strategy`], among the endpoints of the one protocol.
    pub fn strategy(self, strategy: Strategy) -> Self {
        self.with(|connect| connect.strategy(strategy))
    }

    fn with(self, change: impl FnOnce(Connect<'a>) -> Connect<'a>) -> Self {
        Self {
            connect: change(self.connect),
            ..self
        }
    }

    /// Connects, as [`Connect::open`] does, and gives the protocol's own flow.
    ///
    /// # Errors
    /// A [`ConnectError`] that holds and prints every attempt.
    ///
    /// # Cancel safety
    /// Dropping the future gives all attempts up.
    pub fn open(
        self,
    ) -> impl Future<Output = Result<Connected<P::Flow>, ConnectError>> + Send + use<'a, P> {
        let Self { connect, protocol } = self;
        let dial = move |_, endpoint: &AnyEndpoint, attempt| {
            dial_typed(protocol.clone(), endpoint, attempt, identity)
        };
        drive(connect, dial)
    }

    /// Tells what [`open`](Self::open) would try, as [`Connect::plan`] does. Where the protocol is
    /// not registered, everything is skipped.
    ///
    /// # Cancel safety
    /// Dropping the future stops the resolving.
    pub fn plan(self) -> impl Future<Output = Report> + Send + use<'a, P> {
        self.connect.plan_any()
    }
}

impl<P> fmt::Debug for ConnectVia<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectVia")
            .field("target", &self.connect.target)
            .finish_non_exhaustive()
    }
}
