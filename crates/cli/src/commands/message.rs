//! `tuyau send`, `publish`, `request`, `receive` and `join`: messages from and for a terminal or a
//! script.

mod body;
mod receive;
mod send;

use std::{path::Path, time::Duration};

use tuyau_client::{Session, Settings, identity_file, keyfile};
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::{
    CommandError, CommandErrorKind,
    transport::{self, AGENT},
};
use crate::args::ReachArgs;

pub(super) use receive::{join, receive};
pub(super) use send::{publish, request, send};

/// Connects to the router that the options name.
async fn connect(reach: &ReachArgs, timeout: Option<Duration>) -> Result<Session, CommandError> {
    let router = router_identity(reach)?;
    let key = match &reach.key {
        Some(file) => keyfile::load(file)?,
        None => super::new_key()?,
    };
    let address: Address = reach.router.parse().map_err(unusable)?;
    let stack = transport::stack(&key, None)?;
    let mut settings = Settings::new(key).agent(AGENT)?;
    if let Some(timeout) = timeout {
        settings = settings
            .handshake_deadline(timeout)
            .request_deadline(timeout);
    }
    let session = Session::connect(stack.context(), &address, router, &settings).await;
    session.map_err(|error| match error {
        tuyau_client::OpenError::Connect(error) => error.into(),
        error => CommandError::caused(CommandErrorKind::Connect, error),
    })
}

fn router_identity(reach: &ReachArgs) -> Result<Identity, CommandError> {
    Ok(match &reach.router_identity {
        Some(text) => text.parse()?,
        None => identity_file::read(&reach.router_identity_file)?,
    })
}

fn unusable(error: tuyau_core::AddressError) -> CommandError {
    CommandError::caused(CommandErrorKind::Name, error)
}

/// Whom a word names: an identity, or what a file holds.
fn identity(word: &str) -> Result<Identity, CommandError> {
    let is_identity = word.len() >= 6 && word.as_bytes()[..6].eq_ignore_ascii_case(b"tuyau1");
    match is_identity && !Path::new(word).exists() {
        true => Ok(word.parse()?),
        false => super::key::identity_in(Path::new(word)),
    }
}
