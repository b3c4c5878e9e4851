//! What a seed decides about a run before it begins.

use std::{env, time::Duration};

use tuyau_router::{Limits, store};

use crate::{dice::Dice, link::Weather};

/// A run.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) services: usize,
    pub(crate) groups: usize,
    /// For how long the services send, and things fail.
    pub(crate) active: Duration,
    /// How long a service pauses between two things that it does, at most, in milliseconds.
    pub(crate) pause: u64,
    pub(crate) weather: Weather,
    /// How long the disk takes, at least and at most, in milliseconds.
    pub(crate) disk: (u64, u64),
    /// How often in a hundred a service that could read or acknowledge takes its time.
    pub(crate) laziness: u64,
    pub(crate) limits: Limits,
    /// What fails when, in order.
    pub(crate) faults: Vec<(Duration, Fault)>,
    /// Whether services also do what the router is known to fail at, see `docs/reliability.md`.
    pub(crate) open_faults: bool,
    /// What is broken on purpose, so that the oracle must object.
    pub(crate) sabotage: Option<Sabotage>,
}

/// Something that fails.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// The connections of a service are lost.
    Cut(usize),
    /// What goes over the connections of a service vanishes, from it, to it, or both.
    HalfOpen(usize, [bool; 2]),
    /// Nothing arrives over the connections of a service for a while.
    Stall(usize, Duration),
    /// A service reaches nobody and is reached by nobody for a while, if it connects anew.
    Apart(usize, Duration),
    /// A service loses its memory and begins again.
    Forget(usize),
    /// The clock of the router jumps by so many milliseconds.
    Jump(i64),
    /// The router is killed, and started again after a while.
    Kill(Duration),
    /// The power of the router fails during one of the next operations of its disk, and it is started
    /// again after a while.
    Power(u64, Duration),
    /// The router is stopped in order, with so much time for its peers, and started again.
    Stop(Duration),
    /// An operation of the disk fails, one of the next ones; the router is started again after a while.
    Disk(u64, store::Fault, Duration),
}

/// What is done to what a service gets, as if the router had done it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sabotage {
    /// A message is lost.
    Lose,
    /// A message comes twice.
    Double,
    /// Two messages change places.
    Swap,
    /// A message comes that nobody sent.
    Invent,
    /// A message has another body.
    Change,
    /// A message that comes again is not marked.
    Unmark,
    /// A receipt is lost.
    Silence,
    /// A receipt comes twice.
    Repeat,
}

impl Plan {
    pub(crate) fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let services = 2 + dice.index(3);
        let calm = dice.percent(15);
        let slow = dice.percent(30);
        let weather = Weather {
            latency: match slow {
                true => (1, 400),
                false => (0, 20),
            },
            yields: [0, 5, 30][dice.index(3)],
            crumbs: [0, 5, 40][dice.index(3)],
            capacity: [2_000, 16_000, 64_000][dice.index(3)],
        };
        let active = dice.skewed(1_000, 12_000);
        let faults = match calm {
            true => Vec::new(),
            false => faults(&mut dice, services, active),
        };
        Self {
            seed,
            services,
            groups: 1 + dice.index(2),
            active,
            pause: [40, 100, 300][dice.index(3)],
            weather,
            disk: [(0, 0), (0, 10), (5, 400)][dice.index(3)],
            laziness: [0, 0, 20, 50][dice.index(4)],
            limits: limits(&mut dice),
            faults,
            open_faults: env::var_os("TUYAU_SIMULATION_OPEN").is_some(),
            sabotage: None,
        }
    }

    /// A run in which nothing fails but what is broken on purpose.
    pub(crate) fn sabotaged(seed: u64, sabotage: Sabotage) -> Self {
        Self {
            sabotage: Some(sabotage),
            ..Self::new(seed)
        }
    }
}

fn limits(dice: &mut Dice) -> Limits {
    let short = dice.percent(40);
    Limits {
        handshake: Duration::from_secs(5),
        frame: Duration::from_secs(dice.within(3, 20)),
        queue_bytes: [6_000, 40_000, 1 << 20][dice.index(3)],
        credit_bytes: [4_096, 16_384, 65_536][dice.index(3)],
        idle: Duration::from_secs(dice.within(2, 60)),
        window_messages: match short {
            true => dice.within(50, 500),
            false => 4096,
        },
        ..Limits::default()
    }
}

fn faults(dice: &mut Dice, services: usize, active: Duration) -> Vec<(Duration, Fault)> {
    // Some kinds of faults do not happen at all in a run, so that others are seen by themselves.
    let kinds: Vec<_> = (0..10).filter(|_| dice.percent(40)).collect();
    let count = match kinds.is_empty() {
        true => 0,
        false => 1 + dice.index(8),
    };
    let mut faults: Vec<_> = (0..count)
        .map(|_| {
            let at = dice.millis(100, active.as_millis() as u64);
            (
                at,
                fault(dice, kinds[dice.clone().index(kinds.len())], services),
            )
        })
        .collect();
    faults.sort_by_key(|(at, _)| *at);
    faults
}

fn fault(dice: &mut Dice, kind: u64, services: usize) -> Fault {
    let _ = dice.number();
    let who = dice.index(services);
    let down = dice.skewed(10, 4_000);
    match kind {
        0 => Fault::Cut(who),
        1 => Fault::HalfOpen(
            who,
            [[true, true], [true, false], [false, true]][dice.index(3)],
        ),
        2 => Fault::Stall(who, dice.skewed(50, 30_000)),
        3 => Fault::Apart(who, dice.skewed(100, 15_000)),
        4 => Fault::Forget(who),
        5 => {
            let millis = dice.within(1, 3 * 3600 * 1000) as i64;
            Fault::Jump(if dice.percent(50) { millis } else { -millis })
        }
        6 => Fault::Kill(down),
        7 => Fault::Power(dice.below(12), down),
        8 => Fault::Stop(dice.skewed(0, 3_000)),
        _ => {
            let fault = [store::Fault::Broken, store::Fault::NoSpace][dice.index(2)];
            Fault::Disk(dice.below(12), fault, down)
        }
    }
}
