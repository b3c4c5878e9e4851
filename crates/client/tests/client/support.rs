//! A router that does exactly what a test tells it, over the real stack in memory.

use std::{collections::HashMap, future::Future, time::Duration};

use tokio::sync::mpsc;
use tuyau::{mem::Hub, stack::Stack, tls};
use tuyau_client::{Pauses, Service, ServiceEvent, Session, Settings, tls_settings};
use tuyau_core::{Address, AnyFlow, AnyListener, FlowExt as _, ListenerExt as _, Target};
use tuyau_wire::{
    Announcement, Binding, Class, Hello, Identity, Level, Message, Parameter, Record, RejectCode,
    Role, SecretKey, Signed, capability, frame,
};

pub(crate) const ROUTER: &str = "tls+mem://router";
pub(crate) const SERVICE: &str = "tls+mem://service";

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn router_key() -> SecretKey {
    SecretKey::from_seed([1; 32])
}

pub(crate) fn service_key() -> SecretKey {
    SecretKey::from_seed([2; 32])
}

pub(crate) fn stranger_key() -> SecretKey {
    SecretKey::from_seed([3; 32])
}

pub(crate) fn stack(key: &SecretKey, hub: &Hub) -> Stack {
    Stack::with_settings(tls_settings(key).unwrap(), hub.clone()).unwrap()
}

pub(crate) async fn connect(hub: &Hub) -> Session {
    let stack = stack(&service_key(), hub);
    let settings = Settings::new(service_key());
    let (address, router) = (address(ROUTER), router_key().identity());
    let session = Session::connect(stack.context(), &address, router, &settings);
    session.await.unwrap()
}

/// A session and the router's end of it.
pub(crate) async fn pair(hub: &Hub) -> (Session, Wire) {
    let mut router = Router::start(hub).await;
    tokio::join!(connect(hub), router.welcome())
}

/// A router that listens.
pub(crate) struct Router {
    pub(crate) stack: Stack,
    listener: AnyListener,
}

impl Router {
    pub(crate) async fn start(hub: &Hub) -> Self {
        Self::with_key(hub, &router_key()).await
    }

    pub(crate) async fn with_key(hub: &Hub, key: &SecretKey) -> Self {
        Self::at(hub, ROUTER, key).await
    }

    pub(crate) async fn at(hub: &Hub, at: &str, key: &SecretKey) -> Self {
        let stack = stack(key, hub);
        let listener = stack.listen(&address(at)).await.unwrap();
        Self { stack, listener }
    }

    /// Accepts a connection and shakes hands, without hello.
    pub(crate) async fn accept(&mut self) -> Wire {
        let incoming = self.listener.accept().await.unwrap();
        Wire::new(incoming.handshake.await.unwrap())
    }

    /// Accepts a connection whose handshake may fail.
    pub(crate) async fn try_accept(&mut self) -> Option<Wire> {
        let incoming = self.listener.accept().await.unwrap();
        incoming.handshake.await.ok().map(Wire::new)
    }

    /// Accepts a connection and exchanges hellos.
    pub(crate) async fn welcome(&mut self) -> Wire {
        let mut wire = self.accept().await;
        wire.hello().await;
        wire
    }

    /// Dials a route at which `identity` has to answer.
    pub(crate) async fn dial(&self, route: &Address, identity: Identity) -> Wire {
        let expected = tls::ExpectedPeer(tls::PublicKey(*identity.as_bytes()));
        let target = Target::from(route.clone()).with(expected);
        let connected = self.stack.context().connect(target).open().await.unwrap();
        Wire::new(connected.flow)
    }
}

/// What is announced for messages from a sender to the service.
pub(crate) fn announcement(identity: Identity, class: Class) -> Announcement {
    Announcement {
        identity,
        epoch: 7,
        group: None,
        class,
        acknowledge: class == Class::Durable,
        ttl: 0,
    }
}

/// One end of a connection, frame by frame.
pub(crate) struct Wire {
    pub(crate) flow: AnyFlow,
    buffer: Vec<u8>,
    /// What the service's handles are bound to.
    pub(crate) bound: HashMap<u64, Binding>,
    /// The senders that were announced, each under its index.
    announced: Vec<Identity>,
}

impl Wire {
    pub(crate) fn new(flow: AnyFlow) -> Self {
        Self {
            flow,
            buffer: Vec::new(),
            bound: HashMap::new(),
            announced: Vec::new(),
        }
    }

    /// Who is at the other end.
    pub(crate) fn peer(&self) -> Identity {
        let tls::PeerKey(key) = self.flow.info::<tls::PeerKey>().unwrap();
        Identity::from_bytes(key.0).unwrap()
    }

    /// Says hello as a router that gives credit for everything, and gives the other side's hello.
    pub(crate) async fn hello(&mut self) -> Hello {
        let hello = Hello::new(Role::Router, "test router/1").unwrap();
        let hello = hello.with_capability(capability::LOOKUP).unwrap();
        let hello = hello.with_parameter(Parameter::Credit, u64::MAX).unwrap();
        self.hello_with(hello).await
    }

    /// Says this hello and gives the other side's.
    pub(crate) async fn hello_with(&mut self, hello: Hello) -> Hello {
        self.write(&Message::Hello(hello)).await;
        let bytes = self.read().await;
        match Message::decode(&bytes).unwrap() {
            Message::Hello(hello) => hello,
            other => panic!("expected hello, found {other:?}"),
        }
    }

    pub(crate) async fn write(&mut self, message: &Message<'_>) {
        let mut bytes = Vec::new();
        message.encode_frame(&mut bytes);
        self.write_raw(&bytes).await;
    }

    pub(crate) async fn write_raw(&mut self, bytes: &[u8]) {
        self.flow.write_all(bytes).await.unwrap();
        self.flow.flush().await.unwrap();
    }

    /// The next message as bytes.
    pub(crate) async fn read(&mut self) -> Vec<u8> {
        self.try_read().await.expect("a message, not the end")
    }

    /// The next message as bytes, `None` at the end of the stream. It answers pings.
    pub(crate) async fn try_read(&mut self) -> Option<Vec<u8>> {
        loop {
            let bytes = self.try_read_any().await?;
            match Message::decode(&bytes) {
                Ok(Message::Ping { token }) => self.write(&Message::Pong { token }).await,
                _ => return Some(bytes),
            }
        }
    }

    /// The next message as bytes, whatever it is.
    pub(crate) async fn try_read_any(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = frame::split(&self.buffer, tuyau_wire::MAX_FRAME).unwrap() {
                let (message, length) = (frame.message.to_vec(), frame.length);
                self.buffer.drain(..length);
                return Some(message);
            }
            let mut chunk = [0; 4_096];
            match self.flow.read(&mut chunk).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
            }
        }
    }

    /// The next message as bytes; bindings before it are taken, and accepted.
    pub(crate) async fn read_bound(&mut self) -> Vec<u8> {
        loop {
            let bytes = self.read().await;
            match Message::decode(&bytes).unwrap() {
                Message::Bind {
                    sequence,
                    handle,
                    binding,
                } => {
                    self.bound.insert(handle, binding);
                    self.accept(sequence).await;
                }
                Message::Unbind { handle } => drop(self.bound.remove(&handle).unwrap()),
                _ => return bytes,
            }
        }
    }

    pub(crate) async fn accept(&mut self, sequence: u64) {
        self.receipt(Level::Accepted, sequence, sequence).await;
    }

    pub(crate) async fn receipt(&mut self, level: Level, first: u64, last: u64) {
        self.write(&Message::Receipt { level, first, last }).await;
    }

    pub(crate) async fn reject(
        &mut self,
        sequence: impl Into<Option<u64>>,
        code: RejectCode,
        text: &str,
    ) {
        let sequence = sequence.into();
        let message = Message::Reject {
            sequence,
            code,
            text,
        };
        self.write(&message).await;
    }

    /// Delivers a fast message, announcing its sender at the first.
    pub(crate) async fn deliver(&mut self, from: Identity, sequence: u64, body: &[u8]) {
        let known = self.announced.iter().position(|known| *known == from);
        let index = known.unwrap_or(self.announced.len());
        let handle = index as u64;
        if known.is_none() {
            self.announced.push(from);
            self.announce(handle, announcement(from, Class::Fast)).await;
        }
        let message = Message::Deliver {
            handle,
            sequence,
            body,
        };
        self.write(&message).await;
    }

    pub(crate) async fn announce(&mut self, handle: u64, announcement: Announcement) {
        let message = Message::Announce {
            handle,
            announcement,
        };
        self.write(&message).await;
    }

    /// Reads a listen with a good signature.
    pub(crate) async fn listen(&mut self) -> (u64, Record) {
        let bytes = self.read().await;
        match Message::decode(&bytes).unwrap() {
            Message::Listen { sequence, record } => {
                (sequence, Record::clone(&record.verify().unwrap()))
            }
            other => panic!("expected listen, found {other:?}"),
        }
    }

    /// Reads a listen and accepts it.
    pub(crate) async fn register(&mut self) -> Record {
        let (request, record) = self.listen().await;
        self.accept(request).await;
        record
    }

    /// Reads an unlisten with a good signature and gives its sequence number.
    pub(crate) async fn unlisten(&mut self) -> (u64, u64) {
        let bytes = self.read().await;
        match Message::decode(&bytes).unwrap() {
            Message::Unlisten {
                sequence,
                withdrawal,
            } => (sequence, withdrawal.verify().unwrap().sequence),
            other => panic!("expected unlisten, found {other:?}"),
        }
    }

    /// Reads a send: its number, the target of its handle, and its body.
    pub(crate) async fn sent(&mut self) -> (u64, Identity, Vec<u8>) {
        let bytes = self.read_bound().await;
        match Message::decode(&bytes).unwrap() {
            Message::Send {
                handle,
                sequence,
                body,
            } => {
                let to = self.bound[&handle].target.identity();
                (sequence, to, body.to_vec())
            }
            other => panic!("expected send, found {other:?}"),
        }
    }

    /// Reads a lookup.
    pub(crate) async fn lookup(&mut self) -> (u64, Identity) {
        let bytes = self.read().await;
        match Message::decode(&bytes).unwrap() {
            Message::Lookup { sequence, identity } => (sequence, identity),
            other => panic!("expected lookup, found {other:?}"),
        }
    }

    pub(crate) async fn found(&mut self, sequence: u64, record: Signed<Record>) {
        self.write(&Message::Found { sequence, record }).await;
    }

    /// Reads a reject that ends the session.
    pub(crate) async fn rejected(&mut self) -> (RejectCode, String) {
        let bytes = self.read().await;
        match Message::decode(&bytes).unwrap() {
            Message::Reject {
                sequence: None,
                code,
                text,
            } => (code, text.to_owned()),
            other => panic!("expected reject, found {other:?}"),
        }
    }
}

/// A service that runs in the background, and what it reports.
pub(crate) struct Running {
    pub(crate) events: mpsc::UnboundedReceiver<ServiceEvent>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    task: tokio::task::JoinHandle<()>,
}

/// The service of the tests: it answers with what it got, and pauses as long as it may.
pub(crate) fn service(hub: &Hub) -> Service {
    let stack = stack(&service_key(), hub);
    let settings = Settings::new(service_key());
    Service::new(stack, settings, address(ROUTER), router_key().identity())
        .listen(address(SERVICE))
        .pauses(pauses())
        .answer(|delivery| Some([b"got ", &delivery.body[..]].concat()))
}

pub(crate) fn pauses() -> Pauses {
    Pauses::new(Duration::from_millis(100), Duration::from_secs(2)).jitter(|bound| bound)
}

impl Running {
    pub(crate) fn start(service: Service) -> Self {
        let (sender, events) = mpsc::unbounded_channel();
        let service = service.events(move |event| drop(sender.send(event)));
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let task = tokio::spawn(async move {
            let stop = async { drop(stopped.await) };
            service.run(stop).await.unwrap();
        });
        let stop = Some(stop);
        Self { events, stop, task }
    }

    /// Tells the service to stop; it goes on until it has.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn stopped(self) {
        self.task.await.unwrap();
    }

    /// The first event for which `want` gives something; those before are dropped.
    pub(crate) async fn find<T>(&mut self, want: impl Fn(ServiceEvent) -> Option<T>) -> T {
        loop {
            let event = self.events.recv().await.expect("the service runs");
            if let Some(found) = want(event) {
                return found;
            }
        }
    }
}

/// A session with a router that says this hello, and the router's end of it.
pub(crate) async fn pair_with(hub: &Hub, hello: Hello) -> (Session, Wire) {
    let mut router = Router::start(hub).await;
    let welcome = async {
        let mut wire = router.accept().await;
        wire.hello_with(hello).await;
        wire
    };
    tokio::join!(connect(hub), welcome)
}

/// The hello of a router that states this.
pub(crate) fn stating(parameters: &[(Parameter, u64)]) -> Hello {
    let hello = Hello::new(Role::Router, "test router/1").unwrap();
    let with = |hello: Hello, (parameter, value): &(Parameter, u64)| {
        hello.with_parameter(*parameter, *value).unwrap()
    };
    parameters.iter().fold(hello, with)
}

/// Both at once, for exchanges in which each side waits for the other.
pub(crate) async fn both<A, B>(
    one: impl Future<Output = A>,
    two: impl Future<Output = B>,
) -> (A, B) {
    tokio::join!(one, two)
}
