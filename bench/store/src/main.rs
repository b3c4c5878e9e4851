//! The router's own log beside embedded stores, at the work of mailboxes.
//!
//! `store [--rounds N] [--records N] [--short]` prints one table. All stores do the same work in one
//! run, in turns; what is shown are medians. `store --damage` prints what flipped bits and sectors
//! that were not written cost. A store is opened anew for each work, each commit is synced.

mod damage;
mod stores;
mod table;
mod work;

use std::{env, process::ExitCode};

type Error = Box<dyn std::error::Error>;
type Result<T> = std::result::Result<T, Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match &words[..] {
        ["--fill", name, path, count] => work::fill(name, path.as_ref(), count),
        ["--check", name, path] => damage::check(name, path.as_ref()),
        ["--damage"] => damage::run(200),
        options => work::Options::parse(options).and_then(|options| work::run(&options)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("store: {error}");
            ExitCode::FAILURE
        }
    }
}
