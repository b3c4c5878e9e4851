//! What the server needs to keep clients who say nothing.

use std::{io, thread, time::Duration};

use super::{Measure, Turn, Work};
use crate::{Bench, Came, Client, Faults, Name, Peer, Server, Tally};

/// How long a server may tidy up before it is looked at: in a full run, in a short one.
pub(super) const SETTLE: [Duration; 2] = [Duration::from_millis(500), Duration::from_millis(20)];

/// How many connect at once.
const THREADS: u32 = 4;

const SIZE: usize = 128;

/// So many registered connections.
pub struct Idle {
    /// The number of connections.
    pub connections: u32,
}

impl Work for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn measures(&self) -> Vec<Measure> {
        let what = format!("an idle connection, of {}", self.connections);
        vec![Measure {
            what,
            unit: "kB resident",
            more: false,
        }]
    }

    fn ways(&self, _: &dyn Peer) -> Vec<&'static str> {
        vec![""]
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let connections = if bench.short { 40 } else { self.connections };
        let settle = SETTLE[usize::from(bench.short)];
        let server = peer.start(bench.site()?)?;
        // What the first ones make it allocate for good is not what one costs.
        let mut sender = peer.connect(&server, &bench.keys, Name::One(connections))?;
        drop(connect(bench, peer, &server, THREADS)?);
        thread::sleep(settle);
        let before = server.resident();
        let mut idle = connect(bench, peer, &server, connections)?;
        thread::sleep(settle);
        let grown = server.resident().saturating_sub(before);
        let mut faults = Faults::default();
        for (number, client) in idle.iter_mut().enumerate() {
            faults.add(reach(bench, &mut sender, client, number as u32)?);
        }
        Ok(Turn {
            values: vec![grown as f64 / f64::from(connections) / 1e3],
            cpu: None,
            faults,
        })
    }
}

/// Connects so many, in the order of their numbers.
pub(super) fn connect(
    bench: &Bench,
    peer: &dyn Peer,
    server: &Server,
    count: u32,
) -> io::Result<Vec<Client>> {
    let share = count.div_ceil(THREADS);
    let parts = thread::scope(|scope| {
        let one = |thread: u32| {
            let own = thread * share..((thread + 1) * share).min(count);
            own.map(|number| peer.connect(server, &bench.keys, Name::One(number)))
                .collect()
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || one(thread)))
            .collect();
        let panicked = |_| Err(io::Error::other("a connecting thread panicked"));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(panicked))
            .collect::<io::Result<Vec<Vec<Client>>>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}

/// Whether an idle one is still there: it gets a message.
pub(super) fn reach(
    bench: &Bench,
    sender: &mut Client,
    client: &mut Client,
    number: u32,
) -> io::Result<Faults> {
    let mut body = [0; SIZE];
    bench.pattern.fill(number, 0, &mut body);
    sender.aim(Name::One(number))?;
    sender.send(&body);
    sender.flush()?;
    let mut tally = Tally::default();
    let mut came = false;
    while !came {
        client.receive(&mut |what| {
            if let Came::Message(body) = what {
                tally.count(number, bench.pattern.read(body, SIZE));
                came = true;
            }
        })?;
    }
    Ok(tally.faults(1))
}
