//! The accepting side.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use russh::{
    MethodKind, MethodSet,
    server::{self, Config, RunningSession},
};
use tuyau_core::Flow;

use super::{
    Error, Flow as SshFlow, Kind, PrivateKey, PublicKey,
    channel::ServerChannel,
    connector::{addresses, not_ssh},
    flow::{Facts, Parts},
    inbox::Inbox,
    server::{Asked, Authorize, Handler},
    wire,
};

/// The settings of the accepting side: the keys that it proves, and who may come in.
#[derive(Clone)]
pub struct ServerSettings {
    keys: Vec<PrivateKey>,
    authorize: Authorize,
}

impl ServerSettings {
    /// A server that proves `key`, and lets in whom `authorize` says: it is called with the user
    /// that a client asks for and a public key, once before and once after the client has proved it.
    pub fn new(
        key: PrivateKey,
        authorize: impl Fn(&str, &PublicKey) -> bool + Send + Sync + 'static,
    ) -> Self {
        Self {
            keys: vec![key],
            authorize: Arc::new(authorize),
        }
    }

    /// Adds a key of another kind that the server can prove as well.
    pub fn key(mut self, key: PrivateKey) -> Self {
        self.keys.push(key);
        self
    }

    /// SSH as an acceptor with these settings.
    pub fn acceptor(self) -> Acceptor {
        let keys = self.keys.iter().map(|key| (*key.key).clone()).collect();
        let config = Config {
            keys,
            methods: MethodSet::from(&[MethodKind::PublicKey][..]),
            auth_rejection_time: Duration::from_millis(100),
            auth_rejection_time_initial: Some(Duration::ZERO),
            inactivity_timeout: None,
            ..Config::default()
        };
        Acceptor {
            config: Arc::new(config),
            authorize: self.authorize,
        }
    }
}

/// Without private keys.
impl fmt::Debug for ServerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSettings")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// SSH as a server, made by [`ServerSettings::acceptor`].
///
/// The flow is the first channel that a client opens: a command, a subsystem or a forwarded stream.
/// Which one, is its information [`Open`](super::Open); to do it is the application's part. Shells
/// and further channels are refused. Accepting wants a tokio runtime.
#[derive(Clone)]
pub struct Acceptor {
    config: Arc<Config>,
    authorize: Authorize,
}

impl fmt::Debug for Acceptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Acceptor").finish_non_exhaustive()
    }
}

impl Acceptor {
    async fn open<F: Flow>(self, inner: F) -> Result<SshFlow, Kind> {
        let facts = addresses(&inner);
        let (inbox, asked) = (Inbox::default(), Arc::new(Mutex::new(Asked::default())));
        let handler = Handler {
            inbox: inbox.clone(),
            authorize: self.authorize,
            asked: asked.clone(),
        };
        // From here on, dropping the link ends everything.
        let (wire, link) = wire::pair(inner, inbox.clone());
        let running = server::run_stream(self.config, wire, handler).await;
        let mut session = running.map_err(|error| not_ssh(error.into(), &link))?;
        opened(&mut session, &inbox).await?;
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let half = asked.half.take().ok_or(Kind::Ended { reason: None })?;
        let (open, key, user) = (asked.open.clone(), asked.key.take(), asked.user.take());
        let handle = session.handle();
        Ok(SshFlow::new(Parts {
            channel: Arc::new(ServerChannel { half, handle }),
            link,
            inbox,
            facts: Facts {
                peer_key: key,
                user,
                open,
                ..facts
            },
            exits: false,
        }))
    }
}

/// Waits until the client has opened something, or the session has ended.
async fn opened(session: &mut RunningSession<Handler>, inbox: &Inbox) -> Result<(), Kind> {
    let mut asked = pin!(inbox.until(|received| received.answer));
    poll_fn(|cx| {
        if asked.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut *session).poll(cx).map(|ended| match ended {
            Ok(()) => Err(Kind::Ended { reason: None }),
            Err(error) => Err(error.into()),
        })
    })
    .await
}

impl<F: Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = SshFlow;
    type Error = Error;

    async fn accept(self, inner: F) -> Result<SshFlow, Error> {
        let opened = self.open(inner).await;
        opened.map_err(|kind| Error::new(kind, "the client", "nobody"))
    }
}
