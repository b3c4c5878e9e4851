//! What is measured, one file for each kind of work.

mod churn;
mod connects;
mod idle;
mod kept;
mod memory;
mod requests;
mod routes;
mod stalled;
mod start;
mod stream;

use std::{io, time::Duration};

use crate::{Bench, Faults, Peer, flood::Shape};

/// Something that every peer does in turn.
pub trait Work {
    /// What it is called on the command line.
    fn name(&self) -> &'static str;

    /// What is measured; a turn has a value for each.
    fn measures(&self) -> Vec<Measure>;

    /// What was promised about them.
    fn bounds(&self) -> Vec<Bound> {
        Vec::new()
    }

    /// The ways in which a peer does it, each a contender of its own; none when it cannot.
    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str>;

    /// Does it once, with a server of its own.
    ///
    /// # Errors
    /// When something breaks; what is lost or damaged stands in the turn.
    fn turn(&self, bench: &Bench, peer: &dyn Peer, way: &str) -> io::Result<Turn>;
}

/// One row of figures for each contender.
#[derive(Clone)]
pub struct Measure {
    /// What it is.
    pub what: String,
    /// Its unit.
    pub unit: &'static str,
    /// Whether more is better.
    pub more: bool,
}

/// What a measure may be at most.
pub struct Bound {
    /// Its place among the measures.
    pub measure: usize,
    /// The most that it may be.
    pub most: f64,
    /// Whether full runs alone are judged by it: it is about times, or what counts little in them counts much
    /// in short ones.
    pub full: bool,
}

/// What came out of a turn.
pub struct Turn {
    /// A value for each measure.
    pub values: Vec<f64>,
    /// The server's processor time for each unit of work.
    pub cpu: Option<Duration>,
    /// Anything that makes the values worthless.
    pub faults: Faults,
}

/// All of them, in the order of the tables.
pub fn all() -> Vec<Box<dyn Work>> {
    let one = Shape::Pairs(1);
    let ten = Shape::Group(10);
    let hundred = Shape::Pairs(100);
    let streams = [
        ("unicast", one, 16),
        ("unicast", one, 128),
        ("unicast", one, 1024),
        ("unicast", one, 64 * 1024),
        ("group", ten, 128),
        ("group", ten, 1024),
        ("pairs", hundred, 128),
    ];
    let mut all: Vec<Box<dyn Work>> = Vec::new();
    for (name, shape, size) in streams {
        all.push(Box::new(stream::Stream { name, shape, size }));
    }
    all.push(Box::new(requests::Requests));
    for synced in [true, false] {
        for in_flight in [1, 256] {
            all.push(Box::new(kept::Stored { in_flight, synced }));
        }
    }
    all.push(Box::new(kept::Drain));
    for connections in [1000, 5000] {
        all.push(Box::new(idle::Idle { connections }));
    }
    all.push(Box::new(memory::Memory));
    all.push(Box::new(churn::Churn));
    all.push(Box::new(stalled::Stalled));
    all.push(Box::new(connects::Connects));
    all.push(Box::new(routes::Routes));
    all.push(Box::new(start::Start));
    all
}
