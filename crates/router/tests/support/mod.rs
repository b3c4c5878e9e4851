//! A router in this process, and peers that say what a test wants.

pub(crate) mod peer;
pub(crate) mod raw;
pub(crate) mod witness;

use std::{sync::Arc, time::Duration};

use tokio::sync::broadcast;
use tuyau::{mem, stack::Stack, tls};
use tuyau_core::{Address, AnyListener, Security, Target};
use tuyau_router::{
    Router, Settings,
    journal::{Entry, Event},
};
use tuyau_wire::{Hello, Identity, Message, SecretKey};

pub(crate) use peer::{Peer, hello};

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
        self.greet_with(seed, stack, hello()).await
    }

    /// Connects a peer that says this hello.
    pub(crate) async fn connect_with(&self, seed: u8, hello: Hello) -> Peer {
        self.greet_with(seed, &stack(seed), hello).await
    }

    /// Connects a peer over a stack of its own that says this hello.
    pub(crate) async fn greet_with(&self, seed: u8, stack: &Stack, hello: Hello) -> Peer {
        let mut peer = self.try_connect(seed, stack).await.unwrap();
        peer.say(&Message::Hello(hello)).await;
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
        let mut peer = Peer::new(flow, seed);
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

/// A stack that sees the listeners of this place.
pub(crate) fn stack_in(seed: u8, hub: &mem::Hub) -> Stack {
    let key = tls::KeyPair::from_pkcs8_der(&key(seed).to_pkcs8_der()).unwrap();
    Stack::new(key, None, hub.clone()).unwrap()
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
