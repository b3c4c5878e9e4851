//! Resolving and dispatching without I/O: what a context costs by itself.

use std::{
    convert::Infallible,
    fmt,
    pin::pin,
    task::{Context, Poll, Waker},
};

use tuyau::tokio::TokioTimer;
use tuyau_core::{
    Attempt, Datagrams, Endpoint, EndpointKey, Flow, FlowError, Key, Protocol, Registry, Stage,
    Table, Target,
};

struct Instant;

struct InstantKey;

impl EndpointKey for InstantKey {
    type Endpoint = u16;
    const NAME: &'static str = "instant";

    fn show(endpoint: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }
}

impl Protocol for Instant {
    type Key = InstantKey;
    type Flow = Silent;
    type Error = Infallible;

    const STAGE: Stage = Stage::new("instant");

    async fn connect(
        &self,
        _endpoint: &Endpoint<Self>,
        _attempt: &Attempt,
    ) -> Result<Silent, Infallible> {
        Ok(Silent)
    }
}

/// A context with a number of resolvers that all find an endpoint, and a protocol that connects at
/// once.
pub struct Dispatch {
    context: tuyau_core::Context,
    target: Target,
}

impl Dispatch {
    /// A context with this many resolvers, of one rank.
    pub fn new(resolvers: u16) -> Self {
        const KEY: Key<InstantKey> = Key::new();
        let mut registry = Registry::new();
        registry.protocol(KEY, Instant);
        for number in 0..resolvers {
            let table = Table::<InstantKey>::new().with("service", number);
            registry.resolver(KEY, 0, table);
        }
        Self {
            context: registry.freeze(TokioTimer::new()),
            target: Target::name("service"),
        }
    }

    /// One connect, from a target to a flow and a report.
    ///
    /// # Panics
    /// When it does not succeed at once.
    pub fn connect(&self) {
        let connecting = pin!(self.context.connect(self.target.clone()).open());
        let polled = connecting.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Ready(Ok(_))), "it has no reason");
    }
}

/// A flow, and datagrams, that take everything and give what they are asked for.
pub struct Silent;

impl Flow for Silent {
    fn poll_read(
        &mut self,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(buffer.len()))
    }

    fn poll_write(
        &mut self,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        &mut self,
        _cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close_write(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {}
}

impl Datagrams for Silent {
    fn poll_send(
        &mut self,
        _cx: &mut Context<'_>,
        _datagram: &[u8],
    ) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_receive(
        &mut self,
        _cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(buffer.len()))
    }

    fn max_size(&self) -> usize {
        usize::MAX
    }
}
