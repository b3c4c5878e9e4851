//! `tuyau send`, `publish`, `request`, `receive` and `join`: messages from and for a terminal or a
//! script.

mod body;
mod link;
mod receive;
mod send;

use std::{path::Path, time::Duration};

use tuyau::stack::Stack;
use tuyau_client::{OpenError, RouterIdentity, Session, Settings, keyfile};
use tuyau_core::Address;
use tuyau_wire::Identity;

use super::{
    CommandError, CommandErrorKind,
    transport::{self, AGENT},
};
use crate::args::{ReachArgs, ViaArgs};

pub(super) use receive::{join, receive};
pub(super) use send::{publish, request, send};

/// What it takes to connect to the router that the options name.
struct Way {
    stack: Stack,
    settings: Settings,
    address: Address,
    router: RouterIdentity,
    /// As whom.
    identity: Identity,
}

impl Way {
    fn new(via: &ViaArgs) -> Result<Self, CommandError> {
        let router = match &via.router_identity {
            Some(text) => RouterIdentity::Known(text.parse()?),
            None => RouterIdentity::File(via.router_identity_file.clone()),
        };
        // A file that is missing is told before anything else is done.
        router.current()?;
        let key = match &via.key {
            Some(file) => keyfile::load(file)?,
            None => super::new_key()?,
        };
        Ok(Self {
            identity: key.identity(),
            address: via.router.parse().map_err(unusable)?,
            stack: transport::stack(&key, None)?,
            settings: Settings::new(key).agent(AGENT)?,
            router,
        })
    }
}

/// Connects to the router that the options name.
async fn connect(reach: &ReachArgs, timeout: Option<Duration>) -> Result<Session, CommandError> {
    connect_via(&reach.via, timeout).await
}

/// Connects to the router that the options name.
pub(super) async fn connect_via(
    via: &ViaArgs,
    timeout: Option<Duration>,
) -> Result<Session, CommandError> {
    let Way {
        stack,
        mut settings,
        address,
        router,
        ..
    } = Way::new(via)?;
    if let Some(timeout) = timeout {
        settings = settings
            .handshake_deadline(timeout)
            .request_deadline(timeout);
    }
    let router = router.current()?;
    let session = Session::connect(stack.context(), &address, router, &settings).await;
    session.map_err(not_open)
}

/// Why there is no session.
fn not_open(error: OpenError) -> CommandError {
    match error {
        OpenError::Connect(error) => error.into(),
        error => CommandError::caused(CommandErrorKind::Connect, error),
    }
}

fn unusable(error: tuyau_core::AddressError) -> CommandError {
    CommandError::caused(CommandErrorKind::Name, error)
}

/// Whom a word names: an identity, or what a file holds.
pub(super) fn identity(word: &str) -> Result<Identity, CommandError> {
    let is_identity = word.len() >= 6 && word.as_bytes()[..6].eq_ignore_ascii_case(b"tuyau1");
    match is_identity && !Path::new(word).exists() {
        true => Ok(word.parse()?),
        false => super::key::identity_in(Path::new(word)),
    }
}
