//! Named listeners inside one process.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::{Ready, poll_fn, ready},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use tuyau_core::{
    Address, Answers, Attempt, EndpointError, EndpointKey, ErrorKind, FlowError, Incoming, Key,
    LocalAddress, Origin, PeerAddress, Resolver, Stage, Target,
};

use super::{Flow, pair};
use crate::{ListenError, own_scheme};

/// How many connections wait for a listener to accept them; more wait for room.
pub const BACKLOG: usize = 128;

/// The key of memory endpoints.
pub const KEY: Key<MemKey> = Key::new();

/// The endpoint of memory flows: a [`Name`]. An address with the scheme `mem` has nothing but the name; with
/// another one, its user and its query are those of a layer.
#[derive(Debug)]
pub struct MemKey;

/// The name under which a listener can be dialled; upper and lower case are the same.
pub type Name = Box<str>;

impl EndpointKey for MemKey {
    type Endpoint = Name;
    const NAME: &'static str = "mem";

    fn show(endpoint: &Name, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(endpoint)
    }

    fn read(address: &Address) -> Result<Name, EndpointError> {
        let more = address.port().is_some() || address.path().is_some();
        let more = more || own_scheme::has_more(address, Self::NAME);
        let name = address.host().filter(|_| !more);
        name.map(Name::from).ok_or_else(|| {
            EndpointError::new(address, "a name and nothing else, as in `mem://name`")
        })
    }
}

/// A place where flows inside one process meet. Clones are the same place.
#[derive(Clone, Debug, Default)]
pub struct Hub {
    listeners: Arc<Mutex<HashMap<Name, Queue>>>,
}

type Queue = Arc<Mutex<Waiting>>;

#[derive(Debug, Default)]
struct Waiting {
    flows: VecDeque<Flow>,
    listener: Option<Waker>,
    dialling: Vec<Waker>,
    closed: bool,
}

impl Hub {
    /// A place where nobody listens yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Listens under `name`, until the listener is dropped.
    ///
    /// # Errors
    /// When the name is in use, or is not one that `mem://name` can hold.
    pub fn listen(&self, name: &str) -> Result<Listener, ListenError> {
        let address = Address::from_name("mem", name).map_err(|error| {
            ListenError::invalid(name, "a name of letters, digits, `.`, `-` and `_`", error)
        })?;
        let host = address.host().unwrap_or_default();
        let mut listeners = lock(&self.listeners);
        if listeners.contains_key(host) {
            return Err(ListenError::in_use(
                &address,
                "stop the other listener or choose another name",
            ));
        }
        let queue = Queue::default();
        listeners.insert(host.into(), queue.clone());
        drop(listeners);
        Ok(Listener {
            hub: self.clone(),
            queue,
            address,
        })
    }

    fn poll_dial(&self, cx: &mut Context<'_>, address: &Address) -> Poll<Result<Flow, FlowError>> {
        // The address has the name in lower case, as the listener's has.
        let name = address.host().unwrap_or_default();
        let Some(queue) = lock(&self.listeners).get(name).cloned() else {
            return Poll::Ready(Err(ErrorKind::Refused.into()));
        };
        let mut waiting = lock(&queue);
        if waiting.closed {
            return Poll::Ready(Err(ErrorKind::Refused.into()));
        }
        if waiting.flows.len() >= BACKLOG {
            let mut known = waiting.dialling.iter();
            if !known.any(|waker| waker.will_wake(cx.waker())) {
                waiting.dialling.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        let (mut client, mut server) = pair();
        client.peer = Some(PeerAddress(address.clone()));
        server.local = Some(LocalAddress(address.clone()));
        waiting.flows.push_back(server);
        let listener = waiting.listener.take();
        drop(waiting);
        if let Some(listener) = listener {
            listener.wake();
        }
        Poll::Ready(Ok(client))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code under these locks panics half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Dials the listeners of a [`Hub`].
#[derive(Clone, Debug)]
pub struct Protocol {
    hub: Hub,
}

impl Protocol {
    /// A protocol for the listeners of `hub`.
    pub fn new(hub: Hub) -> Self {
        Self { hub }
    }
}

impl tuyau_core::Protocol for Protocol {
    type Key = MemKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("mem");

    async fn connect(&self, name: &Name, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let address = Address::from_name("mem", name)
            .map_err(|error| FlowError::new(ErrorKind::Unreachable, error))?;
        poll_fn(|cx| self.hub.poll_dial(cx, &address)).await
    }
}

/// Accepts memory flows under one name; dropping it gives the name free and resets what was waiting.
#[derive(Debug)]
pub struct Listener {
    hub: Hub,
    queue: Queue,
    address: Address,
}

impl tuyau_core::Listener for Listener {
    type Flow = Flow;
    type Error = FlowError;
    type Handshake = Ready<Result<Flow, FlowError>>;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, FlowError>> {
        let mut waiting = lock(&self.queue);
        let Some(flow) = waiting.flows.pop_front() else {
            waiting.listener = Some(cx.waker().clone());
            return Poll::Pending;
        };
        let dialling = std::mem::take(&mut waiting.dialling);
        drop(waiting);
        dialling.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(Incoming {
            origin: Origin::Local("mem"),
            handshake: ready(Ok(flow)),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.hub.listeners).remove(self.address.host().unwrap_or_default());
        let mut waiting = lock(&self.queue);
        waiting.closed = true;
        let flows = std::mem::take(&mut waiting.flows);
        let dialling = std::mem::take(&mut waiting.dialling);
        drop(waiting);
        for mut flow in flows {
            tuyau_core::Flow::abort(&mut flow);
        }
        dialling.into_iter().for_each(Waker::wake);
    }
}

/// Takes the host of a target as the name of a listener.
#[derive(Clone, Copy, Debug, Default)]
pub struct NameResolver;

impl Resolver for NameResolver {
    type Key = MemKey;

    fn name(&self) -> &str {
        "name"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<Name>> {
        Some(Answers::ready([Name::from(target.host()?)]))
    }
}
