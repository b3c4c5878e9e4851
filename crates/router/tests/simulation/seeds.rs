//! Many seeds, and again the one that failed.
//!
//! - `TUYAU_SIMULATION_SEED=7` runs that one and prints what happened.
//! - `TUYAU_SIMULATION_SEEDS=1000..50000` runs a range; the long form.
//! - Without either, seeds are run until the time for the short form is over.

use std::{
    env,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    oracle::Counts,
    plan::Plan,
    trace::lock,
    world::{Outcome, run},
};

/// How long the short form takes.
const SHORT: Duration = Duration::from_secs(20);

/// How much of a trace is printed when many seeds are run: its end, in lines.
const LINES: usize = 400;

/// Runs what the environment asks for, and panics at the first seed that fails.
#[expect(
    clippy::print_stdout,
    reason = "the trace of a seed, and how many were run"
)]
pub(crate) fn run_all() {
    if let Ok(seed) = env::var("TUYAU_SIMULATION_SEED") {
        let seed = seed.parse().expect("TUYAU_SIMULATION_SEED is a number");
        let outcome = run(Plan::new(seed), true);
        println!("{}", outcome.trace.join("\n"));
        return assert!(
            outcome.objections.is_empty(),
            "{}",
            outcome.objections.join("\n")
        );
    }
    let range = env::var("TUYAU_SIMULATION_SEEDS").ok();
    let (first, last, time) = match range.as_deref().and_then(|range| range.split_once("..")) {
        Some((first, last)) => (number(first), number(last), Duration::MAX),
        None => (0, u64::MAX, SHORT),
    };
    let begin = Instant::now();
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let (failed, total) = (Mutex::new(Vec::new()), Mutex::new((0, Counts::default())));
    let work = || {
        while !stop.load(Relaxed) && begin.elapsed() < time {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= last {
                return;
            }
            let outcome = run(Plan::new(seed), false);
            let mut total = lock(&total);
            total.0 += 1;
            add(&mut total.1, &outcome.counts);
            if !outcome.objections.is_empty() {
                lock(&failed).push(seed);
                stop.store(env::var_os("TUYAU_SIMULATION_GO_ON").is_none(), Relaxed);
            }
        }
    };
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, Into::into);
        (0..threads).for_each(|_| drop(scope.spawn(work)));
    });
    let (runs, counts) = *lock(&total);
    println!(
        "{runs} seeds from {first} on in {:?}: {counts:?}",
        begin.elapsed()
    );
    let mut failed = std::mem::take(&mut *lock(&failed));
    failed.sort_unstable();
    if let Some(seed) = failed.first() {
        let outcome = run(Plan::new(*seed), true);
        panic!("{}\nseeds that failed: {failed:?}", report(*seed, &outcome));
    }
}

/// What a person is told about a seed that failed.
pub(crate) fn report(seed: u64, outcome: &Outcome) -> String {
    let (trace, objections) = (&outcome.trace, outcome.objections.join("\n"));
    let from = trace.len().saturating_sub(LINES);
    let lines = trace[from..].join("\n");
    format!(
        "{lines}\n\nseed {seed}:\n{objections}\n\nall of it, again: TUYAU_SIMULATION_SEED={seed} \
         cargo test -p tuyau-router --test simulation whatever_fails -- --nocapture"
    )
}

fn number(text: &str) -> u64 {
    text.parse()
        .expect("TUYAU_SIMULATION_SEEDS is a range, such as 0..10000")
}

fn add(total: &mut Counts, more: &Counts) {
    total.sessions += more.sessions;
    total.sent += more.sent;
    total.delivered += more.delivered;
    total.redelivered += more.redelivered;
    total.receipts += more.receipts;
    total.refused += more.refused;
    total.replied += more.replied;
    total.missed += more.missed;
}
