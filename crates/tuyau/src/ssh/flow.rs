//! A channel of an SSH connection.

use std::{
    any::{Any, TypeId},
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use ::tokio::time::Sleep;
use tuyau_core::{ErrorKind, FlowError, LocalAddress, PeerAddress};

use super::{
    Open, PublicKey,
    channel::{Channel, Sending},
    error_output::ErrorOutput,
    inbox::Inbox,
    wire::Link,
};
use crate::peer_text::shown;

/// What goes into one message to the session's task; the task cuts it to the peer's packets.
const CHUNK: usize = 64 * 1024;

/// How long the end of a command's output waits for its exit status, which a server sends at about
/// the same time.
const EXIT_PATIENCE: Duration = Duration::from_secs(1);

/// Information of a flow: the key that the server proved, when this side dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKey(pub PublicKey);

/// Information of a flow: the key that the client proved, when this side accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerKey(pub PublicKey);

/// Information of a flow: the account that the client asked for, when this side accepted.
///
/// These are the client's words. It prints without what a terminal obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User(pub String);

impl fmt::Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

/// Information of a flow: how the command ended, once the server has told and the flow was polled.
///
/// The end of the output waits up to a second for it, so that after a read of 0 it is there, unless
/// the command closed its output long before it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// It returned this; 0 is success.
    Code(u32),
    /// It was ended by this signal, named without `SIG`.
    Signal(String),
}

impl ExitStatus {
    /// Whether it returned 0.
    pub fn success(&self) -> bool {
        *self == Self::Code(0)
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(name) => write!(f, "signal {}", shown(name)),
        }
    }
}

/// What a flow knows of its connection.
#[derive(Default)]
pub(super) struct Facts {
    pub(super) host_key: Option<HostKey>,
    pub(super) peer_key: Option<PeerKey>,
    pub(super) user: Option<User>,
    pub(super) open: Option<Open>,
    pub(super) peer: Option<PeerAddress>,
    pub(super) local: Option<LocalAddress>,
}

/// What a flow is made of.
pub(super) struct Parts {
    pub(super) channel: Arc<dyn Channel>,
    pub(super) link: Link,
    pub(super) inbox: Inbox,
    pub(super) facts: Facts,
    /// Whether an exit status will come.
    pub(super) exits: bool,
}

/// A channel of an SSH connection of its own.
///
/// It knows its [`HostKey`], [`ExitStatus`] and [`ErrorOutput`] when this side dialled, its
/// [`PeerKey`], [`User`] and [`Open`] when this side accepted, and the [`PeerAddress`] and
/// [`LocalAddress`] of the flow beneath.
pub struct Flow {
    parts: Parts,
    runtime: ::tokio::runtime::Handle,
    sending: Option<Sending>,
    exit: Option<ExitStatus>,
    exit_patience: Option<Pin<Box<Sleep>>>,
    error_output: ErrorOutput,
    ended: bool,
    closed: bool,
    aborted: bool,
}

impl Flow {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            parts,
            runtime: ::tokio::runtime::Handle::current(),
            sending: None,
            exit: None,
            exit_patience: None,
            error_output: ErrorOutput::default(),
            ended: false,
            closed: false,
            aborted: false,
        }
    }

    /// The key that the server proved, when this side dialled.
    pub fn host_key(&self) -> Option<&HostKey> {
        self.parts.facts.host_key.as_ref()
    }

    /// How the command ended, as of the last poll.
    pub fn exit_status(&self) -> Option<&ExitStatus> {
        self.exit.as_ref()
    }

    /// What the command wrote as error output, as of the last poll.
    pub fn error_output(&self) -> &ErrorOutput {
        &self.error_output
    }

    /// Tells the client how its command ended. For the side that accepted, before it ends its
    /// writing half.
    ///
    /// # Errors
    /// When this side dialled or the connection is gone.
    ///
    /// # Cancel safety
    /// Dropping the future may or may not have told it.
    pub async fn send_exit_status(&mut self, code: u32) -> Result<(), FlowError> {
        poll_fn(|cx| self.poll_sent(cx)).await?;
        let sent = self.parts.channel.clone().exit(code).await;
        sent.map_err(|_| ErrorKind::Unsupported.into())
    }

    /// Copies what the session's task has received beside the bytes.
    fn notice(&mut self) {
        let mut received = self.parts.inbox.lock();
        if self.exit.is_none() {
            self.exit = received.exit.take();
        }
        self.error_output.take_from(&mut received);
    }

    /// Waits until the session's task has what was accepted.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        if self.aborted {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        {
            let mut received = self.parts.inbox.lock();
            if received.closed || received.failure.is_some() {
                return Poll::Ready(Err(ErrorKind::Reset.into()));
            }
            received.wake_writer(cx);
        }
        if let Some(sending) = &mut self.sending {
            let sent = ready!(sending.as_mut().poll(cx));
            self.sending = None;
            sent.map_err(|_| FlowError::from(ErrorKind::Reset))?;
        }
        Poll::Ready(Ok(()))
    }

    /// Hands a message to the session's task, as far as that is possible now.
    fn send(&mut self, cx: &mut Context<'_>, mut message: Sending) {
        if message.as_mut().poll(cx).is_pending() {
            self.sending = Some(message);
        }
    }

    fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        bytes: Vec<u8>,
    ) -> Poll<Result<usize, FlowError>> {
        if self.closed {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        ready!(self.poll_sent(cx))?;
        let count = bytes.len();
        if count > 0 {
            let message = self.parts.channel.clone().data(bytes);
            self.send(cx, message);
        }
        Poll::Ready(Ok(count))
    }

    /// Whether the end may be told: a command's exit status is there, or will not come soon.
    fn poll_exit(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.parts.exits || self.exit.is_some() {
            return Poll::Ready(());
        }
        let patience = self
            .exit_patience
            .get_or_insert_with(|| Box::pin(::tokio::time::sleep(EXIT_PATIENCE)));
        patience.as_mut().poll(cx)
    }
}

impl tuyau_core::Flow for Flow {
    fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Result<usize, FlowError>> {
        if self.aborted {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        self.notice();
        if buffer.is_empty() || self.ended {
            return Poll::Ready(Ok(0));
        }
        let (ended, closed, failure) = {
            let mut received = self.parts.inbox.lock();
            let count = received.take(buffer);
            if count > 0 {
                return Poll::Ready(Ok(count));
            }
            received.wake_reader(cx);
            let failure = received.failure.clone();
            (received.ended, received.closed, failure)
        };
        if ended {
            if !closed && failure.is_none() {
                ready!(self.poll_exit(cx));
            }
            self.ended = true;
            return Poll::Ready(Ok(0));
        }
        match failure {
            _ if closed => Poll::Ready(Err(ErrorKind::Truncated.into())),
            Some(failure) => Poll::Ready(Err(failure.to_error())),
            None => Poll::Pending,
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize, FlowError>> {
        self.poll_write_vectored(cx, &[bytes])
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
    ) -> Poll<Result<usize, FlowError>> {
        if self.sending.is_some() && !self.closed {
            ready!(self.poll_sent(cx))?;
        }
        let mut chunk = Vec::new();
        for slice in slices {
            let room = CHUNK - chunk.len();
            chunk.extend(&slice[..slice.len().min(room)]);
        }
        self.poll_take(cx, chunk)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        // The session's task hands on by itself what it has.
        self.poll_sent(cx)
    }

    fn poll_close_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), FlowError>> {
        if self.closed && self.sending.is_none() && !self.aborted {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_sent(cx))?;
        if !self.closed {
            self.closed = true;
            let message = self.parts.channel.clone().eof();
            self.send(cx, message);
            return self.poll_sent(cx);
        }
        Poll::Ready(Ok(()))
    }

    fn abort(&mut self) {
        self.aborted = true;
        self.sending = None;
        self.parts.inbox.abandon();
        self.parts.link.abort();
    }

    fn info_of(&self, want: TypeId) -> Option<&dyn Any> {
        fn of<T: 'static>(want: TypeId, value: Option<&T>) -> Option<&dyn Any> {
            let value = value.filter(|_| want == TypeId::of::<T>())?;
            Some(value)
        }
        let facts = &self.parts.facts;
        of(want, facts.host_key.as_ref())
            .or_else(|| of(want, self.exit.as_ref()))
            .or_else(|| of(want, Some(&self.error_output)))
            .or_else(|| of(want, facts.peer_key.as_ref()))
            .or_else(|| of(want, facts.user.as_ref()))
            .or_else(|| of(want, facts.open.as_ref()))
            .or_else(|| of(want, facts.peer.as_ref()))
            .or_else(|| of(want, facts.local.as_ref()))
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.parts.inbox.abandon();
        if !self.aborted
            && let Some(farewell) = self.parts.channel.clone().farewell()
        {
            // It ends with the session's task, at the latest when that has been cut.
            self.runtime.spawn(farewell);
        }
        self.parts.link.release();
    }
}

impl fmt::Debug for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow")
            .field("host_key", &self.parts.facts.host_key)
            .field("exit", &self.exit)
            .finish_non_exhaustive()
    }
}
