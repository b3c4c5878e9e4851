//! The simulated network: places where somebody listens, and the connections between them.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    future::{Future, pending},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::time::sleep;
use tuyau::{tls, tokio::TokioTimer};
use tuyau_core::{
    Address, Answers, Attempt, EndpointError, EndpointKey, ErrorKind, FlowError, Incoming, Key,
    Origin, Protocol, Registry, Security, Stage, Target, from_function,
};

use crate::{
    dice::Dice,
    link::{End, Link, Weather, connect},
    trace::lock,
};

/// The network. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Network(Arc<Mutex<State>>);

struct State {
    dice: Dice,
    weather: Weather,
    places: BTreeMap<Address, Place>,
    connections: Vec<Connection>,
    /// Who can be reached by nobody and reaches nobody.
    apart: BTreeSet<tls::PublicKey>,
}

#[derive(Clone)]
struct Place {
    key: tls::PublicKey,
    queue: Arc<Mutex<Queue>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<End>,
    listener: Option<Waker>,
    closed: bool,
}

/// A connection, and between whom.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) link: Link,
    /// Who dialled, and who was dialled.
    pub(crate) between: [tls::PublicKey; 2],
}

impl Network {
    pub(crate) fn new(weather: Weather, dice: Dice) -> Self {
        Self(Arc::new(Mutex::new(State {
            dice,
            weather,
            places: BTreeMap::new(),
            connections: Vec::new(),
            apart: BTreeSet::new(),
        })))
    }

    /// Listens at an address as the one with this key, in place of whoever did before.
    pub(crate) fn listen(&self, address: &Address, key: tls::PublicKey) -> Listener {
        let queue = Arc::<Mutex<Queue>>::default();
        let place = Place {
            key,
            queue: queue.clone(),
        };
        lock(&self.0).places.insert(address.clone(), place);
        Listener {
            address: address.clone(),
            queue,
            network: self.clone(),
        }
    }

    /// Connects to whoever listens at an address, if that is the one who is expected.
    pub(crate) async fn dial(
        &self,
        address: &Address,
        from: tls::PublicKey,
        expected: tls::PublicKey,
    ) -> Result<End, FlowError> {
        let (delay, is_apart) = {
            let mut state = lock(&self.0);
            let (least, most) = state.weather.latency;
            let delay = state.dice.skewed(least, 3 * most);
            (delay, state.apart.contains(&from))
        };
        sleep(delay).await;
        match self.join(address, from, expected).filter(|_| !is_apart) {
            Some(joined) => joined,
            None => pending().await,
        }
    }

    /// Connects at once, or not at all.
    fn join(
        &self,
        address: &Address,
        from: tls::PublicKey,
        expected: tls::PublicKey,
    ) -> Option<Result<End, FlowError>> {
        let mut state = lock(&self.0);
        let place = state.places.get(address).cloned();
        let Some(place) = place.filter(|place| !lock(&place.queue).closed) else {
            return Some(Err(ErrorKind::Refused.into()));
        };
        if state.apart.contains(&place.key) {
            return None;
        }
        if place.key != expected {
            return Some(Err(ErrorKind::Denied.into()));
        }
        let between = [from, place.key];
        let (weather, dice) = (state.weather, state.dice.split());
        let (link, near, far) = connect(weather, dice, between);
        state.connections.push(Connection { link, between });
        let mut queue = lock(&place.queue);
        queue.waiting.push_back(far);
        queue.listener.take().into_iter().for_each(Waker::wake);
        Some(Ok(near))
    }

    /// The connections of somebody that at least one side has not left.
    pub(crate) fn connections(&self, of: tls::PublicKey) -> Vec<Connection> {
        let mut state = lock(&self.0);
        state.connections.retain(|it| !lock(&it.link).is_over());
        let all = state.connections.iter();
        all.filter(|it| it.between.contains(&of)).cloned().collect()
    }

    /// Somebody dies: nothing of it is heard any more, and the others are told or not.
    pub(crate) fn kill(&self, who: tls::PublicKey, closes: bool, mut told: impl FnMut() -> bool) {
        for Connection { link, between } in self.connections(who) {
            let side = usize::from(between[1] == who);
            lock(&link).kill(side, told());
        }
        let state = lock(&self.0);
        for place in state.places.values().filter(|place| place.key == who) {
            let mut queue = lock(&place.queue);
            queue.waiting.clear();
            queue.closed |= closes;
        }
    }

    /// Nobody reaches this one anew, and it reaches nobody, until that is over.
    pub(crate) fn set_apart(&self, who: tls::PublicKey, apart: bool) {
        let mut state = lock(&self.0);
        match apart {
            true => state.apart.insert(who),
            false => state.apart.remove(&who),
        };
    }

    /// From now on the network does what it should: what is half open is found out.
    pub(crate) fn heal(&self) {
        let mut state = lock(&self.0);
        state.apart.clear();
        for Connection { link, .. } in &state.connections {
            let mut link = lock(link);
            if link.is_half_open() {
                link.cut();
            }
        }
    }

    /// What a router needs of the network: how it dials, as the one with this key.
    pub(crate) fn context(&self, key: tls::PublicKey) -> tuyau_core::Context {
        let mut registry = Registry::new();
        let network = self.clone();
        registry.protocol(PLACE, Dialling { network, key });
        let resolve = |target: &Target| {
            let address = target.address()?.clone();
            let tls::ExpectedPeer(expected) = *target.find()?;
            Some(Answers::ready([(address, expected)]))
        };
        registry.resolver(PLACE, 0, from_function::<PlaceKey, _>("place", resolve));
        registry.freeze(TokioTimer::new())
    }
}

impl Queue {
    fn close(&mut self) {
        self.closed = true;
        self.waiting.clear();
    }
}

const PLACE: Key<PlaceKey> = Key::new();

/// Endpoints of the network: where, and who is expected there.
struct PlaceKey;

impl EndpointKey for PlaceKey {
    type Endpoint = (Address, tls::PublicKey);
    const NAME: &'static str = "tls";

    fn show((address, _): &Self::Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(address, f)
    }

    fn read(address: &Address) -> Result<Self::Endpoint, EndpointError> {
        Err(EndpointError::new(address, "a target with a key"))
    }
}

struct Dialling {
    network: Network,
    key: tls::PublicKey,
}

impl Protocol for Dialling {
    type Key = PlaceKey;
    type Flow = End;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("network");

    async fn connect(
        &self,
        (address, expected): &(Address, tls::PublicKey),
        _: &Attempt,
    ) -> Result<End, FlowError> {
        self.network.dial(address, self.key, *expected).await
    }

    fn security(&self) -> Security {
        Security::Authenticated
    }
}

/// Where somebody listens.
pub(crate) struct Listener {
    address: Address,
    queue: Arc<Mutex<Queue>>,
    network: Network,
}

type Handshake = Pin<Box<dyn Future<Output = Result<End, FlowError>> + Send>>;

impl tuyau_core::Listener for Listener {
    type Flow = End;
    type Error = FlowError;
    type Handshake = Handshake;

    fn poll_accept(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Incoming<Handshake>, FlowError>> {
        let mut queue = lock(&self.queue);
        let Some(end) = queue.waiting.pop_front() else {
            queue.listener = Some(cx.waker().clone());
            return Poll::Pending;
        };
        drop(queue);
        let delay: Duration = {
            let mut state = lock(&self.network.0);
            let (least, most) = state.weather.latency;
            state.dice.skewed(least, 2 * most)
        };
        let handshake = async move {
            sleep(delay).await;
            Ok(end)
        };
        Poll::Ready(Ok(Incoming {
            origin: Origin::Local("network"),
            handshake: Box::pin(handshake),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        lock(&self.queue).close();
    }
}
