//! How fast clients come: a new connection, TLS, and a registration that the server has confirmed.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use super::{Measure, Turn, Work};
use crate::{Bench, Faults, Name, Peer, Server};

/// How many come at once, so that the machine is busy.
const THREADS: u32 = 4;

/// For how many clients keys are made beforehand.
const PREPARED: u32 = 8192;

/// Connections that are closed as soon as they are registered.
pub struct Connects;

impl Work for Connects {
    fn name(&self) -> &'static str {
        "connects"
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure {
            what: "new connections with registration".to_owned(),
            unit: "/s",
            more: true,
        }]
    }

    fn ways(&self, _: &dyn Peer) -> Vec<&'static str> {
        vec![""]
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        peer.prepare(PREPARED);
        let server = peer.start(bench.site()?)?;
        run(bench, peer, &server, bench.turn / 4)?;
        let before = server.cpu();
        let began = Instant::now();
        let count = run(bench, peer, &server, bench.turn)?;
        let took = began.elapsed();
        let spent = server.cpu() - before;
        Ok(Turn {
            values: vec![f64::from(count) / took.as_secs_f64()],
            cpu: Some(spent.div_f64(f64::from(count))),
            faults: Faults::default(),
        })
    }
}

/// How many connections there were in some time.
fn run(bench: &Bench, peer: &dyn Peer, server: &Server, time: Duration) -> io::Result<u32> {
    let until = Instant::now() + time;
    thread::scope(|scope| {
        let one = |thread: u32| {
            let mut count = 0;
            while Instant::now() < until {
                peer.connect(server, &bench.keys, Name::One(count * THREADS + thread))?;
                count += 1;
            }
            io::Result::Ok(count)
        };
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || one(thread)))
            .collect();
        let panicked = |_| Err(io::Error::other("a connecting thread panicked"));
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(panicked))
            .sum()
    })
}
