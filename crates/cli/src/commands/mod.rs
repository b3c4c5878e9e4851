//! The commands of the program, one module each.

mod check;
mod demo;
mod doctor;
mod error;
mod key;
mod router;
mod service;
mod signals;
mod state;
mod transport;

use tokio::runtime::{Builder, Runtime};

use crate::args::{Command, Tuyau};

pub use error::{CommandError, CommandErrorKind};

/// Runs a command to its end.
///
/// # Errors
/// When it fails, or when what it was to find out turned out bad.
pub fn run(args: Tuyau) -> Result<(), CommandError> {
    match args.command {
        Command::Demo(args) => demo::run(args),
        Command::Router(args) => router::run(args),
        Command::Service(args) => service::run(args),
        Command::Key(args) => key::run(args),
        Command::State(args) => state::run(args),
        Command::Check(args) => check::run(args),
        Command::Doctor(args) => doctor::run(args),
    }
}

/// A runtime on this thread: enough for one connection.
fn small_runtime() -> Result<Runtime, CommandError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| CommandError::caused(CommandErrorKind::Runtime, error))
}
