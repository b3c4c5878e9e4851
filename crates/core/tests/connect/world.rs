//! A clock that moves when nothing else can, and protocols that fail or connect when told.

use std::{
    any::{Any, TypeId},
    error::Error,
    fmt,
    future::Future,
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tuyau_core::{
    Answers, Attempt, Endpoint, EndpointKey, Flow, FlowError, Key, Protocol, Registry, Resolver,
    Security, Stage, Target, Timer,
};

pub(crate) fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The time, and the next moment that somebody waits for.
#[derive(Clone, Default)]
pub(crate) struct Clock(Arc<Mutex<(Duration, Option<Duration>)>>);

impl Clock {
    /// Runs a future to its end: whenever it waits, the time moves on to what it waits for.
    pub(crate) fn run<F: Future>(&self, future: F) -> F::Output {
        let (output, ()) = self.run_for(usize::MAX, future, || ());
        output.expect("it has come to its end")
    }

    /// Runs a future until it has waited so often, and looks at something before it is dropped. What
    /// it gives is `None` when it has not come to its end.
    pub(crate) fn run_for<F: Future, T>(
        &self,
        waits: usize,
        future: F,
        look: impl FnOnce() -> T,
    ) -> (Option<F::Output>, T) {
        let mut future = pin!(future);
        let mut cx = Context::from_waker(Waker::noop());
        for _ in 0..waits {
            if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
                return (Some(output), look());
            }
            let mut clock = self.0.lock().unwrap();
            clock.0 = clock.1.take().expect("it waits for something");
        }
        (None, look())
    }
}

impl Timer for Clock {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().0
    }

    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = self.clone();
        Box::pin(std::future::poll_fn(move |_| {
            let mut clock = clock.0.lock().unwrap();
            if clock.0 >= until {
                return Poll::Ready(());
            }
            clock.1 = Some(clock.1.map_or(until, |next| next.min(until)));
            Poll::Pending
        }))
    }
}

/// An endpoint of a test: what happens when it is connected to, and after how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It connects and gives this number.
    Up(u64, u32),
    /// It fails.
    Down(u64),
    /// It never answers.
    Silent,
    /// The same, to be told from others by its number.
    Mute(u64),
    /// It answers, and then stops in the middle of the handshake.
    Half(u64),
}

pub(crate) struct Wire;

impl EndpointKey for Wire {
    type Endpoint = Place;
    const NAME: &'static str = "wire";

    fn show(endpoint: &Place, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint:?}")
    }
}

pub(crate) const WIRE: Key<Wire> = Key::new();
pub(crate) const OTHER: Key<Wire> = Key::instance(1);

/// An attempt that a protocol of a test has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Begun {
    /// When, in milliseconds.
    pub(crate) at: u64,
    /// The number of the protocol.
    pub(crate) protocol: usize,
    pub(crate) place: Place,
    /// How many were running then, this one among them.
    pub(crate) running: i32,
}

/// A protocol of a test, which counts the attempts that are running and notes those that began. Clones
/// count and note together.
#[derive(Clone)]
pub(crate) struct Scripted {
    pub(crate) clock: Clock,
    pub(crate) security: Security,
    pub(crate) number: usize,
    pub(crate) running: Arc<Mutex<i32>>,
    pub(crate) begun: Arc<Mutex<Vec<Begun>>>,
}

impl Scripted {
    pub(crate) fn new(clock: &Clock) -> Self {
        Self {
            clock: clock.clone(),
            security: Security::Plain,
            number: 0,
            running: Arc::default(),
            begun: Arc::default(),
        }
    }

    /// The attempts in the order in which they began.
    pub(crate) fn begun(&self) -> Vec<Begun> {
        self.begun.lock().unwrap().clone()
    }

    fn begin(&self, place: Place) -> Running {
        let mut running = self.running.lock().unwrap();
        *running += 1;
        self.begun.lock().unwrap().push(Begun {
            at: self.clock.now().as_millis() as u64,
            protocol: self.number,
            place,
            running: *running,
        });
        Running(self.running.clone())
    }

    pub(crate) fn secure(clock: &Clock) -> Self {
        Self {
            security: Security::Authenticated,
            ..Self::new(clock)
        }
    }
}

#[derive(Debug)]
pub(crate) struct Failed;

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it is down")
    }
}

impl Error for Failed {}

struct Running(Arc<Mutex<i32>>);

impl Drop for Running {
    fn drop(&mut self) {
        *self.0.lock().unwrap() -= 1;
    }
}

impl Protocol for Scripted {
    type Key = Wire;
    type Flow = Numbered;
    type Error = Failed;
    const STAGE: Stage = Stage::new("dial");

    async fn connect(
        &self,
        endpoint: &Endpoint<Self>,
        attempt: &Attempt,
    ) -> Result<Numbered, Failed> {
        let _running = self.begin(*endpoint);
        let now = self.clock.now();
        match *endpoint {
            Place::Up(after, number) => {
                self.clock.sleep(now + ms(after)).await;
                attempt.enter(Stage::new("shake"));
                Ok(Numbered(number))
            }
            Place::Down(after) => {
                self.clock.sleep(now + ms(after)).await;
                Err(Failed)
            }
            Place::Silent | Place::Mute(_) => std::future::pending().await,
            Place::Half(after) => {
                self.clock.sleep(now + ms(after)).await;
                attempt.enter(Stage::new("shake"));
                std::future::pending().await
            }
        }
    }

    fn security(&self) -> Security {
        self.security
    }
}

/// A flow that only has a number.
#[derive(Debug)]
pub(crate) struct Numbered(pub(crate) u32);

impl Flow for Numbered {
    fn poll_read(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(0))
    }

    fn poll_write(&mut self, _: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        &mut self,
        _: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close_write(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {}

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        (want == TypeId::of::<u32>()).then_some(&self.0)
    }
}

/// A resolver of a test: some endpoints, or an error, or nothing to say.
pub(crate) struct Says(pub(crate) Result<Vec<Place>, &'static str>);

impl Resolver for Says {
    type Key = Wire;

    fn name(&self) -> &str {
        "says"
    }

    fn resolve(&self, _: &Target) -> Option<Answers<Place>> {
        Some(match self.0.clone() {
            Ok(places) => Answers::ready(places),
            Err(text) => Answers::one(Err(text.into())),
        })
    }
}

/// A resolver of a test whose answers come one by one, each at its time in milliseconds since the
/// resolver was asked.
pub(crate) struct Trickles(pub(crate) Clock, pub(crate) Vec<(u64, Place)>);

impl Resolver for Trickles {
    type Key = Wire;

    fn name(&self) -> &str {
        "trickles"
    }

    fn resolve(&self, _: &Target) -> Option<Answers<Place>> {
        let clock = self.0.clone();
        let asked = clock.now();
        let mut answers = self.1.clone().into_iter().peekable();
        Some(Answers::from_fn(move |cx| {
            let Some(&(after, place)) = answers.peek() else {
                return Poll::Ready(None);
            };
            let due = clock.sleep(asked + ms(after));
            if pin!(due).poll(cx).is_pending() {
                return Poll::Pending;
            }
            answers.next();
            Poll::Ready(Some(Ok(place)))
        }))
    }
}

/// A registry with one plain protocol.
pub(crate) fn registry(clock: &Clock) -> (Registry, Scripted) {
    let mut registry = Registry::new();
    let protocol = Scripted::new(clock);
    registry.protocol(WIRE, protocol.clone());
    (registry, protocol)
}
