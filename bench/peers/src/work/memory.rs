//! What the server needs at most, with many clients of whom some do not read.

use std::{io, thread};

use super::{
    Bound, Measure, Turn, Work,
    idle::{SETTLE, connect, reach},
    stalled::{bounded, fill},
};
use crate::{Bench, Budget, Client, Faults, Name, Peer};

/// How many clients there are: in a full run, in a short one.
const CLIENTS: [u32; 2] = [5000, 40];

/// One of so many does not read.
const PART: u32 = 10;

/// What each of them may cost: what our router has when nothing is configured.
const BUDGET: Budget = Budget {
    queue: 1 << 20,
    credit: 1 << 16,
};

/// What is published, in messages and in bytes of each, so that it is more than waits for a member and lies
/// in the buffers of the system.
const PUBLISHED: u64 = 1500;
const SIZE: usize = 8 * 1024;

const GROUP: u32 = 0;

/// Clients of whom a tenth are sent to and do not read: half of these as members of a group, half of them
/// single messages.
pub struct Memory;

impl Work for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |what: &str, unit| Measure {
            what: what.to_owned(),
            unit,
            more: false,
        };
        let [clients, _] = CLIENTS;
        let some = clients / PART;
        vec![
            measure(&format!("resident with {clients} connections"), "MB"),
            measure(&format!("resident when {some} of them do not read"), "MB"),
            measure("what that may be: the first, and their budgets", "MB"),
            measure("resident, of what it may be", "%"),
        ]
    }

    fn bounds(&self) -> Vec<Bound> {
        vec![Bound {
            measure: 3,
            most: 100.0,
            full: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        peer.bounded().map_or(Vec::new(), |_| vec![""])
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let count = CLIENTS[usize::from(bench.short)];
        let settle = SETTLE[usize::from(bench.short)];
        let server = bounded(peer)?.start(bench.site()?, BUDGET)?;
        let mut sender = peer.connect(&server, &bench.keys, Name::One(count))?;
        let mut clients = connect(bench, peer, &server, count)?;
        let slow = count / PART;
        let members = slow / 2;
        for member in &mut clients[..members as usize] {
            member.join(GROUP)?;
        }
        thread::sleep(settle);
        let before = server.resident();

        sender.aim(Name::Group(GROUP))?;
        publish(bench, &mut sender, count)?;
        for number in members..slow {
            sender.aim(Name::One(number))?;
            fill(bench, &mut sender, count)?;
        }
        let resident = server.resident();
        let bound = before + u64::from(slow) * BUDGET.queue;

        let mut faults = Faults::default();
        for number in slow..count {
            let client = &mut clients[number as usize];
            faults.add(reach(bench, &mut sender, client, number)?);
        }
        let [before, resident, bound] = [before, resident, bound].map(|bytes| bytes as f64 / 1e6);
        Ok(Turn {
            values: vec![before, resident, bound, 100.0 * resident / bound],
            cpu: None,
            faults,
        })
    }
}

/// Sends to the group as long as it takes that no more fits for who does not read.
fn publish(bench: &Bench, sender: &mut Client, number: u32) -> io::Result<()> {
    let mut body = vec![0; SIZE];
    for sequence in 0..PUBLISHED {
        bench.pattern.fill(number, sequence, &mut body);
        sender.make_room(1)?;
        sender.send(&body);
        sender.flush()?;
    }
    Ok(())
}
