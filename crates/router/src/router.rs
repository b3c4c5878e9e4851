//! Starting, watching and stopping a router.

use std::{
    error::Error,
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{broadcast, mpsc, oneshot},
    task::JoinHandle,
};
use tuyau::ListenError;
use tuyau_core::{Address, BoxError, Listener};
use tuyau_wire::{Hello, HelloError, Identity, Message, Parameter, Role, capability};

use crate::{
    Limits, Network, PolicySource, RowView, Settings, Simulated, SnapshotError, State, StateDir,
    Timestamp, View, admin,
    connections::Connections,
    dialler::Dialler,
    engine::{Engine, Link, Rules, SessionId},
    hub::{Hub, Input},
    journal::Entry,
    listen,
    persist::{StateDirError, StateDirErrorKind},
    plane::Plane,
    snapshot,
    storage::{self, Opened},
    store::StoreHandle,
};

/// How many inputs wait for the engine before sessions pause reading.
const INPUTS: usize = 256;

/// How many entries of the journal a slow watcher can be behind before it misses some.
const JOURNAL: usize = 4096;

/// How long an identity counts as unreachable after its routes failed.
const RETRY: Duration = Duration::from_secs(1);

/// A running router. Dropping it ends it at once; [`stop`](Self::stop) ends it in order.
#[derive(Debug)]
pub struct Router {
    pub(crate) inputs: mpsc::Sender<Input>,
    journal: broadcast::Sender<Arc<Entry>>,
    identity: Identity,
    listen: Vec<Address>,
    started: Timestamp,
    max_entries: usize,
    last_session: Arc<AtomicU64>,
    pub(crate) policy: Option<PolicySource>,
    hub: JoinHandle<()>,
    accepting: Vec<JoinHandle<()>>,
}

impl Router {
    /// Starts a router on the current tokio runtime, and gives what happens from the first moment.
    ///
    /// # Errors
    /// When an address cannot be listened on, or the state directory cannot be used. Nothing is
    /// left running then.
    pub async fn start(
        mut settings: Settings,
    ) -> Result<(Self, broadcast::Receiver<Arc<Entry>>), StartError> {
        let identity = settings.secret.identity();
        let rules = rules(&settings, identity)?;
        let state_dir = settings
            .state_dir
            .as_deref()
            .map(StateDir::open)
            .transpose()?;
        let now = settings.clock.now();
        let mut store = storage::open(&mut settings, state_dir.as_ref())?;
        let (mut state, told) = match &mut store {
            Some(opened) => opened.load(state_dir.as_ref(), settings.limits.routes, now)?,
            None => (State::default(), Vec::new()),
        };
        state.table.set_static(&settings.static_routes, now);
        let (listeners, dialling) = Network::open(&mut settings).await?;
        let listen: Vec<_> = listeners.iter().map(|it| it.address().clone()).collect();
        let admin = match &settings.admin_socket {
            Some(path) => Some(admin::listen(path).map_err(StartError::Listen)?),
            None => None,
        };
        let (inputs, receiver) = mpsc::channel(INPUTS);
        let (journal, watcher) = broadcast::channel(JOURNAL);
        let plane = Plane::new(journal.clone(), settings.clock.clone());
        let members = store.as_ref().map(Opened::members);
        let store = match store {
            Some(opened) => Some(start_store(opened, &plane)?),
            None => None,
        };
        told.into_iter().for_each(|event| plane.tell(event));
        let connections = Connections::new(settings.limits.clone());
        let last_session = Arc::new(AtomicU64::new(0));
        let dialler = Dialler {
            dialling,
            inputs: inputs.downgrade(),
            limits: settings.limits.clone(),
            connections: connections.clone(),
            last_session: last_session.clone(),
            plane: plane.clone(),
        };
        let engine = Engine::new(rules, state);
        let hub = Hub::new(
            engine,
            receiver,
            dialler.clone(),
            state_dir.map(Arc::new),
            (store, members.unwrap_or_default()),
            settings.drain.clone(),
        );
        let mut accepting: Vec<_> = listeners
            .into_iter()
            .map(|listener| listen::accept(listener, connections.clone(), dialler.clone()))
            .map(tokio::spawn)
            .collect();
        let (started, max_entries) = (settings.clock.now(), settings.limits.routes);
        let watched = Watched {
            identity,
            listen: listen.clone(),
            started,
            max_entries,
            policy: settings.policy_source.clone(),
        };
        if let Some(listener) = admin {
            accepting.push(tokio::spawn(admin::serve(
                listener,
                inputs.downgrade(),
                watched,
            )));
        }
        let hub = tokio::spawn(hub.run());
        let router = Self {
            inputs,
            journal,
            identity,
            listen,
            started,
            max_entries,
            last_session,
            policy: settings.policy_source,
            hub,
            accepting,
        };
        Ok((router, watcher))
    }

    /// The router's identity.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Where it accepts connections, with the ports that the system chose.
    pub fn listen(&self) -> &[Address] {
        &self.listen
    }

    /// What happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.journal.subscribe()
    }

    /// The state, with up to `count` rows of the table from row `first` on.
    pub async fn view(&self, first: usize, count: usize) -> Option<View> {
        let watched = Watched {
            identity: self.identity,
            listen: self.listen.clone(),
            started: self.started,
            max_entries: self.max_entries,
            policy: None,
        };
        ask(&self.inputs, move |hub| {
            watched.view(&hub.engine, first, count)
        })
        .await
    }

    /// A snapshot of the state; `None` when the router has ended.
    pub async fn save(&self) -> Option<Vec<u8>> {
        ask(&self.inputs, |hub| snapshot::encode(hub.engine.state())).await
    }

    /// Replaces the state by a snapshot, all of it or nothing, also on the disk when there is a state
    /// directory: this returns when it is there. The rules of groups are then those of
    /// the snapshot as well: older ones come back, and who has no right by them is out of the group.
    ///
    /// # Errors
    /// When the snapshot is damaged, or has more entries or groups than `limits.routes`; the state is
    /// then as it was.
    pub async fn restore(&self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let state = decode(bytes.to_vec(), self.max_entries).await?;
        restore(&self.inputs, state).await;
        Ok(())
    }

    /// Has a simulated service of this identity send a message, which is decoded, verified and
    /// applied as one from the network. The caller vouches for the identity, as TLS does otherwise.
    ///
    /// It has a session of its own that ends with it, so what is bound or joined is free again, and a
    /// `send` finds no handle. `None` when the router has ended, and when the message is not answered:
    /// one that has no number, or is itself an answer.
    pub async fn simulate(&self, identity: Identity, message: Vec<u8>) -> Option<Simulated> {
        let session = SessionId(self.last_session.fetch_add(1, Ordering::Relaxed) + 1);
        ask(&self.inputs, move |hub| {
            simulate(hub, session, identity, &message)
        })
        .await?
    }

    /// Waits until the router has ended by itself, which it does only when it has a fault. It then
    /// serves nobody any more; drop it, and start another one.
    pub async fn ended(&self) {
        self.inputs.closed().await;
    }

    /// Stops: takes nobody new, tells the peers, serves them for as long as [`Settings::drain`] says
    /// or until they have gone, closes their sessions, keeps what changed. Gives whether everything is
    /// kept that there is a state directory for; if not, the journal has told why.
    ///
    /// The sessions then have five seconds to end; those that have not by then are dropped. To that comes
    /// the time for the last write, if there is a state directory. A call that is cancelled ends
    /// the router all the same, perhaps without telling the peers.
    pub async fn stop(mut self) -> bool {
        for task in std::mem::take(&mut self.accepting) {
            task.abort();
            // Once it has ended its address is free again.
            let _ = task.await;
        }
        let (done, stopped) = oneshot::channel();
        let told = self.inputs.send(Input::Stop(done)).await.is_ok();
        let saved = told && stopped.await.unwrap_or(false);
        let _ = (&mut self.hub).await;
        saved
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        for task in &self.accepting {
            task.abort();
        }
    }
}

/// What a view tells beside the engine's state.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    identity: Identity,
    listen: Vec<Address>,
    started: Timestamp,
    /// The most entries of a snapshot that is restored.
    pub(crate) max_entries: usize,
    /// Where the access policy is read again.
    pub(crate) policy: Option<PolicySource>,
}

impl Watched {
    pub(crate) fn view(&self, engine: &Engine, first: usize, count: usize) -> View {
        let state = engine.state();
        let rows = state
            .table
            .rows()
            .skip(first)
            .take(count)
            .map(|row| RowView {
                identity: row.identity,
                routes: row.routes.to_vec(),
                source: row.source,
                since: row.since,
                expires: row.expires,
                connected: engine.is_connected(&row.identity),
            });
        View {
            identity: self.identity,
            listen: self.listen.clone(),
            started: self.started,
            processed: state.processed,
            total: state.table.len(),
            rows: rows.collect(),
        }
    }
}

/// Does something with the hub; `None` when it has ended.
pub(crate) async fn ask<T: Send + 'static>(
    inputs: &mpsc::Sender<Input>,
    question: impl FnOnce(&mut Hub) -> T + Send + 'static,
) -> Option<T> {
    let (sender, answer) = oneshot::channel();
    let question = move |hub: &mut Hub| {
        hub.count();
        drop(sender.send(question(hub)));
    };
    inputs.send(Input::Ask(Box::new(question))).await.ok()?;
    answer.await.ok()
}

/// Reads a snapshot where its many signatures keep nobody waiting.
pub(crate) async fn decode(bytes: Vec<u8>, max_entries: usize) -> Result<State, SnapshotError> {
    let decode = move || snapshot::decode_within(&bytes, max_entries);
    let decoded = tokio::task::spawn_blocking(decode).await;
    decoded.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// Replaces the state, and returns once that is kept or, as the journal tells then, could not be.
pub(crate) async fn restore(inputs: &mpsc::Sender<Input>, state: State) -> Option<()> {
    let restored = ask(inputs, move |hub| {
        let now = hub.now();
        hub.engine.restore(state, now);
        hub.until_kept()
    });
    restored.await?.await.ok()
}

fn simulate(
    hub: &mut Hub,
    session: SessionId,
    identity: Identity,
    message: &[u8],
) -> Option<Simulated> {
    let now = hub.now();
    hub.engine.opened(session, identity, Link::Simulated, now);
    hub.engine.received(session, message, now);
    hub.engine.closed(session, String::new(), now);
    hub.simulated = Some((session, Vec::new()));
    hub.perform();
    let (_, frame) = hub.simulated.take()?;
    let frame = tuyau_wire::frame::split(&frame, usize::MAX).ok()??;
    match Message::decode(frame.message).ok()? {
        Message::Receipt { .. } => Some(Simulated::Accepted),
        Message::Reject { code, text, .. } => Some(Simulated::Rejected {
            code,
            text: text.to_owned(),
        }),
        _ => None,
    }
}

/// Tells what of the store was damaged, and starts its thread.
fn start_store(opened: Opened, plane: &Plane) -> Result<StoreHandle, StartError> {
    opened.losses().for_each(|event| plane.tell(event));
    opened.start(plane)
}

fn rules(settings: &Settings, identity: Identity) -> Result<Rules, StartError> {
    let limits = &settings.limits;
    let agent = concat!("tuyau-router/", env!("CARGO_PKG_VERSION"));
    let hello = Hello::new(Role::Router, agent)
        .and_then(|hello| match settings.lookups {
            true => hello.with_capability(capability::LOOKUP),
            false => Ok(hello),
        })
        .and_then(|hello| match keeps_messages(settings) {
            true => durable(hello, limits),
            false => Ok(hello),
        })
        .and_then(|hello| hello.with_max_frame(limits.frame_bytes as u64))
        .and_then(|hello| hello.with_parameter(Parameter::Credit, limits.credit_bytes))
        .and_then(|hello| hello.with_parameter(Parameter::Handles, limits.handles as u64))
        .and_then(|hello| hello.with_parameter(Parameter::Groups, limits.groups as u64));
    Ok(Rules {
        identity,
        hello: hello.map_err(StartError::Limits)?,
        greeting: settings.greeting.clone(),
        policy: settings.policy.clone(),
        keeps: keeps_messages(settings),
        max_lifetime: limits.registration_max,
        max_entries: limits.routes,
        max_handles: limits.handles,
        max_groups: limits.groups,
        max_dials: limits.dials,
        max_waiting_bytes: limits.queue_bytes,
        idle: limits.idle,
        retry: RETRY,
    })
}

/// Whether there is a place for durable messages.
fn keeps_messages(settings: &Settings) -> bool {
    settings.state_dir.is_some() || settings.storage.is_some()
}

/// Says in a hello that messages are kept, and for how long.
fn durable(hello: Hello, limits: &Limits) -> Result<Hello, HelloError> {
    let ttl_max = u64::try_from(limits.ttl_max.as_millis()).unwrap_or(u64::MAX);
    hello
        .with_capability(capability::DURABLE)?
        .with_parameter(Parameter::WindowMessages, limits.window_messages)?
        .with_parameter(Parameter::WindowSeconds, limits.window.as_secs())?
        .with_parameter(Parameter::TtlMax, ttl_max)
}

/// Why a router did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// An address cannot be listened on.
    Listen(ListenError),
    /// The state directory cannot be used.
    StateDir(StateDirError),
    /// A limit is one that the wire protocol does not allow.
    Limits(HelloError),
    /// TLS cannot be set up with this key and these certificates.
    Tls(BoxError),
    /// The operating system has no thread for the store.
    Thread(io::Error),
}

/// The kinds of [`StartError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StartErrorKind {
    /// An address cannot be listened on.
    Listen,
    /// The state directory cannot be used.
    StateDir(StateDirErrorKind),
    /// A limit is one that the wire protocol does not allow.
    Limits,
    /// TLS cannot be set up with this key and these certificates.
    Tls,
    /// The operating system has no thread for the store.
    Thread,
}

impl StartError {
    /// What is wrong.
    pub fn kind(&self) -> StartErrorKind {
        match self {
            Self::Listen(_) => StartErrorKind::Listen,
            Self::StateDir(error) => StartErrorKind::StateDir(error.kind()),
            Self::Limits(_) => StartErrorKind::Limits,
            Self::Tls(_) => StartErrorKind::Tls,
            Self::Thread(_) => StartErrorKind::Thread,
        }
    }
}

impl From<StateDirError> for StartError {
    fn from(error: StateDirError) -> Self {
        Self::StateDir(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen(error) => error.fmt(f),
            Self::StateDir(error) => error.fmt(f),
            Self::Limits(error) => write!(f, "limits.frame_bytes: {error}"),
            Self::Tls(error) => error.fmt(f),
            Self::Thread(_) => f.write_str(
                "cannot start the thread of the store; allow this user more threads (ulimit -u)",
            ),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Listen(error) => error.source(),
            Self::StateDir(error) => error.source(),
            Self::Limits(error) => error.source(),
            Self::Tls(error) => error.source(),
            Self::Thread(error) => Some(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tells_that_it_has_ended_by_a_fault() {
        let settings = Settings::new(tuyau_wire::SecretKey::from_seed([1; 32]));
        let (router, _watcher) = Router::start(settings).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_millis(20), router.ended());
        assert!(ended.await.is_err(), "it runs");
        let answer = ask(&router.inputs, |_| panic!("a fault, made by a test")).await;
        assert_eq!(answer, None::<()>);
        router.ended().await;
    }
}
