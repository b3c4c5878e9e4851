//! A service: it connects, sends, receives, answers and comes back, all by lot.

mod act;
mod hear;
mod session;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tuyau_core::{Address, ListenerExt};
use tuyau_wire::{Class, SecretKey};

use crate::{
    dice::Dice,
    host,
    oracle::{To, Way},
    trace::lock,
    world::{World, key},
};
use session::{Ended, Session};

/// A service of a run.
pub(crate) struct Service {
    world: Arc<World>,
    me: Me,
    _task: JoinHandle<()>,
}

/// What a service remembers from one session to the next.
pub(crate) type Me = Arc<Mutex<Memory>>;

pub(crate) struct Memory {
    pub(crate) number: usize,
    pub(crate) secret: SecretKey,
    pub(crate) epoch: u64,
    pub(crate) next: u64,
    /// The number of its last statement.
    pub(crate) statement: u64,
    /// Durable messages that are not answered.
    pub(crate) kept: BTreeMap<u64, Kept>,
    /// The groups that it is in for good.
    pub(crate) groups: Vec<usize>,
    pub(crate) dice: Dice,
}

/// A durable message that is not answered.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) way: Way,
    pub(crate) body: Vec<u8>,
}

/// The first number of an epoch.
const FIRST: u64 = 4096;

impl Service {
    pub(crate) fn start(world: &Arc<World>, number: usize, secret: SecretKey, dice: Dice) -> Self {
        let me = Arc::new(Mutex::new(Memory {
            number,
            secret,
            epoch: 1,
            next: FIRST,
            statement: 0,
            kept: BTreeMap::new(),
            groups: Vec::new(),
            dice,
        }));
        let serving = serve(world.clone(), me.clone());
        tokio::spawn(serving);
        let _task = tokio::spawn(live(world.clone(), me.clone()));
        let world = world.clone();
        Self { world, me, _task }
    }

    /// Its process dies, and another one begins with a new epoch.
    pub(crate) fn forget(&self, told: &mut dyn FnMut() -> bool) {
        let mut me = lock(&self.me);
        let key = key(&me.secret.identity());
        self.world.network.kill(key, false, told);
        me.epoch += 1;
        me.next = FIRST;
        me.kept.clear();
    }
}

/// Opens one session after the other.
async fn live(world: Arc<World>, me: Me) {
    loop {
        let (pause, key) = {
            let mut me = lock(&me);
            (me.dice.skewed(0, 1_500), key(&me.secret.identity()))
        };
        sleep(pause).await;
        let address = host::address();
        let dial = world.network.dial(&address, key, host::key());
        let Ok(Ok(end)) = timeout(Duration::from_secs(5), dial).await else {
            continue;
        };
        let mut session = Session::new(&world, &me, end, true);
        if session.run().await == Ended::Replaced {
            // The old one goes on beside the new one for a while.
            tokio::spawn(async move {
                session.retire();
                session.run().await;
            });
        }
    }
}

/// Where a service can be dialled.
pub(crate) fn route(service: usize) -> Address {
    let text = format!("tls://198.51.100.{}:7000", service + 1);
    text.parse().expect("an address")
}

/// Answers when the router dials.
async fn serve(world: Arc<World>, me: Me) {
    let (number, key) = {
        let me = lock(&me);
        (me.number, key(&me.secret.identity()))
    };
    let mut listener = world.network.listen(&route(number), key);
    loop {
        let Ok(incoming) = listener.accept().await else {
            continue;
        };
        let (world, me) = (world.clone(), me.clone());
        tokio::spawn(async move {
            if let Ok(end) = incoming.handshake.await {
                Session::new(&world, &me, end, false).run().await;
            }
        });
    }
}

impl Memory {
    /// The next number.
    fn take_number(&mut self) -> u64 {
        self.next += 1 + self.dice.below(10) / 9;
        self.next - 1
    }

    /// Keeps a message for as long as it is not answered.
    fn keep(&mut self, sequence: u64, way: Way, body: &[u8]) {
        if way.class == Class::Durable && way.level != tuyau_wire::Level::None {
            let body = body.to_vec();
            self.kept.insert(sequence, Kept { way, body });
        }
    }
}

/// Whoever it may be, by lot.
fn anyone(dice: &mut Dice, world: &World) -> To {
    match dice.percent(70) {
        true => To::Service(dice.index(world.services.len())),
        false => To::Group(dice.index(world.groups.len())),
    }
}
