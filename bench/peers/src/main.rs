//! Routers under the same load: `peers run [--short] [--plain] [--only PEER,…] [--work WORK,…]
//! [--rounds N] [--turn MILLISECONDS]`, or `peers list`.
//!
//! Prints a table and writes nothing. Every turn has a server of its own that starts empty. One load
//! generator speaks the protocol of each router, with the same buffers and threads, and checks every message:
//! a contender that lost, doubled, reordered or damaged one has no figures.
//!
//! To add a router, see `peer.rs`; to add work, `work.rs`.

mod bench;
mod body;
mod driver;
mod flood;
mod keys;
mod peer;
mod poll;
mod server;
mod table;
mod wire;
mod work;

use std::{env, fs, io, process::ExitCode, time::Duration};

use bench::{Bench, installed};
use body::{Faults, Pattern, Tally};
use keys::{Files, Keys};
use peer::{Bounded, Budget, Came, Client, Codec, Durable, Known, Name, Peer, Role};
use poll::Poll;
use server::{Server, Site};
use table::Section;
use wire::Wire;

fn main() -> ExitCode {
    let result = match env::args().nth(1).as_deref() {
        Some("run") => options().and_then(run),
        Some("list") => {
            list();
            Ok(true)
        }
        _ => Err(io::Error::other("say `run` or `list`")),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("peers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line asks for.
struct Options {
    only: Option<Vec<String>>,
    work: Option<Vec<String>>,
    rounds: usize,
    turn: Duration,
    short: bool,
    tls: bool,
}

fn options() -> io::Result<Options> {
    let mut options = Options {
        only: None,
        work: None,
        rounds: 5,
        turn: Duration::from_millis(1000),
        short: false,
        tls: true,
    };
    let mut words = env::args().skip(2);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .ok_or_else(|| io::Error::other(format!("{word} needs a value")))
        };
        let number = |text: String| text.parse::<usize>().map_err(io::Error::other);
        let names = |text: String| Some(text.split(',').map(str::to_owned).collect());
        match word.as_str() {
            "--short" => {
                (options.short, options.rounds, options.turn) = (true, 1, Duration::from_millis(60))
            }
            "--plain" => options.tls = false,
            "--only" => options.only = names(value()?),
            "--work" => options.work = names(value()?),
            "--rounds" => options.rounds = number(value()?)?.max(1),
            "--turn" => options.turn = Duration::from_millis(number(value()?)? as u64),
            _ => return Err(io::Error::other(format!("there is no option {word}"))),
        }
    }
    Ok(options)
}

fn list() {
    for peer in driver::all() {
        let version = peer.version().unwrap_or_else(|| "not installed".to_owned());
        println!("{}: {version}", peer.name());
    }
    for work in work::all() {
        for measure in work.measures() {
            println!("{}: {}, {}", work.name(), measure.what, measure.unit);
        }
    }
}

/// Whether a part of a name was asked for.
fn wanted(names: &Option<Vec<String>>, name: &str) -> bool {
    let matches = |wanted: &String| name.contains(wanted.as_str());
    names.as_ref().is_none_or(|names| names.iter().any(matches))
}

fn run(options: Options) -> io::Result<bool> {
    let bench = Bench::new(options.turn, options.short, options.tls)?;
    let peers = driver::all();
    let mut present: Vec<&dyn Peer> = Vec::new();
    for peer in peers
        .iter()
        .filter(|peer| wanted(&options.only, peer.name()))
    {
        match peer.version() {
            Some(version) => {
                println!("- {} {version}", peer.name());
                present.push(&**peer);
            }
            None => println!("- {}: not installed", peer.name()),
        }
    }
    print_machine(&options);
    let works = work::all();
    let works = works.iter().filter(|work| {
        let mut measures = work.measures().into_iter();
        wanted(&options.work, work.name())
            || measures.any(|measure| wanted(&options.work, &measure.what))
    });
    let mut sections: Vec<_> = works.map(|work| Section::new(&**work, &present)).collect();
    for round in 0..options.rounds {
        for section in &mut sections {
            section.round(&bench, round);
        }
        eprintln!("round {} of {}", round + 1, options.rounds);
    }
    println!("{}", table::HEAD);
    for row in sections.iter().flat_map(Section::rows) {
        println!("{row}");
    }
    let mut whole = sections.iter().all(Section::is_whole);
    println!();
    for verdict in sections.iter().flat_map(|it| it.verdicts(options.short)) {
        println!("- {}", verdict.text);
        whole &= verdict.holds;
    }
    Ok(whole)
}

fn print_machine(options: &Options) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let count = processors
        .lines()
        .filter(|line| line.starts_with("processor"))
        .count();
    let kernel = read("/proc/sys/kernel/osrelease");
    let Options {
        rounds, turn, tls, ..
    } = options;
    println!(
        "\n{count} processors ({}), Linux {}; {rounds} rounds of turns of {} ms, {}.\n",
        model.unwrap_or("unknown"),
        kernel.trim(),
        turn.as_millis(),
        if *tls {
            "TLS 1.3 on both legs"
        } else {
            "without TLS"
        }
    );
}
