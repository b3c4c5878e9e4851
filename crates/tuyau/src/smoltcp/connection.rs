//! What is known of a connection beside its socket, and how it comes to its end.

use std::{
    collections::VecDeque,
    task::{Context, Waker},
    time::Duration,
};

use ::smoltcp::socket::tcp::{self, CongestionControl, SocketBuffer};
use tuyau_core::{ErrorKind, FlowError};

use super::{Sizes, state::Wakes};

/// How long the peer may be silent while it owes an answer, before a connection counts as dead: what
/// Linux spends on an unanswered SYN, rounded.
const TIMEOUT: Duration = Duration::from_secs(120);
/// The time between two probes of a silent peer: several of them fit into the timeout, and NATs keep
/// the connection in mind.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long a peer may take for the third step of the handshake: some repetitions of the second.
const HANDSHAKE: Duration = Duration::from_secs(20);
/// How long a closed flow waits for the peer to close too, as Linux's `tcp_fin_timeout`.
const LINGER: Duration = Duration::from_secs(60);
/// How long a closed flow tries to deliver what was written, and its end: a peer that answers but
/// takes nothing does not keep the buffers any longer than one that is silent.
const DELIVERY: Duration = TIMEOUT;
/// How long sending a reset is tried, while the neighbour is not found.
const RESET: Duration = Duration::from_secs(3);

/// What is known of a connection beside its socket.
#[derive(Debug, Default)]
pub(super) struct Connection {
    pub(super) held: Held,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    /// What was received, when smoltcp is about to forget it.
    pub(super) rest: VecDeque<u8>,
    /// The peer ended its half.
    pub(super) ended: bool,
    /// This side ended its half.
    pub(super) closed: bool,
    /// Why it broke.
    pub(super) fate: Option<ErrorKind>,
    /// When it is given up.
    pub(super) until: Option<Duration>,
    pub(super) waiting_since: Option<Duration>,
    /// Since when it is being closed without a flow, while it is not in TIME-WAIT.
    pub(super) closing_since: Option<Duration>,
    /// What `until` is meant for, when the flow is gone.
    closing: Option<Closing>,
}

/// What a connection without a flow waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// For the peer to take what was written, and the end behind it.
    Delivery,
    /// For the peer's own end.
    End,
    /// For a reset to be sent.
    Reset,
}

impl Closing {
    fn limit(self) -> Duration {
        match self {
            Self::Delivery => DELIVERY,
            Self::End => LINGER,
            Self::Reset => RESET,
        }
    }
}

/// Who has a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Held {
    Flow,
    Backlog,
    /// The flow is gone and the connection is being closed.
    #[default]
    Nobody,
}

/// A TCP socket as all of ours are.
pub(super) fn socket(sizes: Sizes) -> tcp::Socket<'static> {
    let buffer = |size| SocketBuffer::new(vec![0; size]);
    let mut socket = tcp::Socket::new(buffer(sizes.receive), buffer(sizes.send));
    // Layers and users here send whole batches.
    socket.set_nagle_enabled(false);
    socket.set_congestion_control(CongestionControl::Reno);
    socket.set_timeout(Some(TIMEOUT.into()));
    socket.set_keep_alive(Some(KEEPALIVE.into()));
    socket
}

impl Connection {
    pub(super) fn held_by(held: Held) -> Self {
        Self {
            held,
            ..Self::default()
        }
    }

    pub(super) fn is_broken(&self) -> bool {
        self.fate.is_some()
    }

    pub(super) fn is_lingering(&self) -> bool {
        self.held == Held::Nobody
    }

    pub(super) fn wake_all(&mut self, wakes: &mut Wakes) {
        wakes.tasks.extend(self.reader.take());
        wakes.tasks.extend(self.writer.take());
    }

    pub(super) fn broken(&self) -> FlowError {
        self.fate.unwrap_or(ErrorKind::Reset).into()
    }

    pub(super) fn let_go(&mut self) {
        self.held = Held::Nobody;
        (self.reader, self.writer) = (None, None);
        self.rest = VecDeque::new();
    }

    pub(super) fn take_rest(&mut self, buffer: &mut [u8]) -> usize {
        let count = self.rest.len().min(buffer.len());
        for (byte, rest) in buffer.iter_mut().zip(self.rest.drain(..count)) {
            *byte = rest;
        }
        count
    }

    /// Whether the connection is still of use.
    pub(super) fn survey(
        &mut self,
        socket: &mut tcp::Socket<'_>,
        now: Duration,
        fate: ErrorKind,
        wakes: &mut Wakes,
    ) -> bool {
        if socket.state() == tcp::State::Closed && self.fate.is_none() {
            self.fate = Some(fate);
        }
        match self.held {
            Held::Backlog => {
                self.hurry(socket, now);
                true
            }
            Held::Nobody => self.linger(socket, now),
            Held::Flow => {
                if socket.state() == tcp::State::TimeWait {
                    self.rescue(socket);
                }
                self.notify(socket, wakes);
                true
            }
        }
    }

    /// Gives a handshake up that takes too long, without a reset: the peer may still begin anew.
    fn hurry(&mut self, socket: &tcp::Socket<'_>, now: Duration) {
        if socket.state() != tcp::State::SynReceived {
            self.until = None;
        } else if now >= *self.until.get_or_insert(now + HANDSHAKE) {
            self.fate = Some(ErrorKind::TimedOut);
        }
    }

    /// Takes over what was received before the end of TIME-WAIT clears the socket.
    fn rescue(&mut self, socket: &mut tcp::Socket<'_>) {
        let rest = &mut self.rest;
        while socket.can_recv() {
            let taken = socket.recv(|bytes| {
                rest.extend(&*bytes);
                (bytes.len(), ())
            });
            if taken.is_err() {
                break;
            }
        }
        self.ended = true;
    }

    fn notify(&mut self, socket: &tcp::Socket<'_>, wakes: &mut Wakes) {
        if is_connecting(socket) {
            return;
        }
        let readable = self.ended || socket.can_recv() || !socket.may_recv();
        if readable {
            wakes.tasks.extend(self.reader.take());
        }
        if socket.can_send() || !socket.may_send() {
            wakes.tasks.extend(self.writer.take());
        }
    }

    /// Lets a connection without a flow come to its end; false when it is over.
    fn linger(&mut self, socket: &mut tcp::Socket<'_>, now: Duration) -> bool {
        let closing = match socket.state() {
            tcp::State::TimeWait => {
                (self.until, self.closing, self.closing_since) = (None, None, None);
                self.waiting_since.get_or_insert(now);
                return true;
            }
            tcp::State::Closed => {
                (self.waiting_since, self.closing_since) = (None, None);
                let reset_is_to_be_sent = socket.remote_endpoint().is_some();
                return reset_is_to_be_sent && now < self.given_up_at(Closing::Reset, now);
            }
            tcp::State::FinWait2 => Closing::End,
            _ => Closing::Delivery,
        };
        self.closing_since.get_or_insert(now);
        // Nobody will read it: the peer shall know (RFC 9293, section 3.10.4 and RFC 2525,
        // section 2.17).
        if socket.recv_queue() > 0 || now >= self.given_up_at(closing, now) {
            self.give_up(socket, now);
        }
        true
    }

    /// When waiting for something ends, which begins with the first call.
    fn given_up_at(&mut self, closing: Closing, now: Duration) -> Duration {
        let begun = self.until.filter(|_| self.closing == Some(closing));
        let until = begun.unwrap_or(now + closing.limit());
        (self.until, self.closing) = (Some(until), Some(closing));
        until
    }

    /// Resets a connection without a flow.
    pub(super) fn give_up(&mut self, socket: &mut tcp::Socket<'_>, now: Duration) {
        socket.abort();
        self.closing_since = None;
        self.given_up_at(Closing::Reset, now);
    }
}

pub(super) fn is_connecting(socket: &tcp::Socket<'_>) -> bool {
    matches!(
        socket.state(),
        tcp::State::SynSent | tcp::State::SynReceived
    )
}

pub(super) fn register(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}
