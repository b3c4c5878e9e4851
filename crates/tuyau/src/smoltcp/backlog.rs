//! Connections that wait to be accepted.

use std::{
    collections::VecDeque,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll, Waker},
};

use ::smoltcp::{
    iface::{SocketHandle, SocketSet},
    socket::tcp,
    wire::{IpAddress, IpListenEndpoint},
};
use tuyau_core::FlowError;

use super::{
    connection::{Connection, Held, register, socket},
    state::{State, Wakes},
};

/// How many connections wait for a listener to accept them. While so many wait, further requests get
/// no answer, and the peer repeats them.
pub const BACKLOG: usize = 128;
/// How many requests of peers that have not yet shown that they hear us (half-open connections) one
/// listener keeps, beside those that wait to be accepted; of more, the oldest is forgotten.
pub const HALF_OPEN: usize = 256;

/// The waiting connections of one listener.
#[derive(Debug)]
pub(super) struct Backlog {
    at: SocketAddr,
    /// The socket that takes the next request.
    listening: Option<SocketHandle>,
    pending: VecDeque<SocketHandle>,
    pub(super) waker: Option<Waker>,
}

/// Why a listener cannot be where it was asked to be.
pub(super) enum Taken {
    InUse,
    NotOurs,
    NoPort,
}

impl Backlog {
    pub(super) fn port(&self) -> u16 {
        self.at.port()
    }

    /// Whether requests to `endpoint` come here.
    pub(super) fn is_at(&self, endpoint: SocketAddr) -> bool {
        let all = self.at.ip().is_unspecified();
        self.at.port() == endpoint.port() && (all || self.at.ip() == endpoint.ip())
    }

    /// Whether a request can be taken.
    pub(super) fn has_room(&self, sockets: &SocketSet<'_>) -> bool {
        self.listening.is_some() && self.may_listen(sockets)
    }

    fn count(&self, sockets: &SocketSet<'_>, of: fn(&tcp::Socket<'_>) -> bool) -> usize {
        let sockets = self.pending.iter().map(|handle| sockets.get(*handle));
        sockets.filter(|socket| of(socket)).count()
    }

    /// Whether fewer wait to be accepted than may.
    fn may_listen(&self, sockets: &SocketSet<'_>) -> bool {
        self.pending.len() < BACKLOG || self.count(sockets, is_ready) < BACKLOG
    }

    /// Takes the oldest of the half-open connections out when they are too many.
    fn take_excess(&mut self, sockets: &SocketSet<'_>) -> Option<SocketHandle> {
        if self.pending.len() <= HALF_OPEN || self.count(sockets, is_half_open) <= HALF_OPEN {
            return None;
        }
        let half_open = |handle: &SocketHandle| is_half_open(sockets.get(*handle));
        let oldest = self.pending.iter().position(half_open)?;
        self.pending.remove(oldest)
    }

    fn overlaps(&self, other: SocketAddr) -> bool {
        self.is_at(other) || (other.ip().is_unspecified() && other.port() == self.at.port())
    }
}

impl State {
    /// Listens at `at`, where port 0 stands for a free one, and gives the backlog's number and place.
    pub(super) fn listen(&mut self, at: SocketAddr) -> Result<(u64, SocketAddr), Taken> {
        if !at.ip().is_unspecified() && !self.has(at.ip()) {
            return Err(Taken::NotOurs);
        }
        let mut at = at;
        if at.port() == 0 {
            let used = self.used_ports();
            let port = self.ports.choose(|port| used.contains(&port));
            at.set_port(port.ok_or(Taken::NoPort)?);
        } else if self.backlogs.values().any(|backlog| backlog.overlaps(at)) {
            return Err(Taken::InUse);
        }
        let number = self.backlogs.keys().next_back().map_or(0, |last| last + 1);
        let backlog = Backlog {
            at,
            listening: None,
            pending: VecDeque::new(),
            waker: None,
        };
        self.backlogs.insert(number, backlog);
        self.refill();
        Ok((number, at))
    }

    /// Opens a socket for the next request where there is room for one.
    pub(super) fn refill(&mut self) {
        let Self {
            sockets,
            connections,
            backlogs,
            sizes,
            ..
        } = self;
        for backlog in backlogs.values_mut() {
            if let Some(handle) = backlog.listening
                && sockets.get::<tcp::Socket>(handle).state() != tcp::State::Listen
            {
                connections.insert(handle, Connection::held_by(Held::Backlog));
                backlog.pending.push_back(handle);
                backlog.listening = None;
                if let Some(oldest) = backlog.take_excess(sockets) {
                    connections.remove(&oldest);
                    sockets.remove(oldest);
                }
            }
            if backlog.listening.is_none() && backlog.may_listen(sockets) {
                let mut socket = socket(*sizes);
                // The port is not 0, and the socket is new.
                if socket.listen(listen_endpoint(backlog.at)).is_ok() {
                    backlog.listening = Some(sockets.add(socket));
                }
            }
        }
    }

    /// Takes the next connection whose handshake is done.
    pub(super) fn poll_accept(
        &mut self,
        number: u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<SocketHandle, FlowError>> {
        self.check()?;
        let Some(backlog) = self.backlogs.get_mut(&number) else {
            return Poll::Pending;
        };
        let sockets = &self.sockets;
        let ready = |handle: &SocketHandle| is_ready(sockets.get(*handle));
        let Some(place) = backlog.pending.iter().position(ready) else {
            register(&mut backlog.waker, cx);
            return Poll::Pending;
        };
        let Some(handle) = backlog.pending.remove(place) else {
            return Poll::Pending;
        };
        self.accepted(handle);
        self.refill();
        Poll::Ready(Ok(handle))
    }

    /// Frees what broke before it was accepted, and wakes the listeners that have something to accept.
    pub(super) fn survey_backlogs(&mut self, wakes: &mut Wakes) {
        let Self {
            sockets,
            connections,
            backlogs,
            ..
        } = self;
        for backlog in backlogs.values_mut() {
            backlog.pending.retain(|handle| {
                // A socket whose handshake was reset listens again.
                let socket = sockets.get::<tcp::Socket>(*handle);
                let again = socket.state() == tcp::State::Listen;
                let broken = again || connections.get(handle).is_none_or(Connection::is_broken);
                if broken {
                    connections.remove(handle);
                    sockets.remove(*handle);
                }
                !broken
            });
            let ready = |handle: &SocketHandle| is_ready(sockets.get(*handle));
            if backlog.waker.is_some() && backlog.pending.iter().any(ready) {
                wakes.tasks.extend(backlog.waker.take());
            }
        }
        self.refill();
    }

    /// Stops listening, and resets what was not accepted.
    pub(super) fn stop_listening(&mut self, number: u64, wakes: &mut Wakes) {
        let Some(backlog) = self.backlogs.remove(&number) else {
            return;
        };
        if let Some(handle) = backlog.listening {
            self.sockets.remove(handle);
        }
        for handle in backlog.pending {
            self.release(handle, true, wakes);
        }
    }
}

fn is_ready(socket: &tcp::Socket<'_>) -> bool {
    !matches!(
        socket.state(),
        tcp::State::Listen | tcp::State::SynReceived | tcp::State::Closed
    )
}

fn is_half_open(socket: &tcp::Socket<'_>) -> bool {
    socket.state() == tcp::State::SynReceived
}

/// The endpoint as smoltcp has it, which knows all addresses of both families as none.
pub(super) fn listen_endpoint(at: SocketAddr) -> IpListenEndpoint {
    let given = |ip: &IpAddr| !ip.is_unspecified();
    IpListenEndpoint {
        addr: Some(at.ip()).filter(given).map(IpAddress::from),
        port: at.port(),
    }
}
