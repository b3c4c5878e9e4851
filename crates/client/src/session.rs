//! One authenticated connection between a service and its router.

mod answer;
mod desk;
mod driver;
mod error;
mod hello;
mod lookup;
mod stream;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    sync::{Mutex, OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch},
    time::{Instant, timeout_at},
};
use tuyau::tls;
use tuyau_core::{Address, AnyFlow, Context, Security, Target};
use tuyau_wire::{Agreement, Hello, Identity, Record, Verified, capability};

use crate::Settings;
use answer::Answer;
use desk::{Ask, Desk, Request};
use driver::Driver;
use stream::Stream;

pub use error::{OpenError, Rejection, RequestError, SessionError, SessionErrorKind};
pub use lookup::LookupError;

/// How many deliveries are kept for [`Session::next`]. With messages of full length that is 32 MiB,
/// and the router is the only one who can cause it.
const DELIVERIES_MAX: usize = 32;

/// How many requests of one session may be without an answer; further callers wait.
const OPEN_MAX: usize = 256;

/// One authenticated connection between a service and its router, whichever of them dialled it.
///
/// Clones are handles to the same session, for use by several tasks at once. When the last one is
/// dropped the session closes: what was queued is still sent.
///
/// One task drives the connection in both directions. It does not read on while 32 deliveries wait
/// for [`next`](Self::next); answers to requests that come behind those wait with them, so keep
/// taking deliveries while others send.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    commands: mpsc::Sender<Request>,
    close: mpsc::Sender<()>,
    deliveries: Mutex<mpsc::Receiver<Delivery>>,
    open: Arc<Semaphore>,
    ended: watch::Receiver<Option<SessionError>>,
    request_deadline: Duration,
    peer: Peer,
}

/// Who is at the other end of a session.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Peer {
    /// The identity that the handshake proved.
    pub identity: Identity,
    /// What it said of itself.
    pub hello: Hello,
    /// What both sides agreed on.
    pub agreement: Agreement,
}

/// A message from another service or from the router itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Who sent it; the router vouches for it.
    pub from: Identity,
    /// The number that its sender gave it.
    pub request: u64,
    /// What was sent.
    pub body: Vec<u8>,
}

/// What the router accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The sequence number of the record or withdrawal; 0 for a message.
    pub sequence: u64,
    /// When the record expires, in seconds since the begin of 1970; 0 for everything else.
    pub expires: u64,
}

impl Session {
    /// Connects to the router at `address` that has the identity `router`.
    ///
    /// # Errors
    /// When no connection comes about, when somebody else answers, and when the hello fails.
    ///
    /// # Cancel safety
    /// Dropping the future gives the attempt up.
    pub async fn connect(
        context: &Context,
        address: &Address,
        router: Identity,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let deadline = Instant::now() + settings.handshake_deadline;
        let target = Target::from(address.clone()).with(expected(&router));
        let connected = context
            .connect(target)
            .at_least(Security::Authenticated)
            .deadline(settings.handshake_deadline)
            .open()
            .await
            .map_err(OpenError::Connect)?;
        Self::begin(connected.flow, router, settings, deadline).await
    }

    /// Begins a session over a flow whose TLS handshake is done, accepted or dialled.
    ///
    /// # Errors
    /// When the peer did not prove to be `router`, and when the hello fails.
    ///
    /// # Cancel safety
    /// Dropping the future closes the flow.
    pub async fn over(
        flow: AnyFlow,
        router: Identity,
        settings: &Settings,
    ) -> Result<Self, OpenError> {
        let deadline = Instant::now() + settings.handshake_deadline;
        Self::begin(flow, router, settings, deadline).await
    }

    async fn begin(
        flow: AnyFlow,
        expected: Identity,
        settings: &Settings,
        deadline: Instant,
    ) -> Result<Self, OpenError> {
        let found = proved(&flow);
        let mut stream = Stream::new(flow, settings.frame_limit());
        if found != Some(expected) {
            hello::turn_away(&mut stream).await;
            return Err(OpenError::Identity { expected, found });
        }
        let exchanged = hello::exchange(&mut stream, &settings.hello, deadline).await;
        let (hello, agreement) = exchanged.map_err(OpenError::Hello)?;
        let peer = Peer {
            identity: expected,
            hello,
            agreement,
        };
        Ok(Self::start(stream, peer, settings))
    }

    fn start(stream: Stream, peer: Peer, settings: &Settings) -> Self {
        let (commands, queue) = mpsc::channel(OPEN_MAX);
        let (close, closing) = mpsc::channel(1);
        let (deliveries, taker) = mpsc::channel(DELIVERIES_MAX);
        let (ended, end) = watch::channel(None);
        let desk = Desk::new(settings.clone(), peer.agreement.max_frame, deliveries);
        let driver = Driver {
            stream,
            commands: queue,
            close: closing,
            desk,
            ended,
        };
        tokio::spawn(driver.run());
        let shared = Shared {
            commands,
            close,
            deliveries: Mutex::new(taker),
            open: Arc::new(Semaphore::new(OPEN_MAX)),
            ended: end,
            request_deadline: settings.request_deadline,
            peer,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.shared.peer
    }

    /// Registers the routes under which this service can be reached, best first, for `lifetime`,
    /// in place of those it registered before. The time of expiry saturates; a router refuses what
    /// lasts longer than it allows.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost, and when there are no routes or
    /// more than eight.
    ///
    /// # Cancel safety
    /// A request that was given up may have been carried out.
    pub async fn register(
        &self,
        routes: Vec<Address>,
        lifetime: Duration,
    ) -> Result<Receipt, RequestError> {
        self.request(Ask::Register { routes, lifetime }).await
    }

    /// Takes the registration back.
    ///
    /// # Errors
    /// When the router refuses, does not answer in time or is lost.
    ///
    /// # Cancel safety
    /// A request that was given up may have been carried out.
    pub async fn unregister(&self) -> Result<Receipt, RequestError> {
        self.request(Ask::Unregister).await
    }

    /// Sends a body to another service, or to the router itself, and waits until the router has
    /// accepted it. Bodies that one task sends one after another arrive in that order.
    ///
    /// # Errors
    /// When the router refuses (an unknown recipient is
    /// [`RejectCode::Unreachable`](tuyau_wire::RejectCode::Unreachable)), does not answer in time or
    /// is lost, and when the body is longer than the router accepts.
    ///
    /// # Cancel safety
    /// A request that was given up may have been carried out.
    pub async fn send(&self, to: Identity, body: impl Into<Vec<u8>>) -> Result<(), RequestError> {
        let body = body.into();
        self.request(Ask::Send { to, body }).await.map(drop)
    }

    /// The next delivery; `None` when the session has ended and nothing is left. Each delivery is
    /// given to one caller.
    ///
    /// # Cancel safety
    /// Dropping the future loses no delivery.
    pub async fn next(&self) -> Option<Delivery> {
        self.shared.deliveries.lock().await.recv().await
    }

    /// Waits for the end of the session and gives its reason.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn ended(&self) -> SessionError {
        let mut ended = self.shared.ended.clone();
        let reason = match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => None,
        };
        // Without a reason the driver was dropped with its runtime.
        reason.unwrap_or_else(|| SessionError::new(SessionErrorKind::Closed))
    }

    /// Whether the session has ended.
    pub fn has_ended(&self) -> bool {
        // Without a reason the driver was dropped with its runtime.
        let ended = &self.shared.ended;
        ended.borrow().is_some() || ended.has_changed().is_err()
    }

    /// Closes the session: sends what is queued, takes the answers, and ends both halves, as far as
    /// the peer lets that happen within two seconds.
    ///
    /// # Cancel safety
    /// The closing goes on when the future is dropped after its first poll.
    pub async fn close(&self) {
        // It fails when the session is being closed already, or has ended.
        let _ = self.shared.close.try_send(());
        self.ended().await;
    }

    /// Puts a message into the queue, where it takes its place in the order, and gives what waits
    /// for the answer, for callers that send the next one before.
    pub(crate) async fn post(&self, to: Identity, body: Vec<u8>) -> Pending {
        self.submit(Ask::Send { to, body }).await
    }

    /// Asks for where another service can be reached, so as to connect to it without the router. The
    /// record is one that the service signed, and that has not expired by this machine's clock.
    ///
    /// # Errors
    /// When the router has no record of it ([`RejectCode::Unreachable`]), does not answer lookups or
    /// not in time, is lost, or gives a record that is not to be believed.
    ///
    /// # Cancel safety
    /// Dropping the future gives the question up.
    ///
    /// [`RejectCode::Unreachable`]: tuyau_wire::RejectCode::Unreachable
    pub async fn lookup(&self, identity: Identity) -> Result<Verified<Record>, LookupError> {
        if !self.shared.peer.agreement.has(capability::LOOKUP) {
            return Err(LookupError::NotOffered);
        }
        let answer = self
            .submit(Ask::Lookup { identity })
            .await
            .any_answer()
            .await;
        match answer.map_err(LookupError::Request)? {
            Answer::Record(record) => lookup::check(*record, identity),
            Answer::Receipt(_) => unreachable!("the desk gives no receipt to a lookup"),
        }
    }

    async fn request(&self, ask: Ask) -> Result<Receipt, RequestError> {
        self.submit(ask).await.answer().await
    }

    async fn submit(&self, ask: Ask) -> Pending {
        let deadline = Instant::now() + self.shared.request_deadline;
        let (reply, answer) = oneshot::channel();
        let queue = async {
            let permit = self.shared.open.clone().acquire_owned().await.ok();
            // When the driver is gone the answer's sender goes with the request.
            let _ = self.shared.commands.send(Request { ask, reply }).await;
            permit
        };
        let permit = timeout_at(deadline, queue).await.ok().flatten();
        let session = self.clone();
        Pending {
            session,
            answer,
            deadline,
            _permit: permit,
        }
    }
}

/// A request on its way.
#[derive(Debug)]
pub(crate) struct Pending {
    session: Session,
    answer: oneshot::Receiver<Result<Answer, RequestError>>,
    deadline: Instant,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Pending {
    /// What the router accepted.
    pub(crate) async fn answer(self) -> Result<Receipt, RequestError> {
        Ok(match self.any_answer().await? {
            Answer::Receipt(receipt) => receipt,
            Answer::Record(_) => unreachable!("the desk gives a record to lookups only"),
        })
    }

    async fn any_answer(self) -> Result<Answer, RequestError> {
        let answer = async {
            match self.answer.await {
                Ok(result) => result,
                Err(_) => Err(RequestError::Lost(self.session.ended().await)),
            }
        };
        let time = self.session.shared.request_deadline;
        let answer = timeout_at(self.deadline, answer).await;
        answer.unwrap_or(Err(RequestError::TimedOut(time)))
    }
}

/// Who the other end of a flow proved to be.
fn proved(flow: &AnyFlow) -> Option<Identity> {
    let tls::PeerKey(key) = flow.info::<tls::PeerKey>()?;
    Identity::from_bytes(key.0).ok()
}

/// Added to a target: who has to answer there.
pub(crate) fn expected(identity: &Identity) -> tls::ExpectedPeer {
    tls::ExpectedPeer(tls::PublicKey(*identity.as_bytes()))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("peer", &self.shared.peer.identity)
            .finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Session>();
    assert_shared::<OpenError>();
    assert_shared::<RequestError>();
};
