//! A question and its answer, one at a time.

use std::{
    io,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::{Measure, Turn, Work};
use crate::{Bench, Came, Client, Name, Peer, Tally};

const SIZE: usize = 128;
const ASKING: u32 = 1;
const ANSWERING: u32 = 2;

/// Round trips of 128 bytes.
pub struct Requests;

impl Work for Requests {
    fn name(&self) -> &'static str {
        "requests"
    }

    fn measures(&self) -> Vec<Measure> {
        let measure = |part: &str| Measure {
            what: format!("request and reply, {SIZE} B, {part}"),
            unit: "µs",
            more: false,
        };
        vec![measure("median"), measure("99th percentile")]
    }

    fn ways(&self, _: &dyn Peer) -> Vec<&'static str> {
        vec![""]
    }

    fn turn(&self, bench: &Bench, peer: &dyn Peer, _: &str) -> io::Result<Turn> {
        let server = peer.start(bench.site()?)?;
        let mut asking = peer.connect(&server, &bench.keys, Name::One(ASKING))?;
        let mut answering = peer.connect(&server, &bench.keys, Name::One(ANSWERING))?;
        asking.aim(Name::One(ANSWERING))?;
        answering.aim(Name::One(ASKING))?;
        let last = AtomicBool::new(false);
        let mut tally = Tally::default();
        let mut sent = 0;
        thread::scope(|scope| {
            let answers = scope.spawn(|| answer(bench, &mut answering, &last));
            let warm = ask(bench, &mut asking, bench.turn / 4, &mut sent, &mut tally);
            let before = server.cpu();
            let times =
                warm.and_then(|_| ask(bench, &mut asking, bench.turn, &mut sent, &mut tally));
            let spent = server.cpu() - before;
            last.store(true, Ordering::Release);
            ask(bench, &mut asking, Duration::ZERO, &mut sent, &mut tally)?;
            let mut faults = tally.faults(sent);
            faults.add(
                answers
                    .join()
                    .map_err(|_| io::Error::other("the answering thread panicked"))??
                    .faults(sent),
            );
            let mut times = times?;
            times.sort();
            let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e6;
            Ok(Turn {
                values: vec![at(50), at(99)],
                cpu: Some(spent.div_f64(times.len() as f64)),
                faults,
            })
        })
    }
}

/// Asks for some time, and at least once; gives how long each answer took.
fn ask(
    bench: &Bench,
    client: &mut Client,
    time: Duration,
    sent: &mut u64,
    tally: &mut Tally,
) -> io::Result<Vec<Duration>> {
    let mut times = Vec::new();
    let mut body = [0; SIZE];
    let began = Instant::now();
    loop {
        bench.pattern.fill(ASKING, *sent, &mut body);
        *sent += 1;
        let asked = Instant::now();
        client.request(&body);
        client.flush()?;
        let mut answered = false;
        while !answered {
            client.receive(&mut |came| {
                if let Came::Message(body) = came {
                    tally.count(ASKING, bench.pattern.read(body, SIZE));
                    answered = true;
                }
            })?;
        }
        times.push(asked.elapsed());
        if began.elapsed() >= time {
            return Ok(times);
        }
    }
}

/// Answers until the last question.
fn answer(bench: &Bench, client: &mut Client, last: &AtomicBool) -> io::Result<Tally> {
    let mut tally = Tally::default();
    let mut bodies = Vec::new();
    loop {
        client.receive(&mut |came| {
            if let Came::Message(body) = came {
                tally.count(ASKING, bench.pattern.read(body, SIZE));
                bodies.extend_from_slice(body);
            }
        })?;
        if !bodies.is_empty() {
            let ended = last.load(Ordering::Acquire);
            client.reply(&bodies);
            client.flush()?;
            bodies.clear();
            if ended {
                return Ok(tally);
            }
        }
    }
}
