//! For who writes a protocol: a key that names the endpoints, a protocol that connects, a listener
//! that accepts, a resolver that finds.
//!
//! The protocol is an intercom: its endpoints are extension numbers on one switchboard.

use std::{
    collections::HashMap,
    error::Error,
    fmt,
    future::{Ready, ready},
    sync::{Arc, Mutex, PoisonError},
    task::{Context as TaskContext, Poll},
};

use tokio::{
    io::{DuplexStream, duplex},
    sync::mpsc,
};
use tuyau::tokio::{FromTokio, TokioTimer};
use tuyau_core::{
    Address, Answers, Attempt, EndpointKey, ErrorKind, FlowError, FlowExt, Incoming, Key, Listener,
    ListenerExt, Origin, Protocol, Registry, Resolver, Stage, Target,
};

/// Names the endpoints: extension numbers.
struct IntercomKey;

/// The key under which protocol and resolvers are registered.
const INTERCOM: Key<IntercomKey> = Key::new();

impl EndpointKey for IntercomKey {
    type Endpoint = u16;
    const NAME: &'static str = "intercom";

    fn show(extension: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "extension {extension}")
    }
}

/// A flow of the intercom. Any stream of tokio becomes a flow like this; a protocol that has none
/// implements `tuyau_core::Flow`.
type Line = FromTokio<DuplexStream>;

/// The protocol, and the place where its listeners are. Clones are the same switchboard.
#[derive(Clone, Default)]
struct Switchboard(Arc<Mutex<HashMap<u16, mpsc::Sender<Line>>>>);

impl Switchboard {
    fn listen(&self, extension: u16) -> Result<Extension, Box<dyn Error>> {
        let (sender, calls) = mpsc::channel(8);
        let address = Address::from_name("intercom", &extension.to_string())?;
        let mut extensions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        extensions.insert(extension, sender);
        Ok(Extension { calls, address })
    }

    fn find(&self, extension: u16) -> Option<mpsc::Sender<Line>> {
        let extensions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        extensions.get(&extension).cloned()
    }
}

impl Protocol for Switchboard {
    type Key = IntercomKey;
    type Flow = Line;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("intercom");

    async fn connect(&self, extension: &u16, _attempt: &Attempt) -> Result<Line, FlowError> {
        let extension = self.find(*extension).ok_or(ErrorKind::Unreachable)?;
        let (near, far) = duplex(1024);
        let picked_up = extension.send(FromTokio::new(far)).await;
        picked_up.map_err(|_| ErrorKind::Refused)?;
        Ok(FromTokio::new(near))
    }
}

/// The serving side: accepts the calls to one extension.
struct Extension {
    calls: mpsc::Receiver<Line>,
    address: Address,
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
struct PhoneBook;

impl Resolver for PhoneBook {
    type Key = IntercomKey;

    fn name(&self) -> &str {
        "phone book"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<u16>> {
        let room = target
            .host()
            .filter(|_| target.scheme() == Some("intercom"))?;
        Some(Answers::ready(match room {
            "kitchen" => vec![7, 8],
            number => number.parse().into_iter().collect(),
        }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let switchboard = Switchboard::default();
    let mut kitchen = switchboard.listen(8)?;

    let mut registry = Registry::new();
    let handle = registry.protocol(INTERCOM, switchboard);
    registry.resolver(INTERCOM, 0, PhoneBook);
    let context = registry.freeze(TokioTimer::new());

    // Nobody picks up at extension 7, somebody does at 8.
    let target = Target::from("intercom://kitchen".parse::<Address>()?);
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
    let target = Target::from("intercom://8".parse::<Address>()?);
    let line: Line = context.connect(target).via(&handle).open().await?.flow;
    assert!(line.into_stream().is_some());

    let nobody = Target::from("intercom://9".parse::<Address>()?);
    let error = context
        .connect(nobody)
        .open()
        .await
        .err()
        .ok_or("somebody at extension 9")?;
    println!("{error}");
    Ok(())
}
