//! What a message costs as routes grow: whom it is for is looked up among all of them each time.

use std::{io, time::Instant};

use super::{Measure, Turn, Work};
use crate::{Bench, Came, Name, Peer, Tally};

const SIZE: usize = 128;

/// How many of those who are registered are connected, and are sent to.
const CONNECTED: u32 = 64;

/// The name of who sends.
const SENDER: u32 = CONNECTED;

/// How many routes there are.
const ROUTES: [(&str, u32); 3] = [
    ("10 routes", 10),
    ("10,000 routes", 10_000),
    ("1,000,000 routes", 1_000_000),
];

/// A message at a time to one of many, chosen anew for each.
pub struct Routes;

impl Work for Routes {
    fn name(&self) -> &'static str {
        "routes"
    }

    fn measures(&self) -> Vec<Measure> {
        vec![Measure {
            what: format!("chosen and sent to, one at a time, {SIZE} B"),
            unit: "messages/s",
            more: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        let known = peer.known().map(|_| ROUTES.map(|(name, _)| name).to_vec());
        known.unwrap_or_default()
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, way: &str) -> io::Result<Turn> {
        let known = peer.known().ok_or(io::ErrorKind::Unsupported)?;
        let routes = ROUTES.iter().find(|(name, _)| *name == way);
        let (_, routes) = routes.ok_or(io::ErrorKind::InvalidInput)?;
        let server = known.start(bench.site()?, *routes)?;
        let connect = |number| peer.connect(&server, &bench.keys, Name::One(number));
        let mut sender = connect(SENDER)?;
        let connected: io::Result<Vec<_>> = (0..CONNECTED).map(connect).collect();
        let mut recipients = connected?;
        let (mut sent, mut tally) = (0_u64, Tally::default());
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut body = [0; SIZE];
        let mut run = |time| {
            let (began, before) = (Instant::now(), sent);
            while began.elapsed() < time {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                let to = (random % u64::from(CONNECTED)) as u32;
                sender.aim(Name::One(to))?;
                bench.pattern.fill(SENDER, sent, &mut body);
                sender.send(&body);
                sender.flush()?;
                sent += 1;
                let mut came = false;
                while !came {
                    recipients[to as usize].receive(&mut |what| {
                        if let Came::Message(body) = what {
                            tally.count(SENDER, bench.pattern.read(body, SIZE));
                            came = true;
                        }
                    })?;
                }
            }
            io::Result::Ok((sent - before, began.elapsed()))
        };
        run(bench.turn / 4)?;
        let before = server.cpu();
        let (count, time) = run(bench.turn)?;
        let spent = server.cpu() - before;
        Ok(Turn {
            values: vec![count as f64 / time.as_secs_f64()],
            cpu: Some(spent.div_f64(count.max(1) as f64)),
            faults: tally.faults(sent),
        })
    }
}
