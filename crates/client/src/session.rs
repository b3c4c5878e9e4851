//! One authenticated connection between a service and its router.

mod acknowledgements;
mod again;
mod delivery;
mod desk;
mod driver;
mod error;
mod flush;
mod group;
mod handles;
mod hello;
mod inbox;
mod incoming;
mod lookup;
mod notice;
mod open;
mod pending;
mod registration;
mod sender;
mod shared;
mod silence;
mod stream;

use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex},
};

use tokio::{
    sync::watch,
    time::{Instant, timeout_at},
};
use tuyau::tls;
use tuyau_core::{Address, AnyFlow, Context, Security, Target};
use tuyau_wire::{Agreement, Hello, Identity, Message, Parameter};

use crate::Settings;
use desk::Desk;
use driver::Driver;
use handles::Lane;
use inbox::Inbox;
use incoming::Incoming;
use notice::Notices;
use open::{Answer, Awaited};
use pending::Pending;
use shared::Shared;
use silence::Silence;
use stream::Stream;

pub(crate) use again::Way;
pub use delivery::Delivery;
pub use error::{OpenError, Rejection, RequestError, SessionError, SessionErrorKind};
pub use group::JoinOptions;
pub use lookup::LookupError;
pub use notice::Notice;
pub use pending::Posted;
pub use registration::Receipt;
pub use sender::{Destination, Requester, SendOptions, Sender, TryPostError};

/// One authenticated connection between a service and its router, whichever of them dialled it.
///
/// Clones are handles to the same session, for use by several tasks at once. When the last one is
/// dropped the session closes: what was queued is still sent.
///
/// What is sent is encoded where it waits for the session's one task, which writes it together with
/// all that gathered meanwhile. While 256 KiB wait, or 65,536 answers are outstanding, callers wait.
///
/// The task does not read on while 256 KiB of deliveries wait for [`next`](Self::next), or 8 MiB
/// while somebody waits for an answer, which comes behind them.
#[derive(Clone)]
pub struct Session {
    handle: Arc<Handle>,
}

/// What the handles to a session have in common: with it the session is closed.
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.with(Desk::close);
        self.shared.inbox.clear();
    }
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
        let epoch = settings
            .epoch
            .unwrap_or_else(|| settings.sequence.advance());
        let hello = settings
            .hello
            .clone()
            .with_parameter(Parameter::Epoch, epoch);
        let hello = hello.expect("the settings have room for what this crate states");
        let exchanged = hello::exchange(&mut stream, &hello, deadline).await;
        let (hello, agreement) = exchanged.map_err(OpenError::Hello)?;
        let peer = Peer {
            identity: expected,
            hello,
            agreement,
        };
        Ok(Self::start(stream, peer, epoch, settings))
    }

    fn start(stream: Stream, peer: Peer, epoch: u64, settings: &Settings) -> Self {
        let (ended, end) = watch::channel(None);
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk::new(&peer)),
            inbox: Inbox::default(),
            notices: Notices::default(),
            ended: end,
            settings: settings.clone(),
            epoch,
            peer,
        });
        let driver = Driver {
            silence: Silence::new(settings.idle, stream.heard()),
            stream,
            shared: shared.clone(),
            incoming: Incoming::new(shared.clone(), settings.frame_limit()),
            begun: false,
            closing: false,
            paused: false,
            ended,
        };
        tokio::spawn(driver.run());
        Self {
            handle: Arc::new(Handle { shared }),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// Whom this side proved to be.
    pub fn identity(&self) -> Identity {
        self.shared().settings.key.identity()
    }

    /// The epoch of the numbers of this session's messages: the time in milliseconds since the begin
    /// of 1970 at which it began, or greater.
    pub fn epoch(&self) -> u64 {
        self.shared().epoch
    }

    /// Who is at the other end.
    pub fn peer(&self) -> &Peer {
        &self.shared().peer
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
    pub async fn send(&self, to: Identity, body: impl AsRef<[u8]>) -> Result<(), RequestError> {
        let sending = async { self.post(to, body).await?.await };
        self.in_time(sending).await
    }

    /// The same, without waiting for the router: when it is ready the message has its place in the
    /// order, and what it gives is ready when the router has accepted it.
    ///
    /// # Errors
    /// When the session has ended, and when the body is longer than the router accepts.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready sends nothing.
    pub(crate) async fn post(
        &self,
        to: Identity,
        body: impl AsRef<[u8]>,
    ) -> Result<Posted, RequestError> {
        let (lane, body) = (Arc::new(Lane::plain(to)), body.as_ref());
        let mut handle = usize::MAX;
        self.post_along(&lane, &mut handle, body).await
    }

    /// The next delivery; `None` when the session has ended and nothing is left. Each delivery is
    /// given to one caller.
    ///
    /// # Cancel safety
    /// Dropping the future loses no delivery.
    pub async fn next(&self) -> Option<Delivery> {
        loop {
            let delivery = self.shared().inbox.next().await?;
            if !delivery.is_known() {
                return Some(delivery);
            }
            delivery.acknowledge();
        }
    }

    /// Moves all deliveries that have come to the end of `batch`, and waits for one if there is none.
    /// It gives how many; 0 when the session has ended and nothing is left.
    ///
    /// # Cancel safety
    /// Dropping the future loses no delivery.
    pub async fn next_batch(&self, batch: &mut Vec<Delivery>) -> usize {
        let begin = batch.len();
        loop {
            if self.shared().inbox.next_batch(batch).await == 0 {
                return 0;
            }
            let known = batch.extract_if(begin.., |delivery| delivery.is_known());
            known.for_each(|delivery| delivery.acknowledge());
            if batch.len() > begin {
                return batch.len() - begin;
            }
        }
    }

    /// The next thing that the router tells without having been asked; `None` when the session has
    /// ended and nothing is left. The last 1,024 are kept.
    ///
    /// # Cancel safety
    /// Dropping the future loses no notice.
    pub async fn notice(&self) -> Option<Notice> {
        self.shared().notices.next().await
    }

    /// Waits for the end of the session and gives its reason.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn ended(&self) -> SessionError {
        let mut ended = self.shared().ended.clone();
        let reason = match ended.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => None,
        };
        // Without a reason the driver was dropped with its runtime.
        reason.unwrap_or_else(|| SessionError::new(SessionErrorKind::Closed))
    }

    /// Whether the session has ended.
    pub fn has_ended(&self) -> bool {
        // Without a reason the task was dropped with its runtime.
        let ended = &self.shared().ended;
        ended.borrow().is_some() || ended.has_changed().is_err()
    }

    /// Waits until the router has taken everything that was sent before, and has given every receipt
    /// that was asked for. A message that was refused is none that is waited for; whoever posted it
    /// is told.
    ///
    /// # Errors
    /// When the session ends before.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn flush(&self) -> Result<(), RequestError> {
        struct Waiting<'a>(&'a Shared, u64);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                self.0.with(|desk| desk.flushes.forget(self.1));
            }
        }
        let token = self.shared().with(Desk::flush)?;
        let waiting = Waiting(self.shared(), token);
        poll_fn(|cx| waiting.0.with(|desk| desk.poll_flush(token, cx))).await
    }

    /// Closes the session: sends what is queued, takes the answers, and ends both halves. It gives up
    /// when the router does nothing for two seconds, and after thirty. Deliveries that nobody takes
    /// meanwhile are lost, but for durable ones, which come again.
    ///
    /// # Cancel safety
    /// The closing goes on when the future is dropped after its first poll.
    pub async fn close(&self) {
        self.shared().with(Desk::close);
        self.ended().await;
    }

    /// Asks the router for something that has a number, and gives its answer.
    async fn ask(
        &self,
        awaited: Awaited,
        mut build: impl FnMut(u64, &Settings) -> Result<Message<'static>, RequestError>,
    ) -> Result<Answer, RequestError> {
        let shared = self.shared();
        let asking = async {
            let asked = shared
                .when_room(|desk| desk.ask(awaited, |sequence| build(sequence, &shared.settings)));
            Pending::new(shared.clone(), asked.await?).await
        };
        self.in_time(asking).await
    }

    /// Waits no longer than a request may take.
    pub(crate) async fn in_time<T>(
        &self,
        asking: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        let time = self.shared().settings.request_deadline;
        let answer = timeout_at(Instant::now() + time, asking).await;
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
            .field("peer", &self.shared().peer.identity)
            .finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Session>();
    assert_shared::<OpenError>();
    assert_shared::<RequestError>();
};
