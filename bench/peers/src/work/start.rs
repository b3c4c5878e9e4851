//! How long a server takes from the start of its process to the first connection.

use std::io;

use super::{Measure, Turn, Work};
use crate::{Bench, Faults, Peer};

/// How often it is started in one turn: in a full run, in a short one.
const STARTS: [usize; 2] = [5, 1];

/// Starts with an empty state.
pub struct Start;

impl Work for Start {
    fn name(&self) -> &'static str {
        "start"
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure {
            what: "start to first connection, empty state".to_owned(),
            unit: "ms",
            more: false,
        }]
    }

    fn ways(&self, _: &dyn Peer) -> Vec<&'static str> {
        vec![""]
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let starts = STARTS[usize::from(bench.short)];
        let mut times = Vec::new();
        for _ in 0..starts {
            times.push(peer.start(bench.site()?)?.ready_after);
        }
        times.sort();
        Ok(Turn {
            values: vec![times[starts / 2].as_secs_f64() * 1e3],
            cpu: None,
            faults: Faults::default(),
        })
    }
}
