//! Messages for one who is away: stored with a confirmation, and taken later with acknowledgements.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{Measure, Turn, Work};
use crate::{Bench, Came, Client, Durable, Faults, Keys, Name, Peer, Server, Tally};

const SIZE: usize = 128;
const OWNER: Name = Name::One(0);

/// How many messages a mailbox is filled with before it is emptied: in a full run, in a short one.
const KEPT: [u64; 2] = [50_000, 500];

/// How many are not confirmed while a mailbox is filled.
const FILLING: u64 = 1000;

/// Each message is confirmed as stored.
pub struct Stored {
    /// How many may wait for that at once.
    pub in_flight: u64,
    /// Whether confirmed messages survive a power cut.
    pub synced: bool,
}

/// A full mailbox is emptied.
pub struct Drain;

impl Work for Stored {
    fn name(&self) -> &'static str {
        "stored"
    }

    fn measures(&self) -> Vec<Measure> {
        let how = if self.synced {
            "and synced"
        } else {
            "but synced later"
        };
        let what = format!("stored {how}, {SIZE} B, {} in flight", self.in_flight);
        vec![Measure {
            what,
            unit: "messages/s",
            more: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        peer.durable()
            .map_or(Vec::new(), |durable| durable.modes(self.synced).to_vec())
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, way: &str) -> io::Result<Turn> {
        let durable = durable(peer)?;
        let server = durable.start(bench.site()?, way)?;
        durable.mailbox(&server, &bench.keys, OWNER, way)?;
        let mut store = Store::connect(bench, durable, &server)?;
        store.run(self.in_flight, |_, time| time < bench.turn / 4)?;
        let (before, cpu) = (store.sent, server.cpu());
        let took = store.run(self.in_flight, |_, time| time < bench.turn)?;
        let count = (store.sent - before) as f64;
        let spent = server.cpu() - cpu;
        let faults = drain(bench, durable, &server, way, store.sent)?;
        Ok(Turn {
            values: vec![count / took.as_secs_f64()],
            cpu: Some(spent.div_f64(count)),
            faults,
        })
    }
}

impl Work for Drain {
    fn name(&self) -> &'static str {
        "drain"
    }

    fn measures(&self) -> Vec<Measure> {
        let what = format!("a mailbox emptied, {SIZE} B");
        vec![Measure {
            what,
            unit: "messages/s",
            more: true,
        }]
    }

    fn ways(&self, peer: &dyn Peer) -> Vec<&'static str> {
        peer.durable()
            .map_or(Vec::new(), |durable| durable.drains().to_vec())
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, way: &str) -> io::Result<Turn> {
        let durable = durable(peer)?;
        let server = durable.start(bench.site()?, way)?;
        durable.mailbox(&server, &bench.keys, OWNER, way)?;
        let count = KEPT[usize::from(bench.short)];
        Store::connect(bench, durable, &server)?.run(FILLING, |sent, _| sent < count)?;
        let cpu = server.cpu();
        let began = Instant::now();
        let faults = drain(bench, durable, &server, way, count)?;
        let took = began.elapsed();
        let spent = server.cpu() - cpu;
        Ok(Turn {
            values: vec![count as f64 / took.as_secs_f64()],
            cpu: Some(spent.div_f64(count as f64)),
            faults,
        })
    }
}

pub(super) fn durable(peer: &dyn Peer) -> io::Result<&dyn Durable> {
    peer.durable()
        .ok_or_else(|| io::ErrorKind::Unsupported.into())
}

/// One who sends to the mailbox.
pub(super) struct Store<'a> {
    bench: &'a Bench,
    client: Client,
    sent: u64,
    stored: u64,
}

impl<'a> Store<'a> {
    pub(super) fn connect(
        bench: &'a Bench,
        durable: &dyn Durable,
        server: &Server,
    ) -> io::Result<Self> {
        let keys: &Keys = &bench.keys;
        let client = durable.sender(server, keys, OWNER)?;
        Ok(Self {
            bench,
            client,
            sent: 0,
            stored: 0,
        })
    }

    /// Sends while it is to go on, by the number sent and the time, and waits until all is confirmed.
    pub(super) fn run(
        &mut self,
        in_flight: u64,
        more: impl Fn(u64, Duration) -> bool,
    ) -> io::Result<Duration> {
        let mut body = [0; SIZE];
        let began = Instant::now();
        loop {
            while self.sent < self.stored + in_flight && more(self.sent, began.elapsed()) {
                self.bench.pattern.fill(0, self.sent, &mut body);
                self.client.send(&body);
                self.sent += 1;
            }
            self.client.flush()?;
            if self.stored == self.sent {
                return Ok(began.elapsed());
            }
            let stored = &mut self.stored;
            self.client.receive(&mut |came| {
                if let Came::Stored(count) = came {
                    *stored += count;
                }
            })?;
        }
    }
}

/// How many messages are stored to fill what a server keeps of them for everybody, the size of each, and how
/// many are stored at once.
const FILL: u64 = 1600;
const LONG: usize = 56 * 1024;
const AT_ONCE: u64 = 4;

/// Stores and takes so much that whatever a server keeps in memory of what was stored last is full.
pub(super) fn fill(
    durable: &dyn Durable,
    server: &Server,
    keys: &Keys,
    owner: Name,
) -> io::Result<()> {
    durable.mailbox(server, keys, owner, "")?;
    let mut sender = durable.sender(server, keys, owner)?;
    let mut stored = 0;
    while stored < FILL {
        stored += store(&mut sender, AT_ONCE, LONG)?;
    }
    let mut recipient = durable.recipient(server, keys, owner, "")?;
    let mut left = stored;
    while left > 0 {
        recipient.receive(&mut |came| left -= u64::from(matches!(came, Came::Message(_))))?;
    }
    Ok(())
}

/// Stores so many messages that nobody looks into, or as many as there is credit for; gives how many.
pub(super) fn store(sender: &mut Client, count: u64, size: usize) -> io::Result<u64> {
    let (body, count) = (vec![0; size], count.min(sender.room()));
    for _ in 0..count {
        sender.send(&body);
    }
    sender.flush()?;
    let mut left = count;
    while left > 0 || sender.room() == 0 {
        sender.receive(&mut |came| {
            if let Came::Stored(count) = came {
                left = left.saturating_sub(count);
            }
        })?;
    }
    Ok(count)
}

/// Takes so many messages, or those that come.
pub(super) fn drain(
    bench: &Bench,
    durable: &dyn Durable,
    server: &Server,
    way: &str,
    count: u64,
) -> io::Result<Faults> {
    let mut client = durable.recipient(server, &bench.keys, OWNER, way)?;
    let mut tally = Tally::default();
    while tally.whole < count {
        let received = client.receive(&mut |came| {
            if let Came::Message(body) = came {
                tally.count(0, bench.pattern.read(body, SIZE));
            }
        });
        match received {
            Err(silent) if silent.kind() == io::ErrorKind::WouldBlock => break,
            received => received?,
        }
    }
    Ok(tally.faults(count))
}
