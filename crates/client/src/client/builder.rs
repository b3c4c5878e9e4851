//! How a client begins.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, atomic::AtomicU64},
};

use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore, mpsc, watch},
    task::JoinSet,
};
use tuyau::stack::Stack;
use tuyau_core::Address;

use super::{
    Active, Client, ClientEvent, Events, FIRST, Groups, Inner, Shared,
    link::{Link, Router},
    outbox::Outbox,
};
use crate::{Pauses, RouterIdentity, Settings};

/// How many batches of deliveries are kept for [`Client::next`] beside what the sessions keep.
const BATCHES: usize = 4;

/// How a client is made, see [`Client::new`].
pub struct ClientBuilder {
    pub(super) stack: Stack,
    pub(super) settings: Settings,
    pub(super) routers: Vec<Router>,
    pub(super) pauses: Pauses,
    pub(super) events: Events,
}

impl ClientBuilder {
    /// Connects to this router, too. Messages go by the first one with which there is a session, until
    /// that is lost.
    pub fn router(mut self, address: Address, identity: impl Into<RouterIdentity>) -> Self {
        let identity = identity.into();
        self.routers.push(Router { address, identity });
        self
    }

    /// Sets the pauses between attempts to reach a router.
    pub fn pauses(mut self, pauses: Pauses) -> Self {
        self.pauses = pauses;
        self
    }

    /// Sets what is told about everything that happens. The function must not block.
    pub fn events(mut self, report: impl Fn(ClientEvent) + Send + Sync + 'static) -> Self {
        self.events = Arc::new(report);
        self
    }

    /// Begins to connect, on the current tokio runtime.
    pub fn start(self) -> Client {
        let mut settings = self.settings;
        settings.epoch = Some(settings.sequence.advance());
        let (received, receiver) = mpsc::channel(BATCHES);
        let inner = Arc::new(Inner {
            stack: self.stack,
            settings,
            pauses: self.pauses,
            events: self.events,
            outbox: Outbox::default(),
            groups: watch::Sender::new(Groups::new()),
            active: watch::Sender::new(Active::None),
            last: AtomicU64::new(FIRST),
            turns: Semaphore::new(1),
            received,
        });
        let mut links = JoinSet::new();
        for router in self.routers {
            let link = Link::new(inner.clone(), router);
            links.spawn(async move { match link.run().await {} });
        }
        let incoming = AsyncMutex::new((receiver, VecDeque::new()));
        Client {
            shared: Arc::new(Shared {
                inner,
                incoming,
                links: Mutex::new(links),
            }),
        }
    }
}
