//! For who writes a protocol: a key that names the endpoints, a flow, a protocol that connects, a
//! listener that accepts, a resolver that finds, and the conformance kit over all of them.
//!
//! The protocol is an intercom: its endpoints are extension numbers on one switchboard.
//! [The book](../docs/book/protocol.md) builds it step by step.

use std::{
    collections::{HashMap, VecDeque},
    error::Error,
    fmt,
    future::{Ready, ready},
    io::Read as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context as TaskContext, Poll, Waker},
};

use tokio::sync::mpsc;
use tuyau::tokio::TokioTimer;
use tuyau_core::{
    Address, Answers, Attempt, EndpointError, EndpointKey, ErrorKind, Flow, FlowError, FlowExt,
    Incoming, Key, Listener, ListenerExt, Literal, Origin, Protocol, Registry, Resolver, Stage,
    Target,
};

/// Names the endpoints: extension numbers, `intercom://12`.
pub struct IntercomKey;

/// The key under which protocol and resolvers are registered.
pub const INTERCOM: Key<IntercomKey> = Key::new();

impl EndpointKey for IntercomKey {
    type Endpoint = u16;
    const NAME: &'static str = "intercom";

    fn show(extension: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{extension}")
    }

    fn read(address: &Address) -> Result<u16, EndpointError> {
        let extension = address.host().and_then(|host| host.parse().ok());
        extension.ok_or_else(|| EndpointError::new(address, "a number, as in `intercom://12`"))
    }
}

/// How many bytes one direction holds that the other side has not read.
const CAPACITY: usize = 4096;

/// One direction of a call, shared by its two ends.
#[derive(Default)]
struct Wire {
    bytes: VecDeque<u8>,
    /// The writing end is done.
    ended: bool,
    /// The reading end is gone.
    unread: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Wire {
    fn wake(&mut self) {
        let waiting = [self.reader.take(), self.writer.take()];
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under these locks panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The flow: one end of a call.
pub struct Line {
    input: Arc<Mutex<Wire>>,
    output: Arc<Mutex<Wire>>,
    aborted: bool,
}

impl Line {
    /// The two ends of a call.
    pub fn pair() -> (Self, Self) {
        let (there, back) = (Arc::default(), Arc::default());
        let end = |input: &Arc<_>, output: &Arc<_>| Self {
            input: Arc::clone(input),
            output: Arc::clone(output),
            aborted: false,
        };
        (end(&back, &there), end(&there, &back))
    }

    fn check(&self) -> Result<(), FlowError> {
        if self.aborted {
            return Err(ErrorKind::Closed.into());
        }
        Ok(())
    }

    /// Reads no more and writes no more.
    fn hang_up(&self) {
        let mut output = lock(&self.output);
        output.ended = true;
        output.wake();
        drop(output);
        let mut input = lock(&self.input);
        input.unread = true;
        input.wake();
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.hang_up();
    }
}

impl Flow for Line {
    fn poll_read(
        &mut self,
        cx: &mut TaskContext<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let mut wire = lock(&self.input);
        if buffer.is_empty() || wire.ended && wire.bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if wire.bytes.is_empty() {
            wire.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let count = wire.bytes.read(buffer)?;
        wire.wake();
        Poll::Ready(Ok(count))
    }

    fn poll_write(
        &mut self,
        cx: &mut TaskContext<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut TaskContext<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let mut wire = lock(&self.output);
        if wire.ended {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        if wire.unread {
            return Poll::Ready(Err(ErrorKind::Reset.into()));
        }
        let held = wire.bytes.len();
        if held == CAPACITY && slices.iter().any(|slice| !slice.is_empty()) {
            wire.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let bytes = slices.iter().copied().flatten();
        wire.bytes.extend(bytes.take(CAPACITY - held));
        wire.wake();
        Poll::Ready(Ok(wire.bytes.len() - held))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        // What was written can be read at once.
        Poll::Ready(self.check())
    }

    fn poll_close_write(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), FlowError>> {
        self.check()?;
        let mut wire = lock(&self.output);
        wire.ended = true;
        wire.wake();
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.hang_up();
    }
}

/// How many calls wait for an extension to pick up; further ones wait for room.
const WAITING: usize = 8;

/// The protocol, and the place where its extensions are. Clones are the same switchboard.
#[derive(Clone, Default)]
pub struct Switchboard(Arc<Mutex<HashMap<u16, mpsc::Sender<Line>>>>);

impl Switchboard {
    fn find(&self, extension: u16) -> Option<mpsc::Sender<Line>> {
        lock(&self.0).get(&extension).cloned()
    }

    /// The calls to an extension, from now on.
    ///
    /// # Errors
    /// When somebody takes them already.
    pub fn plug(&self, extension: u16) -> Result<mpsc::Receiver<Line>, FlowError> {
        let mut extensions = lock(&self.0);
        let known = extensions.get(&extension);
        if known.is_some_and(|calls| !calls.is_closed()) {
            return Err(ErrorKind::InUse.into());
        }
        let (sender, calls) = mpsc::channel(WAITING);
        extensions.insert(extension, sender);
        Ok(calls)
    }
}

impl Protocol for Switchboard {
    type Key = IntercomKey;
    type Flow = Line;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("intercom");

    async fn connect(&self, extension: &u16, _attempt: &Attempt) -> Result<Line, FlowError> {
        let calls = self.find(*extension).ok_or(ErrorKind::Unreachable)?;
        let (near, far) = Line::pair();
        calls.send(far).await.map_err(|_| ErrorKind::Refused)?;
        Ok(near)
    }
}

/// The serving side: accepts the calls to one extension.
pub struct Extension {
    calls: mpsc::Receiver<Line>,
    address: Address,
}

impl Extension {
    /// Listens at the extension that an address says, until it is dropped.
    ///
    /// # Errors
    /// When the address says none, or somebody listens there.
    pub fn listen(switchboard: &Switchboard, address: &Address) -> Result<Self, FlowError> {
        let extension = IntercomKey::read(address);
        let extension = extension.map_err(|error| FlowError::new(ErrorKind::Unsupported, error))?;
        Ok(Self {
            calls: switchboard.plug(extension)?,
            address: address.clone(),
        })
    }
}

impl Listener for Extension {
    type Flow = Line;
    type Error = FlowError;
    type Handshake = Ready<Result<Line, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        self.calls.poll_recv(cx).map(|call| {
            let handshake = ready(Ok(call.ok_or(ErrorKind::Closed)?));
            let origin = Origin::Local("intercom");
            Ok(Incoming { origin, handshake })
        })
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

/// Knows who sits where. It answers for this protocol's scheme only.
pub struct PhoneBook;

impl Resolver for PhoneBook {
    type Key = IntercomKey;

    fn name(&self) -> &str {
        "phone book"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<u16>> {
        match (target.scheme()?, target.host()) {
            ("intercom", Some("kitchen")) => Some(Answers::ready([7, 8])),
            ("intercom", _) => Literal::<IntercomKey>::new().resolve(target),
            _ => None,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let switchboard = Switchboard::default();
    let mut kitchen = Extension::listen(&switchboard, &"intercom://8".parse()?)?;

    let mut registry = Registry::new();
    let handle = registry.protocol(INTERCOM, switchboard);
    registry.resolver(INTERCOM, 0, PhoneBook);
    let context = registry.freeze(TokioTimer::new());

    // Nobody picks up at extension 7, somebody does at 8.
    let target: Address = "intercom://kitchen".parse()?;
    let mut connected = context.connect(target).open().await?;
    println!("{}", connected.report);
    assert_eq!(connected.report.attempts.len(), 2);

    let mut accepted = kitchen.accept().await?.handshake.await?;
    connected.flow.write_all(b"tea, please").await?;
    let mut order = [0; 11];
    accepted.read_exact(&mut order).await?;
    assert_eq!(&order, b"tea, please");
    println!("the kitchen got: {}", String::from_utf8_lossy(&order));

    // Forced through its handle, a connect gives the protocol's own flow type.
    let target: Address = "intercom://8".parse()?;
    let line: Line = context.connect(target).via(&handle).open().await?.flow;
    drop(line);

    let nobody: Address = "intercom://9".parse()?;
    let failed = context.connect(nobody).open().await;
    println!("{}", failed.err().ok_or("somebody at extension 9")?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use tuyau_conformance::{
        Serving, ServingTraits, Traits, endpoint_cases, flow_tests, run_in_place, serving_tests,
    };

    use super::*;

    flow_tests! {
        line,
        run = run_in_place,
        traits = Traits::stream(),
        pair = pair,
    }

    async fn pair() -> (Line, Line) {
        Line::pair()
    }

    serving_tests! {
        intercom,
        run = run_in_place,
        traits = ServingTraits::new(),
        serve = serve,
    }

    async fn serve() -> Serving<Extension, Switchboard> {
        let switchboard = Switchboard::default();
        let address = "intercom://8".parse().unwrap();
        let extension = Extension::listen(&switchboard, &address).unwrap();
        Serving::new(extension, switchboard, 8)
    }

    #[test]
    fn extensions_are_read_as_they_are_shown() {
        let refused = &["intercom://hall", "intercom:///8"];
        for case in endpoint_cases::<IntercomKey>("intercom", vec![0, 12], refused) {
            case.run().unwrap();
        }
    }
}
