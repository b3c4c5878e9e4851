//! The client of the admin socket.

use std::{
    error::Error,
    fmt,
    path::{Path, PathBuf},
};

use tuyau::unix;
use tuyau_core::{AnyFlow, Attempt, BoxError, Protocol};
use tuyau_wire::Identity;

use super::{
    message::{Request, Response},
    read_message, write_message,
};
use crate::{
    View,
    policy::{Policy, Replaced},
};

/// Talks to a running router over its admin socket.
#[derive(Debug)]
pub struct AdminClient {
    flow: AnyFlow,
    input: Vec<u8>,
    path: PathBuf,
}

/// Why a router could not be talked to over its admin socket.
#[derive(Debug)]
pub struct AdminError {
    kind: AdminErrorKind,
    path: PathBuf,
    source: Option<BoxError>,
}

/// The kinds of [`AdminError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AdminErrorKind {
    /// The socket cannot be opened: no router runs there, or it is another user's.
    Connect,
    /// The connection broke, or what came is not of this version.
    Broken,
    /// The router refused, and says why.
    Refused(String),
}

impl AdminClient {
    /// Connects to the socket.
    ///
    /// # Errors
    /// When no router listens there.
    pub async fn connect(path: &Path) -> Result<Self, AdminError> {
        let fail = |source: BoxError| AdminError {
            kind: AdminErrorKind::Connect,
            path: path.to_owned(),
            source: Some(source),
        };
        let protocol = unix::Unix;
        let attempt = Attempt::new(unix::Unix::STAGE);
        let flow = protocol.connect(&path.to_owned(), &attempt).await;
        let flow = AnyFlow::new(flow.map_err(|error| fail(error.into()))?);
        Ok(Self {
            flow,
            input: Vec::new(),
            path: path.to_owned(),
        })
    }

    /// The state, with up to `count` rows of the table from row `first` on.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn view(&mut self, first: usize, count: usize) -> Result<View, AdminError> {
        match self.ask(&Request::View { first, count }).await? {
            Response::View(view) => Ok(view),
            _ => Err(self.error(AdminErrorKind::Broken, None)),
        }
    }

    /// A snapshot of the state.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn save(&mut self) -> Result<Vec<u8>, AdminError> {
        match self.ask(&Request::Save).await? {
            Response::Snapshot(bytes) => Ok(bytes),
            _ => Err(self.error(AdminErrorKind::Broken, None)),
        }
    }

    /// Replaces the state by a snapshot, all of it or nothing.
    ///
    /// # Errors
    /// When the router refuses the snapshot, which leaves its state as it was.
    pub async fn restore(&mut self, snapshot: Vec<u8>) -> Result<(), AdminError> {
        match self.ask(&Request::Restore(snapshot)).await? {
            Response::Restored => Ok(()),
            _ => Err(self.error(AdminErrorKind::Broken, None)),
        }
    }

    /// Has the router read its access policy again, and gives what is known of where it was read, and
    /// what became of what was in use.
    ///
    /// # Errors
    /// When the router has no file to read, or the file is not valid, which leaves the policy as it was.
    pub async fn reload_policy(&mut self) -> Result<(String, Replaced), AdminError> {
        match self.ask(&Request::Reload).await? {
            Response::Reloaded(name, replaced) => Ok((name, replaced)),
            _ => Err(self.error(AdminErrorKind::Broken, None)),
        }
    }

    /// The access policy that is in force, as far as it says something of these identities: its sets
    /// hold nobody else. With it comes the name of what it was read from, unless the router was started
    /// without a policy file.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn policy(
        &mut self,
        about: &[Identity],
    ) -> Result<(Option<String>, Policy), AdminError> {
        match self.ask(&Request::Policy(about.to_vec())).await? {
            Response::Policy(name, policy) => Ok((name, policy)),
            _ => Err(self.error(AdminErrorKind::Broken, None)),
        }
    }

    async fn ask(&mut self, request: &Request) -> Result<Response, AdminError> {
        let broken = |source: BoxError| (AdminErrorKind::Broken, Some(source));
        let answer = async {
            write_message(&mut self.flow, &request.encode()).await?;
            let answer = read_message(&mut self.flow, &mut self.input).await?;
            let answer = answer.ok_or("the router closed the connection")?;
            Ok(Response::decode(&answer)?)
        };
        match answer.await.map_err(broken) {
            Ok(Response::Failed(text)) => Err(self.error(AdminErrorKind::Refused(text), None)),
            Ok(response) => Ok(response),
            Err((kind, source)) => Err(self.error(kind, source)),
        }
    }

    fn error(&self, kind: AdminErrorKind, source: Option<BoxError>) -> AdminError {
        AdminError {
            kind,
            path: self.path.clone(),
            source,
        }
    }
}

impl AdminError {
    /// What failed.
    pub fn kind(&self) -> &AdminErrorKind {
        &self.kind
    }
}

impl fmt::Display for AdminError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match &self.kind {
            AdminErrorKind::Connect => write!(
                f,
                "cannot reach a router at {path}; start one with `tuyau router`, or name its socket with --socket"
            ),
            AdminErrorKind::Broken => write!(f, "the connection to the router at {path} broke"),
            AdminErrorKind::Refused(text) => write!(f, "the router refused: {text}"),
        }
    }
}

impl Error for AdminError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
