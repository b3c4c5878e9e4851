//! The documents tell the truth: their commands run and print what the documents say, their links
//! lead somewhere, what they say of `.ci/run` is in it, and the tests that they name are there.
//!
//! A fenced block that begins with `console` is a terminal. Lines that begin with `$ ` are commands,
//! the other ones what they print; `…` stands for any text within a line, or for any lines where it
//! stands alone. A word after `console` says how the block is run:
//!
//! - none: each command runs to its end, succeeds, and prints exactly those lines;
//! - `fails`: the same, but with exit code 1;
//! - `serve`: the command keeps running until the document ends. The first line must appear before
//!   the next block runs, the others later, in this order; other lines may stand between them. After
//!   a line `^C` the command is interrupted and must succeed;
//! - `ci`: the commands are not run here, they must stand in `.ci/run`;
//! - `by-hand`: the commands are not run. The document says why.
#![cfg(unix)]

mod block;
mod evidence;
mod files;
mod pattern;
mod ports;
mod proofs;
mod run;
mod server;
mod stage;
mod surface;

use std::fs;

use block::Mode;
use run::{blocks, run};

/// The documents whose terminals are run; those of the pages on identity and authorities, which want
/// OpenSSL, by `other_programs`.
const RUN: [&str; 8] = [
    README,
    CONTRIBUTING,
    QUICK_START,
    PROGRAM,
    IDENTITY,
    AUTHORITY,
    POLICY,
    TROUBLESHOOTING,
];
const README: &str = "README.md";
const CONTRIBUTING: &str = "CONTRIBUTING.md";
const QUICK_START: &str = "docs/book/quick-start.md";
const PROGRAM: &str = "docs/book/program.md";
const IDENTITY: &str = "docs/book/identity.md";
const AUTHORITY: &str = "docs/book/authority.md";
const POLICY: &str = "docs/book/policy.md";
const TROUBLESHOOTING: &str = "docs/book/troubleshooting.md";

#[test]
fn the_readme_does_what_it_says() {
    run(README);
}

#[test]
fn the_page_for_contributors_does_what_it_says() {
    run(CONTRIBUTING);
}

#[test]
fn the_quick_start_does_what_it_says() {
    run(QUICK_START);
}

#[test]
fn the_page_on_the_program_does_what_it_says() {
    run(PROGRAM);
}

#[test]
fn the_page_on_the_access_policy_does_what_it_says() {
    run(POLICY);
}

#[test]
fn the_page_on_troubles_does_what_it_says() {
    run(TROUBLESHOOTING);
}

#[test]
fn every_terminal_is_run_or_says_why_not() {
    for document in files::documents() {
        if RUN.contains(&&*document) {
            continue;
        }
        for block in blocks(&document) {
            let excused = matches!(block.mode, Mode::Ci | Mode::ByHand);
            assert!(excused, "{}: no test runs this document", block.place);
        }
    }
}

#[test]
fn commands_that_the_documents_leave_to_ci_stand_in_its_script() {
    let script = fs::read_to_string(files::root().join(".ci/run")).expect("the script is there");
    let script: Vec<_> = script.lines().map(str::trim).collect();
    for block in files::documents()
        .iter()
        .flat_map(|document| blocks(document))
    {
        if block.mode != Mode::Ci {
            continue;
        }
        for step in &block.steps {
            let command = &*step.command;
            let found = script.iter().any(|line| {
                // The script may take the output of a command, or give a step's own numbers.
                line.strip_prefix(command)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
            });
            assert!(found, "{}: `{command}` is not in .ci/run", block.place);
        }
    }
}

#[test]
fn the_readme_opens_with_the_two_commands_that_matter() {
    let blocks = blocks(README);
    let commands = blocks
        .iter()
        .flat_map(|block| &block.steps)
        .map(|step| &*step.command);
    let first: Vec<_> = commands.take(2).collect();
    assert_eq!(
        first,
        ["cargo run --release -- demo", "cargo test --workspace"]
    );
}

#[test]
fn links_between_files_lead_somewhere() {
    for document in files::documents() {
        for link in files::links(&document) {
            assert!(
                link.target.exists(),
                "{document}: nothing is at {}",
                link.text
            );
        }
    }
}

#[test]
fn the_summary_lists_every_page_of_the_book() {
    let summary = "docs/book/SUMMARY.md";
    let listed: Vec<_> = files::links(summary)
        .into_iter()
        .map(|link| link.text)
        .collect();
    for document in files::documents() {
        if let Some(page) = document
            .strip_prefix("docs/book/")
            .filter(|_| document != summary)
        {
            assert!(
                listed.iter().any(|link| link == page),
                "{summary} does not list {page}"
            );
        }
    }
}
