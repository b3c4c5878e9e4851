//! Measures time: throughput, round trips, handshakes, connections, dispatch, and one address that
//! never answers among three. All in one run, in rounds that measure every contender.
//!
//! `--short` makes a run of a few seconds that shows that it works. It judges that every byte arrived,
//! and, as a long run does, that an address that never answers costs about one stagger.

mod cases;
mod parts;
mod race;

use std::{env, process::ExitCode, time::Duration};

use library::{Case, Plan, runtime};
use tokio::runtime::Runtime;

/// How many processes share the rounds of a full run.
const PARTS: usize = 5;

const FULL: Plan = Plan {
    rounds: 13,
    turn: Duration::from_millis(20),
};

const SHORT: Plan = Plan {
    rounds: 3,
    turn: Duration::from_millis(4),
};

fn main() -> ExitCode {
    let has = |option: &str| env::args().any(|argument| argument == option);
    let runtime = runtime();
    let _entered = runtime.enter();
    let mut cases = cases::all();
    if has(parts::PART) {
        measure(&runtime, FULL, &mut cases);
        return code(each(&cases, Case::print_rates));
    }
    let short = has("--short");
    if short {
        measure(&runtime, SHORT, &mut cases);
    } else {
        match parts::run(PARTS, &mut cases) {
            Ok(true) => {}
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => {
                eprintln!("this program cannot be started again: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    print_head(short);
    let whole = each(&cases, Case::print);
    println!();
    let raced = race::run(&runtime, if short { 3 } else { 9 });
    code(whole && raced)
}

fn print_head(short: bool) {
    let (plan, parts) = if short { (SHORT, 1) } else { (FULL, PARTS) };
    println!(
        "{} rounds in {parts} processes, of turns of about {} ms of processor time, which is what\n\
         rates are per second of. Ratios are to the first contender of each kind, round by round:\n\
         their median, and the interval that holds it with 95 %.\n",
        parts * plan.rounds,
        plan.turn.as_millis()
    );
    println!(
        "| what | contender | lower quartile | median | upper quartile | unit | ratio | 95 % |"
    );
    println!("|---|---|---:|---:|---:|---|---:|---|");
}

fn measure(runtime: &Runtime, plan: Plan, cases: &mut [Case]) {
    for case in &mut *cases {
        case.calibrate(runtime, plan.turn);
    }
    for round in 0..plan.rounds {
        for case in &mut *cases {
            case.round(runtime, round);
        }
    }
}

/// Whether it holds for all of them; each is asked.
fn each(cases: &[Case], ask: impl Fn(&Case) -> bool) -> bool {
    cases.iter().map(ask).filter(|holds| !holds).count() == 0
}

fn code(good: bool) -> ExitCode {
    match good {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
