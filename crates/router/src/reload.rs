//! Reading the access policy again while the router runs.

use std::{error::Error, fmt, sync::Arc};

use tokio::sync::{Mutex, mpsc};
use tuyau_core::{BoxError, Chain};

use crate::{
    Router,
    hub::Input,
    journal::Event,
    policy::{Policy, Replaced},
    router,
};

/// Where a router reads its access policy again.
///
/// A clone is the same source; of two that read at a time the second waits, so that what was read
/// last is in force.
#[derive(Clone)]
pub struct PolicySource {
    name: Arc<str>,
    read: Arc<dyn Fn() -> Result<Policy, BoxError> + Send + Sync>,
    turn: Arc<Mutex<()>>,
}

impl PolicySource {
    /// A source for people to know by its name, such as that of a file. `read` may block.
    pub fn new(
        name: impl Into<String>,
        read: impl Fn() -> Result<Policy, BoxError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into().into(),
            read: Arc::new(read),
            turn: Arc::default(),
        }
    }

    /// What people know it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    async fn read(&self) -> Result<Policy, BoxError> {
        let read = self.read.clone();
        let policy = tokio::task::spawn_blocking(move || read()).await;
        policy.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
    }
}

impl fmt::Debug for PolicySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PolicySource").field(&self.name).finish()
    }
}

impl Router {
    /// Puts another access policy into force. What is registered, bound or joined and not allowed by it
    /// is so no longer: the peers are told, and the journal. Gives how much that was; `None` when the
    /// router has ended.
    ///
    /// # Cancel safety
    /// A call that is dropped has put the policy into force or not.
    pub async fn set_policy(&self, policy: Policy) -> Option<Replaced> {
        set(&self.inputs, policy).await
    }

    /// Reads the access policy again from [`Settings::policy_source`](crate::Settings::policy_source), and puts it into force as
    /// [`set_policy`](Self::set_policy) does.
    ///
    /// # Errors
    /// When there is no such source, or it gives no policy. The present one then stays, and the journal
    /// says so.
    ///
    /// # Cancel safety
    /// A call that is dropped has put the policy into force or not.
    pub async fn reload_policy(&self) -> Result<Replaced, ReloadError> {
        reload(&self.inputs, self.policy.as_ref()).await
    }
}

/// Reads the policy again and puts it into force; whoever watches the journal is told either way.
pub(crate) async fn reload(
    inputs: &mpsc::Sender<Input>,
    source: Option<&PolicySource>,
) -> Result<Replaced, ReloadError> {
    match read_and_set(inputs, source).await {
        Ok(replaced) => Ok(replaced),
        Err(error) => {
            let reason = match &error.source {
                Some(source) => Chain(&**source).to_string(),
                None => error.to_string(),
            };
            let told = Input::Tell(Event::PolicyRefused { reason });
            // A router that has ended tells nobody anything.
            let _ = inputs.send(told).await;
            Err(error)
        }
    }
}

async fn read_and_set(
    inputs: &mpsc::Sender<Input>,
    source: Option<&PolicySource>,
) -> Result<Replaced, ReloadError> {
    let Some(source) = source else {
        return Err(ReloadErrorKind::NoSource.into());
    };
    let _turn = source.turn.lock().await;
    let policy = source.read().await.map_err(|error| ReloadError {
        kind: ReloadErrorKind::Policy,
        source: Some(error),
    })?;
    set(inputs, policy)
        .await
        .ok_or_else(|| ReloadErrorKind::Ended.into())
}

/// Puts a policy into force; `None` when the router has ended.
pub(crate) async fn set(inputs: &mpsc::Sender<Input>, policy: Policy) -> Option<Replaced> {
    router::ask(inputs, move |hub| hub.engine.set_policy(policy)).await
}

/// Why a router goes on with the access policy that it had.
#[derive(Debug)]
pub struct ReloadError {
    kind: ReloadErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`ReloadError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReloadErrorKind {
    /// The router was started without a place to read a policy from.
    NoSource,
    /// What was read is no policy, or cannot be read.
    Policy,
    /// The router has ended.
    Ended,
}

impl ReloadError {
    /// What is wrong.
    pub fn kind(&self) -> ReloadErrorKind {
        self.kind
    }
}

impl From<ReloadErrorKind> for ReloadError {
    fn from(kind: ReloadErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ReloadErrorKind::NoSource => {
                "this router was started without a policy file; set `policy_file` in its \
                 configuration and start it again"
            }
            ReloadErrorKind::Policy => {
                "the policy file is not valid, and the policy stays as it was"
            }
            ReloadErrorKind::Ended => "the router has ended",
        })
    }
}

impl Error for ReloadError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
