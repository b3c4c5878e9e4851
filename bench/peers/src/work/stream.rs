//! As many messages as go through: one to one, one to a group, many to many.

use std::io;

use super::{Measure, Turn, Work};
use crate::{
    Bench, Peer,
    flood::{Flood, Shape},
};

/// Messages of one size between senders and recipients.
pub struct Stream {
    /// On the command line.
    pub name: &'static str,
    /// Who sends to whom.
    pub shape: Shape,
    /// The size of a body, in bytes.
    pub size: usize,
}

impl Work for Stream {
    fn name(&self) -> &'static str {
        self.name
    }

    fn measures(&self) -> Vec<Measure> {
        let size = match self.size {
            size if size % 1024 == 0 => format!("{} KiB", size / 1024),
            size => format!("{size} B"),
        };
        let (what, unit) = match self.shape {
            Shape::Pairs(1) => (format!("1 to 1, {size}"), "messages/s"),
            Shape::Pairs(count) => (
                format!("{count} senders to {count} recipients, {size}"),
                "messages/s",
            ),
            Shape::Group(members) => (format!("1 to {members}, {size}"), "deliveries/s"),
        };
        vec![Measure {
            what,
            unit,
            more: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        let grouped = matches!(self.shape, Shape::Group(_));
        let fits = self.size <= peer.longest() && (!grouped || peer.has_groups());
        if fits { vec![""] } else { Vec::new() }
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let server = peer.start(bench.site()?)?;
        let mut flood = Flood::connect(bench, peer, &server, self.shape, self.size)?;
        flood.run(bench.turn / 4)?;
        let before = server.cpu();
        let (deliveries, time) = flood.run(bench.turn)?;
        let spent = server.cpu() - before;
        Ok(Turn {
            values: vec![deliveries as f64 / time.as_secs_f64()],
            cpu: Some(spent.div_f64(deliveries.max(1) as f64)),
            faults: flood.faults(),
        })
    }
}
