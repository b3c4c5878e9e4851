//! Sessions with one or several routers, which come again when they are lost.

mod builder;
mod event;
mod link;
mod outbox;
mod sender;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    sync::{Mutex as AsyncMutex, Semaphore, mpsc, watch},
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tuyau::stack::Stack;
use tuyau_wire::Identity;

use crate::{Delivery, JoinOptions, Pauses, RequestError, Session, SessionError, Settings};
use outbox::Outbox;

pub use builder::ClientBuilder;
pub use event::{ClientEvent, Unsettled};
pub use sender::{ClientSender, Sent};

/// The first number of a message: what sets up a session takes lesser ones, so that there is room for
/// that before messages that are sent again.
const FIRST: u64 = 65_536;

type Events = Arc<dyn Fn(ClientEvent) + Send + Sync>;
type Groups = BTreeMap<Identity, JoinOptions>;

/// A service's connections to one or several routers.
///
/// It connects to all of them, comes back after a loss, stays in the groups that it joined, and gives
/// what comes over all of them as one stream. Messages go by one router at a time, and by another when
/// that one is lost. A durable message that has no receipt yet is kept and sent again then, with its id
/// and before anything newer, so that it is not delivered twice; what is not durable fails with the
/// session.
///
/// Clones are handles to the same client. When the last one is dropped all ends at once; [`close`]
/// loses nothing.
///
/// ```no_run
/// # async fn run(
/// #     stack: tuyau::stack::Stack,
/// #     key: tuyau_wire::SecretKey,
/// #     router: tuyau_wire::Identity,
/// #     other: tuyau_wire::Identity,
/// # ) -> Result<(), Box<dyn std::error::Error>> {
/// use tuyau_client::{Client, SendOptions, Settings};
///
/// let client = Client::new(stack, Settings::new(key))
///     .router("tls://127.0.0.1:6000".parse()?, router)
///     .start();
/// client.sender(other, SendOptions::DURABLE).send("kept until it is there").await?;
/// while let Some(delivery) = client.next().await {
///     delivery.acknowledge();
/// }
/// # Ok(())
/// # }
/// ```
///
/// [`close`]: Self::close
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    inner: Arc<Inner>,
    incoming: AsyncMutex<(mpsc::Receiver<Vec<Delivery>>, VecDeque<Delivery>)>,
    /// They end with the last handle.
    links: Mutex<JoinSet<()>>,
}

/// What the links have in common.
struct Inner {
    stack: Stack,
    settings: Settings,
    pauses: Pauses,
    events: Events,
    outbox: Outbox,
    groups: watch::Sender<Groups>,
    /// The session by which messages go.
    active: watch::Sender<Active>,
    /// The last number that was used for a message.
    last: AtomicU64,
    /// One permit: whose turn it is to send.
    turns: Semaphore,
    received: mpsc::Sender<Vec<Delivery>>,
}

/// By what messages go.
enum Active {
    /// By nothing for now.
    None,
    Session(Session),
    /// By nothing any more.
    Closed,
}

impl Inner {
    /// Waits until it is a link's turn to send, and takes it. Those that wait have it in the order in
    /// which they began to.
    async fn turn(&self) {
        match self.turns.acquire().await {
            Ok(permit) => permit.forget(),
            // It is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Gives the turn to another link. `last` is the last number that this one used.
    fn end_turn(&self, last: u64) {
        self.active.send_if_modified(|active| match active {
            Active::Closed => false,
            active => {
                *active = Active::None;
                true
            }
        });
        self.last.fetch_max(last, Relaxed);
        self.turns.add_permits(1);
    }

    /// Lets callers send by this session.
    fn set_active(&self, session: &Session) {
        self.active.send_if_modified(|active| {
            let is_open = !matches!(active, Active::Closed);
            if is_open {
                *active = Active::Session(session.clone());
            }
            is_open
        });
    }

    fn last(&self) -> u64 {
        self.last.load(Relaxed)
    }

    fn report(&self, event: ClientEvent) {
        (self.events)(event);
    }
}

impl Client {
    /// How to make a client of a service. The stack's key is that of the settings.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a client has to be told of its routers first"
    )]
    pub fn new(stack: Stack, settings: Settings) -> ClientBuilder {
        ClientBuilder {
            stack,
            settings,
            routers: Vec::new(),
            pauses: Pauses::default(),
            events: Arc::new(drop),
        }
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.shared.inner
    }

    /// The epoch of this client's messages, the same in all its sessions.
    pub fn epoch(&self) -> u64 {
        self.inner().settings.epoch.unwrap_or_default()
    }

    /// The session by which messages go at present, as soon as there is one.
    ///
    /// # Errors
    /// [`RequestError::Lost`] once the client is closed.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn session(&self) -> Result<Session, RequestError> {
        let mut active = self.inner().active.subscribe();
        let known = active
            .wait_for(|active| !matches!(active, Active::None))
            .await;
        match known.as_deref() {
            Ok(Active::Session(session)) => Ok(session.clone()),
            _ => Err(RequestError::Lost(SessionError::closed())),
        }
    }

    /// The same, if there is one now.
    fn active(&self) -> Option<Session> {
        match &*self.inner().active.borrow() {
            Active::Session(session) => Some(session.clone()),
            Active::None | Active::Closed => None,
        }
    }

    /// The next delivery from any router; `None` after [`close`](Self::close). Each delivery is given
    /// to one caller.
    ///
    /// # Cancel safety
    /// Dropping the future loses no delivery.
    pub async fn next(&self) -> Option<Delivery> {
        let mut incoming = self.shared.incoming.lock().await;
        let (receiver, queue) = &mut *incoming;
        loop {
            while let Some(delivery) = queue.pop_front() {
                if !delivery.is_known() {
                    return Some(delivery);
                }
                delivery.acknowledge();
            }
            queue.extend(receiver.recv().await?);
        }
    }

    /// Sends a body to another service, at most once, and waits until a router has accepted it; while
    /// there is no session with any, for one.
    ///
    /// # Errors
    /// When the router refuses, with its reason, does not answer in time or is lost; when there is no
    /// session in time; and when the body is longer than the router accepts.
    ///
    /// # Cancel safety
    /// What was given up may have been sent.
    pub async fn send(&self, to: Identity, body: impl AsRef<[u8]>) -> Result<(), RequestError> {
        let (time, deadline) = self.deadline();
        let sending = async { self.session().await?.send(to, body).await };
        let sent = timeout_at(deadline, sending).await;
        sent.unwrap_or(Err(RequestError::TimedOut(time)))
    }

    /// Sends a request to another service and gives its reply.
    ///
    /// # Errors
    /// Those of [`Session::request`]; [`RequestError::TimedOut`] also when there is no session in time.
    ///
    /// # Cancel safety
    /// What was given up may have been sent, and its reply is dropped.
    pub async fn request(
        &self,
        to: Identity,
        body: impl AsRef<[u8]>,
        deadline: Duration,
    ) -> Result<Bytes, RequestError> {
        let session = timeout(deadline, self.session()).await;
        let session = session.map_err(|_| RequestError::TimedOut(deadline))??;
        session.request(to, body, deadline).await
    }

    fn deadline(&self) -> (Duration, Instant) {
        let time = self.inner().settings.request_deadline;
        (time, Instant::now() + time)
    }

    /// Joins a group on every router, now and whenever a session begins anew. A router that refuses
    /// is told by [`ClientEvent::GroupRefused`].
    pub fn join(&self, group: Identity, options: JoinOptions) {
        self.inner().groups.send_if_modified(|groups| {
            let before = groups.insert(group, options.clone());
            before.as_ref() != Some(&options)
        });
    }

    /// Leaves a group on every router.
    pub fn leave(&self, group: &Identity) {
        self.inner()
            .groups
            .send_if_modified(|groups| groups.remove(group).is_some());
    }

    /// How many durable messages have no receipt yet.
    pub fn unsettled(&self) -> usize {
        self.inner().outbox.len()
    }

    /// Waits until every durable message has its receipt or was refused, and until the router has
    /// taken everything else that was sent before.
    ///
    /// # Errors
    /// When a session ends meanwhile whose messages are not durable.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn flush(&self) -> Result<(), RequestError> {
        self.inner().outbox.empty().await;
        match self.active() {
            Some(session) => session.flush().await,
            None => Ok(()),
        }
    }

    /// Takes no more durable messages, waits until those that it has have their receipts, and closes
    /// all sessions. It gives how many had none when the time for a request had passed without one.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn close(&self) -> Result<(), Unsettled> {
        let (time, _) = self.deadline();
        let drained = timeout(time, self.inner().outbox.drain()).await;
        if let Some(session) = self.active() {
            session.close().await;
        }
        self.inner().active.send_replace(Active::Closed);
        let links = std::mem::take(&mut *self.links());
        drop(links);
        self.shared.incoming.lock().await.0.close();
        match drained {
            Ok(()) => Ok(()),
            Err(_) => Err(Unsettled {
                messages: self.unsettled(),
            }),
        }
    }

    fn links(&self) -> std::sync::MutexGuard<'_, JoinSet<()>> {
        let links = &self.shared.links;
        links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.inner().settings)
            .finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    fn assert_send<T: Send>(_: T) {}
    let _ = |client: &Client, sender: &ClientSender| {
        assert_shared(client);
        assert_shared(sender);
        assert_send(sender.send("x"));
        assert_send(client.next());
        assert_send(client.close());
    };
};
