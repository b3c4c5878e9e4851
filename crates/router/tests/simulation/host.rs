//! The machine that the router runs on: its disk, its clock, and the router, as often as it is
//! started.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::Relaxed},
    },
    task::{Context, Waker},
    time::Duration,
};

use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Instant, sleep},
};
use tuyau::tls;
use tuyau_core::{Address, ListenerExt};
use tuyau_router::{
    Clock, Drain, Network as RouterNetwork, Router, Settings, Storage, Timestamp,
    journal::Entry,
    store::{Fault, SimulatedDisk},
};
use tuyau_wire::SecretKey;

use crate::{dice::Dice, network::Network, plan::Plan, trace::Trace};

/// When a run begins, in milliseconds since the begin of 1970.
const BEGIN: u64 = 1_800_000_000_000;

pub(crate) struct Host {
    plan: Plan,
    trace: Trace,
    network: Network,
    address: Address,
    secret: [u8; 32],
    disks: [SimulatedDisk; 2],
    dice: Dice,
    offset: Arc<AtomicI64>,
    begin: Instant,
    router: Option<Router>,
    /// Whether the router that runs, or one that died, told of a fault of its own.
    ended: Arc<AtomicBool>,
}

impl Host {
    pub(crate) fn new(plan: &Plan, trace: &Trace, network: &Network, mut dice: Dice) -> Self {
        Self {
            plan: plan.clone(),
            trace: trace.clone(),
            network: network.clone(),
            address: address(),
            secret: SECRET,
            disks: [dice.number(), dice.number()].map(SimulatedDisk::new),
            dice,
            offset: Arc::default(),
            begin: Instant::now(),
            router: None,
            ended: Arc::default(),
        }
    }

    /// Starts the router.
    pub(crate) async fn start(&mut self) {
        let key = key();
        let mut settings = Settings::new(SecretKey::from_seed(self.secret));
        let listener = self.network.listen(&self.address, key);
        settings.network = Some(RouterNetwork {
            context: self.network.context(key),
            listeners: vec![listener.erase()],
        });
        settings.limits = self.plan.limits.clone();
        settings.clock = self.clock();
        let (mut dice, (least, most)) = (self.dice.split(), self.plan.disk);
        let [mailboxes, directory] = &self.disks;
        settings.storage = Some(Storage {
            mailboxes: Box::new(mailboxes.clone()),
            directory: Box::new(directory.clone()),
            segment_bytes: 16 * 1024,
            cache_bytes: self.dice.index(3) * 4_000,
            seed: self.dice.number(),
            delay: Box::new(move || dice.skewed(least, most)),
        });
        settings.drain = Drain {
            time: self.dice.skewed(0, 3_000),
            routes: Vec::new(),
        };
        match Router::start(settings).await {
            Ok((router, journal)) => {
                self.trace.note("router", || "starts".into());
                tokio::spawn(watch(journal, self.trace.clone()));
                self.router = Some(router);
            }
            Err(error) => {
                self.trace
                    .note("router", || format!("does not start: {error}"));
                self.ended.store(true, Relaxed);
            }
        }
    }

    fn clock(&self) -> Clock {
        let (begin, offset) = (self.begin, self.offset.clone());
        Clock::new(move || {
            let millis = BEGIN + begin.elapsed().as_millis() as u64;
            Timestamp::from_millis(millis.saturating_add_signed(offset.load(Relaxed)))
        })
    }

    /// The clock jumps by so many milliseconds.
    pub(crate) fn jump(&self, millis: i64) {
        self.offset.fetch_add(millis, Relaxed);
    }

    /// Kills the router, with what it had in memory. What it had written is on the disk.
    pub(crate) async fn kill(&mut self, down: Duration) {
        self.trace.note("router", || "is killed".into());
        self.disks = self.disks.each_ref().map(SimulatedDisk::detach);
        self.end(down).await;
    }

    /// Cuts the power during one of the next operations of the disks.
    pub(crate) async fn cut_power(&mut self, operations: u64, down: Duration) {
        for disk in &self.disks {
            disk.fail_after(operations, Fault::PowerCut);
        }
        sleep(self.dice.skewed(0, 300)).await;
        self.trace.note("router", || "has no power".into());
        self.disks = self.disks.each_ref().map(SimulatedDisk::power_cut);
        self.end(down).await;
    }

    /// Lets one of the next operations of the disks fail. Its operator then starts the router again, on
    /// a machine that was started again.
    pub(crate) async fn break_disk(&mut self, operations: u64, fault: Fault, down: Duration) {
        for disk in &self.disks {
            disk.fail_after(operations, fault);
        }
        sleep(self.dice.skewed(100, 2_000)).await;
        for disk in &self.disks {
            disk.mend();
        }
        self.trace
            .note("router", || "is started again for its disk's sake".into());
        self.disks = self.disks.each_ref().map(SimulatedDisk::power_cut);
        self.end(down).await;
    }

    async fn end(&mut self, down: Duration) {
        self.check();
        let mut dice = self.dice.split();
        let percent = [0, 50, 100][dice.index(3)];
        self.network.kill(key(), true, || dice.percent(percent));
        drop(self.router.take());
        sleep(down).await;
        self.start().await;
    }

    /// Stops the router in order, and starts it again.
    pub(crate) async fn stop(&mut self, down: Duration) {
        self.check();
        self.trace.note("router", || "is told to stop".into());
        if let Some(router) = self.router.take() {
            router.stop().await;
        }
        self.trace.note("router", || "has stopped".into());
        sleep(down).await;
        self.start().await;
    }

    /// Notes whether the router has ended by a fault of its own.
    fn check(&self) {
        if let Some(router) = &self.router {
            let mut context = Context::from_waker(Waker::noop());
            if pin!(router.ended()).poll(&mut context).is_ready() {
                self.ended.store(true, Relaxed);
            }
        }
    }

    /// Whether a router failed by itself.
    pub(crate) fn has_failed(&self) -> bool {
        self.check();
        self.ended.load(Relaxed)
    }
}

/// Where the router listens.
pub(crate) fn address() -> Address {
    "tls://192.0.2.1:6000".parse().expect("an address")
}

const SECRET: [u8; 32] = [100; 32];

/// The key of the router.
pub(crate) fn key() -> tls::PublicKey {
    tls::PublicKey(*SecretKey::from_seed(SECRET).identity().as_bytes())
}

/// The time of day by a clock that never jumped.
pub(crate) fn seconds(begin: Instant) -> u64 {
    BEGIN / 1000 + begin.elapsed().as_secs()
}

async fn watch(mut journal: Receiver<Arc<Entry>>, trace: Trace) {
    loop {
        match journal.recv().await {
            Ok(entry) => trace.note("router", || entry.event.to_string()),
            Err(RecvError::Lagged(count)) => trace.note("router", || format!("({count} more)")),
            Err(RecvError::Closed) => return,
        }
    }
}
