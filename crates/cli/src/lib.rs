//! The parts of the program `tuyau`, as a library so that tests and fuzzing reach them.
//!
//! [`main`] reads the command line ([`args`]) and runs one of the [`commands`].

pub mod args;
mod clock;
pub mod commands;
pub mod config;
pub mod demo;
mod files;
pub mod output;
mod plural;
mod printable;

use std::process::ExitCode;

/// Runs the program: exit code 0 for success, 1 for failure, 2 for a wrong command line.
pub fn main() -> ExitCode {
    match commands::run(args::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(text) = error.text() {
                output::complain(format_args!("error: {text}"));
            }
            ExitCode::FAILURE
        }
    }
}
