//! A router in this process, and peers that say what a test wants.

pub(crate) mod raw;
pub(crate) mod witness;

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;
use tuyau::{mem, stack::Stack, tls};
use tuyau_core::{
    Address, AnyFlow, AnyListener, Chain, FlowExt, ListenerExt, LocalAddress, Security, Target,
};
use tuyau_router::{
    Router, Settings, Timestamp,
    journal::{Entry, Event},
};
use tuyau_wire::{
    Hello, Identity, Message, Record, RejectCode, Role, SecretKey, Signed, Withdrawal, frame,
};

/// How long a test waits for something that must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}

/// A router that listens on a free TCP port, with these settings changed.
pub(crate) async fn start(change: impl FnOnce(&mut Settings)) -> TestRouter {
    let mut settings = Settings::new(key(100));
    settings.listen = vec!["tls://127.0.0.1:0".parse().unwrap()];
    change(&mut settings);
    let (router, journal) = Router::start(settings).await.unwrap();
    TestRouter { router, journal }
}

/// A router and what it tells.
pub(crate) struct TestRouter {
    pub(crate) router: Router,
    journal: broadcast::Receiver<Arc<Entry>>,
}

impl TestRouter {
    pub(crate) fn address(&self) -> Address {
        self.router.listen()[0].clone()
    }

    /// Waits for an event.
    pub(crate) async fn event<T>(&mut self, find: impl Fn(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let entry = match self.journal.recv().await {
                    Ok(entry) => entry,
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(error) => panic!("the router tells no more: {error}"),
                };
                if let Some(found) = find(&entry.event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search)
            .await
            .expect("the event comes")
    }

    /// Connects a peer, up to the router's hello.
    pub(crate) async fn connect(&self, seed: u8) -> Peer {
        self.greet(seed, &stack(seed)).await
    }

    /// Connects a peer over a stack of its own, and says hello.
    pub(crate) async fn greet(&self, seed: u8, stack: &Stack) -> Peer {
        let mut peer = self.try_connect(seed, stack).await.unwrap();
        peer.say(&Message::Hello(Hello::new(Role::Service, "test").unwrap()))
            .await;
        peer
    }

    /// What is told of a peer at this place that did not get as far as a session.
    pub(crate) async fn handshake_failed(&mut self, at: &str) -> String {
        self.event(|event| match event {
            Event::HandshakeFailed { place, .. } if place == at => Some(event.to_string()),
            _ => None,
        })
        .await
    }

    /// What is told of the end of the session of a key.
    pub(crate) async fn disconnected(&mut self, seed: u8) -> String {
        self.event(|event| match event {
            Event::Disconnected { identity, .. } if *identity == key(seed).identity() => {
                Some(event.to_string())
            }
            _ => None,
        })
        .await
    }

    /// What is told of a message of a key that is refused.
    pub(crate) async fn rejected(&mut self, seed: u8) -> String {
        self.event(|event| match event {
            Event::Rejected { identity, .. } if *identity == key(seed).identity() => {
                Some(event.to_string())
            }
            _ => None,
        })
        .await
    }

    /// Connects a peer that has not said hello.
    pub(crate) async fn connect_silent(&self, seed: u8) -> Peer {
        self.try_connect(seed, &stack(seed)).await.unwrap()
    }

    /// Connects a peer over a stack of its own, up to the router's hello.
    pub(crate) async fn try_connect(&self, seed: u8, stack: &Stack) -> Result<Peer, String> {
        let router = tls::PublicKey(*self.router.identity().as_bytes());
        let target = Target::from(self.address()).with(tls::ExpectedPeer(router));
        let connect = stack
            .context()
            .connect(target)
            .at_least(Security::Authenticated);
        let connected = connect.deadline(PATIENCE).open().await;
        let flow = connected.map_err(|error| error.to_string())?.flow;
        let mut peer = Peer {
            flow,
            input: Vec::new(),
            key: key(seed),
            request: 0,
            sequence: 0,
        };
        let hello = peer.try_hear().await?;
        let hello = hello.ok_or("the router closed the connection")?;
        assert!(matches!(Message::decode(&hello), Ok(Message::Hello(_))));
        Ok(peer)
    }

    /// The count and the table, to compare.
    pub(crate) async fn state(&self) -> (u64, Vec<Identity>) {
        let view = self.router.view(0, usize::MAX).await.unwrap();
        (
            view.processed,
            view.rows.iter().map(|row| row.identity).collect(),
        )
    }
}

pub(crate) fn stack(seed: u8) -> Stack {
    stack_with(seed, |settings| settings)
}

/// A stack with these settings of TLS changed.
pub(crate) fn stack_with(seed: u8, change: impl FnOnce(tls::Settings) -> tls::Settings) -> Stack {
    let key = tls::KeyPair::from_pkcs8_der(&key(seed).to_pkcs8_der()).unwrap();
    Stack::with_settings(change(tls::Settings::new(key)), mem::Hub::new()).unwrap()
}

/// A route of a peer: a listener that the router can dial.
pub(crate) async fn listen(seed: u8) -> AnyListener {
    stack(seed)
        .listen(&"tls://127.0.0.1:0".parse().unwrap())
        .await
        .unwrap()
}

/// A peer of the router, after TLS.
pub(crate) struct Peer {
    pub(crate) flow: AnyFlow,
    pub(crate) input: Vec<u8>,
    pub(crate) key: SecretKey,
    pub(crate) request: u64,
    pub(crate) sequence: u64,
}

impl Peer {
    /// Accepts the router at a route, up to its hello.
    pub(crate) async fn accept(listener: &mut AnyListener, seed: u8) -> Self {
        let accepted = async { listener.accept().await.unwrap().handshake.await.unwrap() };
        let flow = tokio::time::timeout(PATIENCE, accepted)
            .await
            .expect("the router dials");
        let mut peer = Self {
            flow,
            input: Vec::new(),
            key: key(seed),
            request: 0,
            sequence: 0,
        };
        peer.say(&Message::Hello(Hello::new(Role::Service, "test").unwrap()))
            .await;
        let hello = peer.hear().await.expect("the router says hello");
        assert!(matches!(Message::decode(&hello), Ok(Message::Hello(_))));
        peer
    }

    pub(crate) async fn say(&mut self, message: &Message<'_>) {
        let mut bytes = Vec::new();
        message.encode_frame(&mut bytes);
        self.say_bytes(&bytes).await;
    }

    pub(crate) async fn say_bytes(&mut self, bytes: &[u8]) {
        self.flow.write_all(bytes).await.unwrap();
        self.flow.flush().await.unwrap();
    }

    /// The next message, or `None` when the router closed the connection.
    pub(crate) async fn hear(&mut self) -> Option<Vec<u8>> {
        self.try_hear().await.unwrap_or_default()
    }

    /// The next message, or `None` when the router closed the connection in order.
    pub(crate) async fn try_hear(&mut self) -> Result<Option<Vec<u8>>, String> {
        tokio::time::timeout(PATIENCE, self.hear_patiently())
            .await
            .expect("the router answers")
    }

    async fn hear_patiently(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(frame) = frame::split(&self.input, 1 << 30).unwrap() {
                let (message, length) = (frame.message.to_vec(), frame.length);
                self.input.drain(..length);
                return Ok(Some(message));
            }
            let mut chunk = [0; 4096];
            match self.flow.read(&mut chunk).await {
                Ok(0) => return Ok(None),
                Ok(count) => self.input.extend_from_slice(&chunk[..count]),
                Err(error) => return Err(Chain(&error).to_string()),
            }
        }
    }

    /// The router's answer to the last request: `None` when it was accepted.
    pub(crate) async fn answer(&mut self) -> Option<(RejectCode, String)> {
        loop {
            let message = self
                .hear()
                .await
                .expect("the router answers before it closes");
            match Message::decode(&message).unwrap() {
                Message::Accept { request } if request == self.request => return None,
                Message::Reject {
                    request: Some(request),
                    code,
                    text,
                } if request == self.request => {
                    return Some((code, text.to_owned()));
                }
                Message::Reject {
                    request: None,
                    code,
                    text,
                } => panic!("session: {code}: {text}"),
                _ => {}
            }
        }
    }

    /// How the router ended the session.
    pub(crate) async fn ended(&mut self) -> Option<(RejectCode, String)> {
        let mut reason = None;
        while let Some(message) = self.hear().await {
            if let Message::Reject {
                request: None,
                code,
                text,
            } = Message::decode(&message).unwrap()
            {
                reason = Some((code, text.to_owned()));
            }
        }
        reason
    }

    /// Where the router sees this peer.
    pub(crate) fn place(&self) -> String {
        let LocalAddress(address) = self.flow.info().expect("TCP knows its address");
        address.socket().unwrap().to_string()
    }

    /// A record of this peer's own, newer than all before.
    pub(crate) fn record(&mut self, route: &str) -> Signed<Record> {
        self.sequence += 1;
        let record = Record {
            identity: self.key.identity(),
            sequence: self.sequence,
            routes: vec![route.parse().unwrap()],
            expires: Timestamp::now().seconds() + 600,
        };
        Signed::sign(&self.key, record).unwrap()
    }

    pub(crate) async fn listen(&mut self, record: Signed<Record>) -> Option<(RejectCode, String)> {
        self.request += 1;
        let request = self.request;
        self.say(&Message::Listen { request, record }).await;
        self.answer().await
    }

    pub(crate) async fn unlisten(&mut self) -> Option<(RejectCode, String)> {
        self.request += 1;
        self.sequence += 1;
        let (identity, sequence) = (self.key.identity(), self.sequence);
        let withdrawal = Signed::sign(&self.key, Withdrawal { identity, sequence }).unwrap();
        let request = self.request;
        self.say(&Message::Unlisten {
            request,
            withdrawal,
        })
        .await;
        self.answer().await
    }

    pub(crate) async fn send(&mut self, to: Identity, body: &[u8]) -> Option<(RejectCode, String)> {
        self.request += 1;
        let request = self.request;
        self.say(&Message::Send { request, to, body }).await;
        self.answer().await
    }

    /// The next message that is delivered: its sender and body.
    pub(crate) async fn delivery(&mut self) -> (Identity, Vec<u8>) {
        loop {
            let message = self.hear().await.expect("a delivery comes");
            if let Message::Deliver { from, body, .. } = Message::decode(&message).unwrap() {
                return (from, body.to_vec());
            }
        }
    }
}
