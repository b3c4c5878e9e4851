//! What one recipient that stops reading costs the others, and the server.
//!
//! Two servers have the same clients, who do the same: one time with the one server, one time with the other.
//! On one of them a recipient does not read. Whatever else the machine does meets both alike.

mod background;
mod group;
mod mailbox;
mod pairs;

use std::{
    io,
    time::{Duration, Instant},
};

use super::{Bound, Measure, Turn, Work};
use crate::{Bench, Bounded, Budget, Client, Faults, Name, Peer, Poll, Server};
use background::Background;

/// What each client may cost the server: so much that what is small and the same whatever the budget, as the
/// steps in which memory is allotted, counts little.
const BUDGET: Budget = Budget {
    queue: 4 << 20,
    credit: 1 << 18,
};

/// What a message that is kept for somebody may take in memory, in bytes: where it is, and its number among
/// those of its sender.
const KEPT: u64 = 32 + 70;

/// The size of what the one who stops reading is sent, in bytes.
const SIZE: usize = 4096;

/// For how long there is no more credit when it is sure that nobody reads.
const STALL: Duration = Duration::from_millis(150);

/// By how much the 99th percentile of the others may grow, in percent of what it is otherwise.
const GROWTH: f64 = 120.0;

/// What the one who does not read is sent.
const SINGLE: &str = "single messages";
const GROUP: &str = "a group";
const MAILBOX: &str = "a mailbox";

/// Who does not read is sent single messages, is the member of a group, or has a mailbox.
pub struct Stalled;

/// Clients of a server who do something again and again, and one more that may stop reading.
trait Scene {
    /// Does it once.
    fn once(&mut self) -> io::Result<()>;

    /// Lets one of them read no more.
    fn stall(&mut self) -> io::Result<()>;

    /// How many messages are kept for it since, beside what waits in its queue.
    fn kept(&self) -> u64 {
        0
    }

    /// What went wrong so far.
    fn faults(&self) -> Faults;
}

/// What scenes are made of.
#[derive(Clone, Copy)]
struct Stage<'a> {
    bench: &'a Bench,
    peer: &'a dyn Peer,
    server: &'a Server,
}

impl Stage<'_> {
    fn connect(&self, number: u32) -> io::Result<Client> {
        self.peer
            .connect(self.server, &self.bench.keys, Name::One(number))
    }
}

impl Work for Stalled {
    fn name(&self) -> &'static str {
        "stalled"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |what: &str, unit| Measure {
            what: what.to_owned(),
            unit,
            more: false,
        };
        vec![
            measure("99th percentile while all read", "µs"),
            measure("99th percentile while one does not", "µs"),
            measure("the same, to that while all read", "%"),
            measure("resident memory for who does not read, of its budget", "%"),
        ]
    }

    fn bounds(&self) -> Vec<Bound> {
        let bound = |measure, most, full| Bound {
            measure,
            most,
            full,
        };
        vec![bound(2, GROWTH, true), bound(3, 100.0, false)]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        match (peer.bounded(), peer.durable()) {
            (None, _) => Vec::new(),
            (Some(_), None) => vec![SINGLE, GROUP],
            (Some(_), Some(_)) => vec![SINGLE, GROUP, MAILBOX],
        }
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, way: &str) -> io::Result<Turn> {
        let start = || bounded(peer)?.start(bench.site()?, BUDGET);
        let servers = [start()?, start()?];
        let begin = |server| {
            let stage = Stage {
                bench,
                peer,
                server,
            };
            io::Result::<Box<dyn Scene>>::Ok(match way {
                GROUP => Box::new(group::Publishing::begin(stage)?),
                MAILBOX => Box::new(mailbox::Keeping::begin(stage)?),
                _ => Box::new(pairs::Asking::begin(stage)?),
            })
        };
        let mut scenes = [begin(&servers[0])?, begin(&servers[1])?];
        alternate(&mut scenes, bench.turn / 4)?;
        let before = servers[1].resident();
        scenes[1].stall()?;
        let [free, stalled] = alternate(&mut scenes, bench.turn)?.map(|it| percentile(it, 99));
        let grown = servers[1].resident().saturating_sub(before);
        let mut faults = scenes[0].faults();
        faults.add(scenes[1].faults());
        let budget = BUDGET.queue + BUDGET.credit + KEPT * scenes[1].kept();
        Ok(Turn {
            values: vec![
                free,
                stalled,
                100.0 * stalled / free,
                100.0 * grown as f64 / budget as f64,
            ],
            cpu: None,
            faults,
        })
    }
}

/// Does what the scenes are, by turns, for some time; gives how long each took each time.
fn alternate(
    scenes: &mut [Box<dyn Scene + '_>; 2],
    time: Duration,
) -> io::Result<[Vec<Duration>; 2]> {
    let mut times = [Vec::new(), Vec::new()];
    let began = Instant::now();
    while times[0].is_empty() || began.elapsed() < time {
        // Each is the first of both as often as the other.
        let first = times[0].len() % 2;
        for side in [first, 1 - first] {
            let before = Instant::now();
            scenes[side].once()?;
            times[side].push(before.elapsed());
        }
    }
    Ok(times)
}

/// How a router is told what a client may cost.
pub(super) fn bounded(peer: &dyn Peer) -> io::Result<&dyn Bounded> {
    peer.bounded()
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// Sends all that there is credit for, to one who does not read, until there is no more.
pub(super) fn fill(bench: &Bench, sender: &mut Client, number: u32) -> io::Result<()> {
    let mut poll = Poll::new([sender.wire()].into_iter())?;
    let mut body = vec![0; SIZE];
    let mut sequence = 0;
    loop {
        while sender.room() > 0 {
            bench.pattern.fill(number, sequence, &mut body);
            sequence += 1;
            sender.send(&body);
            sender.flush()?;
        }
        if poll.wait_for(STALL)?.is_empty() {
            return Ok(());
        }
        sender.receive(&mut |_| {})?;
    }
}

/// In microseconds.
fn percentile(mut times: Vec<Duration>, percent: usize) -> f64 {
    times.sort();
    let last = times.len().saturating_sub(1);
    let time = times.get(last * percent / 100).copied();
    time.unwrap_or_default().as_secs_f64() * 1e6
}
