//! Sending to one place, over and over.

use std::{
    error::Error,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use bytes::Bytes;
use tokio::time::timeout;
use tuyau_wire::{Class, Grant, Identity, Level, Signed, Target};

use super::{
    Session,
    desk::Blocked,
    error::RequestError,
    handles::Lane,
    open::Answer,
    pending::{Pending, Posted},
};

/// How long a requester waits beyond its deadline for the router to say that it has passed.
const GRACE: Duration = Duration::from_secs(1);

/// Where messages go: to one service, or to everyone who joined a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(Target);

impl Destination {
    /// Everyone who joined a group. A grant is needed where the group is restricted.
    pub fn group(group: Identity, grant: Option<Signed<Grant>>) -> Self {
        let grant = grant.map(Box::new);
        Self(Target::Group { group, grant })
    }
}

impl From<Destination> for Target {
    fn from(Destination(target): Destination) -> Self {
        target
    }
}

impl From<Identity> for Destination {
    fn from(identity: Identity) -> Self {
        Self(Target::Identity(identity))
    }
}

impl From<Target> for Destination {
    fn from(target: Target) -> Self {
        Self(target)
    }
}

/// How messages are sent, and up to where their sender is told of them.
///
/// Not everything goes together, and the router refuses what does not
/// ([`RejectCode::Unsupported`](tuyau_wire::RejectCode::Unsupported)): a fast message is never stored,
/// and of a fast message to a group nobody can say that it was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SendOptions {
    /// How they are carried.
    pub class: Class,
    /// Which receipt [`Sender::send`] waits for, and what [`Posted`] tells.
    pub level: Level,
    /// How long a message is of use once the router has it, in whole milliseconds; zero for as long
    /// as the router allows.
    pub ttl: Duration,
}

impl SendOptions {
    /// At most once, told when the router has taken it.
    pub const FAST: Self = Self {
        class: Class::Fast,
        level: Level::Accepted,
        ttl: Duration::ZERO,
    };

    /// At least once, told when it is on disk.
    pub const DURABLE: Self = Self {
        class: Class::Durable,
        level: Level::Stored,
        ttl: Duration::ZERO,
    };

    /// The same, told at another level.
    pub const fn level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// The same, of use for another time.
    pub const fn ttl(mut self, ttl: Duration) -> Self {
        self.ttl = ttl;
        self
    }
}

/// [`FAST`](Self::FAST).
impl Default for SendOptions {
    fn default() -> Self {
        Self::FAST
    }
}

/// Sends to one destination in one way. It is cheap to make and to clone, and keeps the session.
///
/// What one task sends one after another arrives in that order, as far as it goes to the same
/// recipient in the same class.
pub struct Sender {
    session: Session,
    lane: Arc<Lane>,
    /// The handle that was used last.
    handle: AtomicUsize,
}

impl Sender {
    pub(super) fn new(session: Session, target: Target, options: SendOptions) -> Self {
        Self {
            session,
            lane: Arc::new(Lane::new(target, options)),
            handle: AtomicUsize::new(usize::MAX),
        }
    }

    /// Sends a body and waits for the receipt that was asked for; with
    /// [`Level::None`] only until it has its place in the order.
    ///
    /// It waits for as long as [`Settings::request_deadline`](crate::Settings::request_deadline)
    /// says, but without an end for the acknowledgement of a durable message, whose recipient may be
    /// away.
    ///
    /// # Errors
    /// When the router refuses, with its reason, does not answer in time or is lost, and when the body
    /// is longer than the router accepts.
    ///
    /// # Cancel safety
    /// What was given up may have been sent, or may yet be.
    pub async fn send(&self, body: impl AsRef<[u8]>) -> Result<(), RequestError> {
        let sending = async { self.post(body).await?.await };
        let binding = &self.lane.binding;
        match (binding.class, binding.level) {
            (Class::Durable, Level::Delivered) => sending.await,
            _ => self.session.in_time(sending).await,
        }
    }

    /// Gives a body its place in the order, as soon as there is room and credit for it, and gives
    /// what tells the rest. So one task has many messages on their way.
    ///
    /// # Errors
    /// When the session has ended, and when the body is longer than the router accepts.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    pub async fn post(&self, body: impl AsRef<[u8]>) -> Result<Posted, RequestError> {
        let body = body.as_ref();
        let mut handle = self.handle.load(Relaxed);
        let posted = self.session.post_along(&self.lane, &mut handle, body).await;
        self.handle.store(handle, Relaxed);
        posted
    }

    /// The same, if it can be done now.
    ///
    /// # Errors
    /// [`TryPostError::Full`] when there is no room or credit now; otherwise those of
    /// [`post`](Self::post).
    pub fn try_post(&self, body: impl AsRef<[u8]>) -> Result<Posted, TryPostError> {
        let mut handle = self.handle.load(Relaxed);
        let shared = self.session.shared();
        let posted = shared.with(|desk| desk.post(&self.lane, &mut handle, body.as_ref()));
        self.handle.store(handle, Relaxed);
        match posted {
            Ok(sequence) => Ok(self.session.posted(&self.lane, sequence)),
            Err(Blocked::Until(_)) => Err(TryPostError::Full),
            Err(Blocked::For(error)) => Err(TryPostError::Failed(error)),
        }
    }

    /// The session by which it sends.
    pub fn session(&self) -> &Session {
        &self.session
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        Self {
            session: self.session.clone(),
            lane: self.lane.clone(),
            handle: AtomicUsize::new(self.handle.load(Relaxed)),
        }
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("binding", &self.lane.binding)
            .finish_non_exhaustive()
    }
}

/// Makes requests of one service, all with the same deadline. It is cheap to make and to clone, and
/// keeps the session.
#[derive(Clone, Debug)]
pub struct Requester {
    sender: Sender,
    deadline: Duration,
}

impl Requester {
    pub(super) fn new(session: Session, to: Identity, deadline: Duration) -> Self {
        let deadline = deadline.clamp(Duration::from_millis(1), crate::DEADLINE_MAX);
        let options = SendOptions {
            class: Class::Request,
            level: Level::None,
            ttl: deadline,
        };
        Self {
            sender: Sender::new(session, Target::Identity(to), options),
            deadline,
        }
    }

    /// Sends a request and gives the reply.
    ///
    /// # Errors
    /// Those of [`Session::request`].
    ///
    /// # Cancel safety
    /// What was given up may have been sent, and its reply is dropped.
    pub async fn request(&self, body: impl AsRef<[u8]>) -> Result<Bytes, RequestError> {
        let asking = async {
            let posted = self.sender.post(body).await?;
            match posted.answer().await? {
                Some(Answer::Reply(body)) => Ok(body),
                _ => unreachable!("a request is answered with a reply"),
            }
        };
        let reply = timeout(self.deadline + GRACE, asking).await;
        reply.unwrap_or(Err(RequestError::TimedOut(self.deadline)))
    }
}

impl Session {
    /// What sends to one destination in one way.
    pub fn sender(&self, to: impl Into<Destination>, options: SendOptions) -> Sender {
        Sender::new(self.clone(), to.into().0, options)
    }

    /// What makes requests of one service with this deadline, of at least a millisecond and at most
    /// [`DEADLINE_MAX`](crate::DEADLINE_MAX).
    pub fn requester(&self, to: Identity, deadline: Duration) -> Requester {
        Requester::new(self.clone(), to, deadline)
    }

    /// Sends a request to another service and gives its reply.
    ///
    /// # Errors
    /// When the router refuses, with its reason: at once with
    /// [`RejectCode::Unreachable`](tuyau_wire::RejectCode::Unreachable) when the service is not there
    /// or goes away, with [`RejectCode::TimedOut`](tuyau_wire::RejectCode::TimedOut) at the deadline.
    /// When the router does not say so a second after that, [`RequestError::TimedOut`]. When the session
    /// is lost, and when the body is longer than the router accepts.
    ///
    /// # Cancel safety
    /// What was given up may have been sent, and its reply is dropped.
    pub async fn request(
        &self,
        to: Identity,
        body: impl AsRef<[u8]>,
        deadline: Duration,
    ) -> Result<Bytes, RequestError> {
        self.requester(to, deadline).request(body).await
    }

    /// Sends a body along a lane once there is room and credit.
    pub(super) async fn post_along(
        &self,
        lane: &Arc<Lane>,
        handle: &mut usize,
        body: &[u8],
    ) -> Result<Posted, RequestError> {
        let post = self
            .shared()
            .when_room(|desk| desk.post(lane, handle, body));
        Ok(self.posted(lane, post.await?))
    }

    fn posted(&self, lane: &Lane, sequence: u64) -> Posted {
        let is_answered = lane.is_answered();
        let pending = is_answered.then(|| Pending::new(self.shared().clone(), sequence));
        Posted::new(sequence, pending)
    }
}

/// Why a message was not posted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TryPostError {
    /// There is no room or credit for it now; [`Sender::post`] waits for that.
    Full,
    /// It cannot be sent at all.
    Failed(RequestError),
}

impl fmt::Display for TryPostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str(
                "too much is on its way: wait for what was posted, or post in a way that waits",
            ),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

impl Error for TryPostError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Full => None,
            Self::Failed(error) => error.source(),
        }
    }
}
