//! Measures time: throughput, round trips, handshakes, connections, dispatch, and one address that
//! never answers among three. All in one run, in rounds that measure every contender.
//!
//! `--short` makes a run of a few seconds that shows that it works and judges nothing but that every
//! byte arrived.

mod cases;
mod race;

use std::{env, process::ExitCode, time::Duration};

use library::{Case, Plan, runtime};

fn main() -> ExitCode {
    let short = env::args().any(|argument| argument == "--short");
    let plan = match short {
        true => Plan {
            rounds: 3,
            turn: Duration::from_millis(4),
        },
        false => Plan {
            rounds: 61,
            turn: Duration::from_millis(20),
        },
    };
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut cases = cases::all();
    for case in &mut cases {
        case.calibrate(&runtime, plan.turn);
    }
    for round in 0..plan.rounds {
        for case in &mut cases {
            case.round(&runtime, round);
        }
        eprint!("\rround {} of {}", round + 1, plan.rounds);
    }
    eprintln!();
    println!(
        "{} rounds of turns of about {} ms of processor time, which is what rates are per second of.\n\
         Ratios are to the first contender of each kind, round by round: their median, and the\n\
         interval that holds it with 95 %.\n",
        plan.rounds,
        plan.turn.as_millis()
    );
    println!(
        "| what | contender | lower quartile | median | upper quartile | unit | ratio | 95 % |"
    );
    println!("|---|---|---:|---:|---:|---|---:|---|");
    let whole = cases.iter().map(Case::print).filter(|whole| !whole).count() == 0;
    println!();
    let raced = race::run(&runtime, if short { 1 } else { 9 });
    match whole && raced {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
