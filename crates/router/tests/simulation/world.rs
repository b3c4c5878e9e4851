//! One run: what a seed makes of a router, its services, and all that fails.

use std::{
    cell::Cell,
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::time::{Instant, sleep, sleep_until};
use tuyau::tls;
use tuyau_wire::{Identity, SecretKey};

use crate::{
    dice::Dice,
    host::Host,
    network::Network,
    oracle::{Counts, Oracle},
    plan::{Fault, Plan},
    service::Service,
    trace::Trace,
};

/// How long it takes at least until everything has come to an end when nothing fails any more: a
/// request has half a minute.
const CALM: Duration = Duration::from_secs(40);

/// How many times longer it may take: mailboxes may be long, and their owners slow.
const LONG: u32 = 30;

/// What all services of a run share.
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) trace: Trace,
    pub(crate) network: Network,
    pub(crate) oracle: Oracle,
    pub(crate) services: Vec<Identity>,
    pub(crate) groups: Vec<Identity>,
    pub(crate) begin: Instant,
    /// Whether services only finish what they began.
    calm: AtomicBool,
}

/// What came of a run.
pub(crate) struct Outcome {
    pub(crate) objections: Vec<String>,
    pub(crate) trace: Vec<String>,
    pub(crate) counts: Counts,
}

thread_local! {
    static PANICKED: Cell<bool> = const { Cell::new(false) };
}

/// Notes panics of tasks, which nobody else hears of.
fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            PANICKED.set(true);
            before(info);
        }));
    });
}

/// Performs a run, in one thread and in no time.
pub(crate) fn run(plan: Plan, keep_trace: bool) -> Outcome {
    watch_panics();
    PANICKED.set(false);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    let mut outcome = runtime.block_on(perform(plan, keep_trace));
    drop(runtime);
    if PANICKED.replace(false) {
        outcome.objections.push("something panicked".into());
    }
    outcome
}

async fn perform(plan: Plan, keep_trace: bool) -> Outcome {
    let mut dice = Dice::new(plan.seed ^ 0x5eed);
    let trace = Trace::new(keep_trace);
    trace.note("world", || format!("{plan:?}"));
    let secrets: Vec<_> = (1..=plan.services).map(|it| secret(it as u8)).collect();
    let services: Vec<_> = secrets.iter().map(SecretKey::identity).collect();
    let groups = (1..=plan.groups).map(|it| secret(200 + it as u8).identity());
    let groups: Vec<_> = groups.collect();
    let network = Network::new(plan.weather, dice.split());
    let world = Arc::new(World {
        oracle: Oracle::new(&plan, trace.clone(), services.clone(), groups.clone()),
        trace: trace.clone(),
        network: network.clone(),
        services,
        groups,
        begin: Instant::now(),
        calm: AtomicBool::new(false),
        plan: plan.clone(),
    });
    let mut host = Host::new(&plan, &trace, &network, dice.split());
    host.start().await;
    let all = secrets.into_iter().enumerate();
    let all = all.map(|(number, key)| Service::start(&world, number, key, dice.split()));
    let all: Vec<_> = all.collect();
    for (at, fault) in &plan.faults {
        sleep_until(world.begin + *at).await;
        trace.note("world", || format!("{fault:?}"));
        strike(*fault, &mut host, &world, &all, &mut dice).await;
    }
    sleep_until(world.begin + plan.active).await;
    trace.note("world", || "all is well from now on".into());
    world.calm.store(true, Relaxed);
    network.heal();
    sleep(CALM).await;
    let mut left = LONG;
    while left > 0 && !world.oracle.is_settled() {
        sleep(CALM).await;
        left -= 1;
    }
    if host.has_failed() {
        world.oracle.fail("the router has ended by itself");
    }
    world.oracle.judge();
    Outcome {
        objections: world.oracle.objections(),
        trace: trace.take(),
        counts: world.oracle.counts(),
    }
}

async fn strike(
    fault: Fault,
    host: &mut Host,
    world: &Arc<World>,
    services: &[Service],
    dice: &mut Dice,
) {
    let key = |service: usize| key(&world.services[service]);
    let each_link = |service| {
        let connections = world.network.connections(key(service));
        connections.into_iter()
    };
    match fault {
        Fault::Cut(service) => {
            each_link(service).for_each(|it| crate::trace::lock(&it.link).cut());
        }
        Fault::HalfOpen(service, [out, back]) => {
            for connection in each_link(service) {
                let ways = match connection.between[0] == key(service) {
                    true => [out, back],
                    false => [back, out],
                };
                crate::trace::lock(&connection.link).vanish(ways);
            }
        }
        Fault::Stall(service, time) => {
            each_link(service).for_each(|it| crate::trace::lock(&it.link).stall(time));
        }
        Fault::Apart(service, time) => {
            world.network.set_apart(key(service), true);
            let (world, key) = (world.clone(), key(service));
            tokio::spawn(async move {
                sleep(time).await;
                world.network.set_apart(key, false);
            });
        }
        Fault::Forget(service) => services[service].forget(&mut || dice.percent(50)),
        Fault::Jump(millis) => host.jump(millis),
        Fault::Kill(down) => host.kill(down).await,
        Fault::Power(operations, down) => host.cut_power(operations, down).await,
        Fault::Stop(down) => host.stop(down).await,
        Fault::Disk(operations, fault, down) => {
            world.oracle.disk_fails();
            host.break_disk(operations, fault, down).await;
        }
    }
}

impl World {
    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Relaxed)
    }
}

pub(crate) fn key(identity: &Identity) -> tls::PublicKey {
    tls::PublicKey(*identity.as_bytes())
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed([seed; 32])
}
