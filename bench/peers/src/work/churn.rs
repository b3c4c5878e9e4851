//! Whether the server needs more and more while clients come and go.

use std::{io, thread};

use super::{
    Bound, Measure, Turn, Work,
    idle::SETTLE,
    kept::{Store, drain, durable, fill},
};
use crate::{Bench, Came, Client, Faults, Name, Peer, Server, Tally};

/// How many rounds there are, a multiple of three: in a full run, in a short one.
const ROUNDS: [usize; 2] = [300, 3];

/// How many pairs come in a round: in a full run, in a short one.
const PAIRS: [u32; 2] = [40, 4];

/// How many groups they join.
const GROUPS: u32 = 16;

/// Whose mailbox is filled and emptied beforehand.
const FILLED: Name = Name::One(2);

/// The first number of those who come; the ones below have mailboxes.
const FIRST: u32 = 100;

/// How many messages are kept in a round.
const KEPT: u64 = 200;

/// How much more than in the middle third of the rounds may be resident in the last one, in percent.
const NOISE: f64 = 102.0;

const SIZE: usize = 1024;

/// Clients that come, join groups, send, and go; and messages that are kept and taken.
pub struct Churn;

impl Work for Churn {
    fn name(&self) -> &'static str {
        "memory churn"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |what: String, unit| Measure {
            what,
            unit,
            more: false,
        };
        let third = |name: &str| {
            let rounds = ROUNDS[0];
            measure(
                format!("resident in the {name} third of {rounds} rounds"),
                "MB",
            )
        };
        vec![
            third("first"),
            third("middle"),
            third("last"),
            measure("the last third, of the middle one".to_owned(), "%"),
        ]
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound {
            measure: 3,
            most: NOISE,
            full: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        match (peer.bounded(), peer.durable()) {
            (Some(_), Some(_)) => vec![""],
            _ => Vec::new(),
        }
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let short = usize::from(bench.short);
        let server = peer.start(bench.site()?)?;
        if !bench.short {
            fill(durable(peer)?, &server, &bench.keys, FILLED)?;
        }
        let mut faults = Faults::default();
        let mut resident = Vec::new();
        for _ in 0..ROUNDS[short] {
            faults.add(round(bench, peer, &server, PAIRS[short])?);
            thread::sleep(SETTLE[1]);
            resident.push(server.resident() as f64 / 1e6);
        }
        let thirds = resident.chunks(resident.len() / 3);
        let mut values: Vec<f64> = thirds
            .map(|third| third.iter().sum::<f64>() / third.len() as f64)
            .collect();
        values.push(100.0 * values[2] / values[1]);
        Ok(Turn {
            values,
            cpu: None,
            faults,
        })
    }
}

/// Some pairs come, say something to each other, directly and in a group, and go; then messages are kept for
/// one who is away, and taken.
fn round(bench: &Bench, peer: &dyn Peer, server: &Server, pairs: u32) -> io::Result<Faults> {
    let mut faults = Faults::default();
    for pair in 0..pairs {
        let (own, other) = (FIRST + 2 * pair, FIRST + 2 * pair + 1);
        let mut one = peer.connect(server, &bench.keys, Name::One(own))?;
        let mut two = peer.connect(server, &bench.keys, Name::One(other))?;
        one.join(pair % GROUPS)?;
        two.join(pair % GROUPS)?;
        let mut tally = Tally::default();
        let targets = [Name::One(other), Name::Group(pair % GROUPS)];
        for (sequence, target) in targets.into_iter().enumerate() {
            one.aim(target)?;
            say(
                bench,
                &mut one,
                &mut two,
                (own, sequence as u64),
                &mut tally,
            )?;
        }
        faults.add(tally.faults(targets.len() as u64));
    }
    let durable = durable(peer)?;
    Store::connect(bench, durable, server)?.run(KEPT, |sent, _| sent < KEPT)?;
    faults.add(drain(bench, durable, server, "", KEPT)?);
    Ok(faults)
}

/// One message that the other one waits for.
fn say(
    bench: &Bench,
    from: &mut Client,
    to: &mut Client,
    (sender, sequence): (u32, u64),
    tally: &mut Tally,
) -> io::Result<()> {
    let mut body = vec![0; SIZE];
    bench.pattern.fill(sender, sequence, &mut body);
    from.send(&body);
    from.flush()?;
    let mut came = false;
    while !came {
        to.receive(&mut |what| {
            if let Came::Message(body) = what {
                tally.count(sender, bench.pattern.read(body, SIZE));
                came = true;
            }
        })?;
    }
    Ok(())
}
