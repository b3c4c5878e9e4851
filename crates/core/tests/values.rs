//! Nothing is global: contexts are values, keys are constants, and the core depends on nothing.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context as TaskContext, Poll, Waker},
    time::Duration,
};

use tuyau_core::{
    AnyDatagrams, Attempt, Context, Datagrams, EndpointKey, ErrorKind, FlowError, Key, Layer,
    LayerKey, Layered, Over, Protocol, ProtocolExt, Registry, ResolverExt, Security, Stage, Table,
    Target, Timer,
};

struct Wire;

impl EndpointKey for Wire {
    type Endpoint = u8;
    const NAME: &'static str = "wire";

    fn show(endpoint: &u8, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{endpoint}")
    }
}

const WIRE: Key<Wire> = Key::new();

/// Connects at once, and its flow knows this number. Datagrams are the shorter trait.
struct Numbered(u8);

impl Protocol for Numbered {
    type Key = Wire;
    type Flow = Number;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("wire");

    async fn connect(&self, _: &u8, _: &Attempt) -> Result<Number, FlowError> {
        Ok(Number(self.0))
    }
}

struct Number(u8);

impl Datagrams for Number {
    fn poll_send(&mut self, _: &mut TaskContext<'_>, _: &[u8]) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_receive(
        &mut self,
        _: &mut TaskContext<'_>,
        _: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Pending
    }

    fn max_size(&self) -> usize {
        0
    }
}

/// A layer whose handshake fails where the peer has an odd number.
struct Even;

impl LayerKey for Even {
    type Config = ();
    const NAME: &'static str = "even";

    fn show((): &(), _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl Layer<Number> for Even {
    type Key = Self;
    type Flow = Number;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("even");

    async fn connect(&self, inner: Number, (): &(), _: &Attempt) -> Result<Number, FlowError> {
        match inner.0 % 2 {
            0 => Ok(inner),
            _ => Err(ErrorKind::Protocol.into()),
        }
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}

/// Nothing in these tests waits.
struct NoTime;

impl Timer for NoTime {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let mut cx = TaskContext::from_waker(Waker::noop());
    match pin!(future).poll(&mut cx) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn context(number: u8) -> Context {
    let mut registry = Registry::new();
    registry.datagrams(WIRE, Numbered(number));
    registry.resolver(WIRE, 0, Table::new().with("x", 1));
    registry.freeze(NoTime)
}

fn number(flow: &AnyDatagrams) -> Option<u8> {
    flow.find::<Number>().map(|number| number.0)
}

/// Law 1: contexts are values. Two of them under one key in one process know nothing of each other.
#[test]
fn law_1_two_contexts_do_not_know_each_other() {
    let (one, two) = (context(1), context(2));
    let target = Target::name("x");
    let first = run(one.connect(target.clone()).open_datagrams()).unwrap();
    let second = run(two.connect(target).open_datagrams()).unwrap();
    assert_eq!(
        (number(&first.flow), number(&second.flow)),
        (Some(1), Some(2))
    );
    assert_eq!(first.report.attempts.len(), 1);
}

/// Law 1: who depends on the core depends on nothing else.
#[test]
fn law_1_the_core_has_no_dependencies() {
    let manifest = include_str!("../Cargo.toml");
    let mut section = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line;
        }
        let depends = section.ends_with("dependencies]") && section != "[dev-dependencies]";
        assert!(!depends, "the core depends on something: {line}");
    }
    assert!(!section.is_empty());
}

/// Law 3: the key of a layer over a protocol is one key, whoever derives it.
#[test]
fn law_3_a_layered_key_is_the_same_whoever_derives_it() {
    let derived = Key::<<Layered<Numbered, Even> as Protocol>::Key>::new().id();
    let written = Key::<Over<Wire, Even>>::new().id();
    assert_eq!(derived, written);
    assert_eq!(written.to_string(), "even/wire");
    assert_ne!(written, WIRE.id());
    assert_ne!(written, Key::<Over<Over<Wire, Even>, Even>>::new().id());
}

/// Law 5: connected means handshaken. A protocol whose handshake fails after it had connected does not
/// win, and the next one of the same endpoint is tried.
#[test]
fn law_5_a_handshake_that_fails_lets_the_next_attempt_win() {
    let mut registry = Registry::new();
    registry.datagrams(Key::new(), Numbered(1).layer(Even));
    registry.datagrams(Key::new(), Numbered(2).layer(Even));
    let table = Table::<Wire>::new().with("x", 1);
    registry.resolver(Key::new(), 0, table.configure::<Even, _>(|_| Some(())));
    let context = registry.freeze(NoTime);
    let connected = run(context.connect(Target::name("x")).open_datagrams()).unwrap();
    assert_eq!(number(&connected.flow), Some(2));
    assert_eq!(connected.report.attempts[0].stage, Even::STAGE);
}
