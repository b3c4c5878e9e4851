//! A peer of the router that says what a test wants, and notes what it is told.

use std::collections::HashMap;

use tuyau_core::{AnyFlow, AnyListener, Chain, FlowExt, ListenerExt, LocalAddress};
use tuyau_router::Timestamp;
use tuyau_wire::{
    Announcement, Binding, Class, Hello, Identity, Level, Message, Record, RejectCode, Role,
    SecretKey, Signed, Target, Withdrawal, frame,
};

use super::{PATIENCE, key};

/// Why something was refused.
pub(crate) type Refusal = (RejectCode, String);

/// A service's hello.
pub(crate) fn hello() -> Hello {
    Hello::new(Role::Service, "test").unwrap()
}

/// A binding for fast messages to an identity.
pub(crate) fn fast(to: Identity, level: Level) -> Binding {
    let (target, class, ttl) = (Target::Identity(to), Class::Fast, 0);
    Binding {
        target,
        class,
        level,
        ttl,
    }
}

/// A peer of the router, after TLS.
pub(crate) struct Peer {
    pub(crate) flow: AnyFlow,
    pub(crate) input: Vec<u8>,
    pub(crate) key: SecretKey,
    /// The number that was used last.
    pub(crate) number: u64,
    /// The sequence number of the last signed statement.
    pub(crate) sequence: u64,
    /// The handles that [`send`](Self::send) bound.
    pub(crate) handles: HashMap<Identity, u64>,
    /// What the router's handles stand for.
    pub(crate) announced: HashMap<u64, Announcement>,
    /// What may be sent on the handles, as far as the router raised it.
    pub(crate) limits: HashMap<u64, u64>,
}

impl Peer {
    pub(crate) fn new(flow: AnyFlow, seed: u8) -> Self {
        Self {
            flow,
            input: Vec::new(),
            key: key(seed),
            number: 0,
            sequence: 0,
            handles: HashMap::new(),
            announced: HashMap::new(),
            limits: HashMap::new(),
        }
    }

    /// Accepts the router at a route, up to its hello.
    pub(crate) async fn accept(listener: &mut AnyListener, seed: u8) -> Self {
        let accepted = async { listener.accept().await.unwrap().handshake.await.unwrap() };
        let flow = tokio::time::timeout(PATIENCE, accepted)
            .await
            .expect("the router dials");
        let mut peer = Self::new(flow, seed);
        peer.say(&Message::Hello(hello())).await;
        let hello = peer.hear().await.expect("the router says hello");
        assert!(matches!(Message::decode(&hello), Ok(Message::Hello(_))));
        peer
    }

    pub(crate) fn identity(&self) -> Identity {
        self.key.identity()
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

    /// The next message, however long it takes.
    pub(crate) async fn hear_patiently(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            if let Some(frame) = frame::split(&self.input, 1 << 30).unwrap() {
                let (message, length) = (frame.message.to_vec(), frame.length);
                self.input.drain(..length);
                self.note(&message);
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

    /// Notes what holds from this message on.
    fn note(&mut self, message: &[u8]) {
        match Message::decode(message) {
            Ok(Message::Announce {
                handle,
                announcement,
            }) => {
                self.announced.insert(handle, announcement);
            }
            Ok(Message::Credit { handle, limit }) => {
                let known = self.limits.entry(handle).or_default();
                assert!(*known < limit, "credit grows");
                *known = limit;
            }
            _ => {}
        }
    }

    /// A number that was not used before.
    pub(crate) fn next(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    /// The router's answer to the last number: `None` when it was accepted.
    pub(crate) async fn answer(&mut self) -> Option<Refusal> {
        self.answer_to(self.number).await
    }

    /// The router's answer to a number: `None` when it was accepted, or delivered.
    pub(crate) async fn answer_to(&mut self, number: u64) -> Option<Refusal> {
        loop {
            let message = self
                .hear()
                .await
                .expect("the router answers before it closes");
            match Message::decode(&message).unwrap() {
                Message::Receipt { first, last, .. } if (first..=last).contains(&number) => {
                    return None;
                }
                Message::Reject {
                    sequence: Some(sequence),
                    code,
                    text,
                } if sequence == number => return Some((code, text.to_owned())),
                Message::Reject {
                    sequence: None,
                    code,
                    text,
                } => panic!("session: {code}: {text}"),
                _ => {}
            }
        }
    }

    /// How the router ended the session.
    pub(crate) async fn ended(&mut self) -> Option<Refusal> {
        let mut reason = None;
        while let Some(message) = self.hear().await {
            if let Message::Reject {
                sequence: None,
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

    pub(crate) async fn listen(&mut self, record: Signed<Record>) -> Option<Refusal> {
        let sequence = self.next();
        self.say(&Message::Listen { sequence, record }).await;
        self.answer().await
    }

    pub(crate) async fn unlisten(&mut self) -> Option<Refusal> {
        self.sequence += 1;
        let (identity, sequence) = (self.key.identity(), self.sequence);
        let withdrawal = Signed::sign(&self.key, Withdrawal { identity, sequence }).unwrap();
        let sequence = self.next();
        self.say(&Message::Unlisten {
            sequence,
            withdrawal,
        })
        .await;
        self.answer().await
    }

    /// Binds a handle.
    pub(crate) async fn bind(&mut self, handle: u64, binding: Binding) -> Option<Refusal> {
        let sequence = self.next();
        self.say(&Message::Bind {
            sequence,
            handle,
            binding,
        })
        .await;
        let refused = self.answer().await;
        // The credit starts again.
        self.limits.remove(&handle);
        refused
    }

    /// The handle for fast messages to an identity, of which the sender is told when they are
    /// accepted. It is bound if it is not yet.
    pub(crate) async fn handle(&mut self, to: Identity) -> u64 {
        if let Some(&handle) = self.handles.get(&to) {
            return handle;
        }
        let handle = self.handles.len() as u64;
        let binding = fast(to, Level::Accepted);
        assert_eq!(self.bind(handle, binding).await, None);
        self.handles.insert(to, handle);
        handle
    }

    /// Sends on a bound handle without waiting for anything, and gives the message's number.
    pub(crate) async fn post(&mut self, handle: u64, body: &[u8]) -> u64 {
        let sequence = self.next();
        self.say(&Message::Send {
            handle,
            sequence,
            body,
        })
        .await;
        sequence
    }

    /// Sends to an identity, and waits until that is accepted or refused.
    pub(crate) async fn send(&mut self, to: Identity, body: &[u8]) -> Option<Refusal> {
        let handle = self.handle(to).await;
        self.post(handle, body).await;
        self.answer().await
    }

    /// The next message that is delivered: its sender and body.
    pub(crate) async fn delivery(&mut self) -> (Identity, Vec<u8>) {
        let (announcement, _, body) = self.delivered().await;
        (announcement.identity, body)
    }

    /// The next message that is delivered: whence it comes, its number and its body.
    pub(crate) async fn delivered(&mut self) -> (Announcement, u64, Vec<u8>) {
        loop {
            let message = self.hear().await.expect("a delivery comes");
            if let Message::Deliver {
                handle,
                sequence,
                body,
            } = Message::decode(&message).unwrap()
            {
                let announcement = self.announced.get(&handle);
                let announcement = announcement.expect("it was announced before");
                return (*announcement, sequence, body.to_vec());
            }
        }
    }
}
