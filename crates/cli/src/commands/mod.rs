//! The commands of the program, one module each.

mod attempts;
mod check;
mod connect;
mod decode;
mod demo;
mod doctor;
mod error;
mod flow_info;
mod group;
mod key;
mod message;
mod policy;
mod router;
mod service;
mod signals;
mod state;
mod transport;

use std::path::{Path, PathBuf};

use tokio::runtime::{Builder, Runtime};
use tuyau_client::identity_file;
use tuyau_wire::{Identity, SecretKey, SecretKeyError};

use crate::{
    args::{AdminArgs, Command, Tuyau},
    config::{RouterConfig, Sources},
};

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
        Command::Policy(args) => policy::run(args),
        Command::Doctor(args) => doctor::run(args),
        Command::Connect(args) => connect::run(*args),
        Command::Send(args) => message::send(*args),
        Command::Receive(args) => message::receive(*args),
        Command::Join(args) => message::join(*args),
        Command::Publish(args) => message::publish(*args),
        Command::Group(args) => group::run(args),
        Command::Request(args) => message::request(*args),
        Command::Decode(args) => decode::run(args),
    }
}

/// A runtime on this thread: enough for one connection.
fn small_runtime() -> Result<Runtime, CommandError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(|error| CommandError::caused(CommandErrorKind::Runtime, error))
}

/// The admin socket of the router that is meant.
fn admin_socket(args: AdminArgs) -> Result<PathBuf, CommandError> {
    if let Some(socket) = args.socket {
        return Ok(socket);
    }
    let mut sources = Sources::new().with_environment();
    if let Some(file) = args.config {
        sources = sources.with_file(file);
    }
    Ok(RouterConfig::load(&sources)?.admin_socket)
}

/// Whom the options `--identity` and `--identity-file` name, if anyone.
fn expected_identity(
    text: Option<&str>,
    file: Option<&Path>,
) -> Result<Option<Identity>, CommandError> {
    match (text, file) {
        (Some(text), _) => Ok(Some(text.parse()?)),
        (None, Some(file)) => Ok(Some(identity_file::read(file)?)),
        (None, None) => Ok(None),
    }
}

/// A key that is used once.
fn new_key() -> Result<SecretKey, CommandError> {
    let random = |error: SecretKeyError| CommandError::caused(CommandErrorKind::Runtime, error);
    SecretKey::generate().map_err(random)
}
