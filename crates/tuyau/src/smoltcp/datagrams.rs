//! What UDP flows and listeners do with the sockets of a stack.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use ::smoltcp::{
    iface::SocketHandle,
    socket::udp::{self, PacketBuffer, PacketMetadata},
};
use tuyau_core::{ErrorKind, FlowError};

use super::{
    NetworkError,
    backlog::{Taken, listen_endpoint},
    connection::register,
    state::{State, Wakes},
};
use crate::udp::{Peers, max_size};

/// How many datagrams of one flow wait to be sent.
const SENDING: usize = 32;
/// How many bytes of them, where the MTU is not larger.
const SENDING_BYTES: usize = 16 * 1024;
/// How many datagrams wait in the stack to be handed out, which they are after each frame.
const RECEIVING: usize = 4;
/// How long the first datagram in line waits for its neighbour before all of the line are dropped.
const PATIENCE: Duration = Duration::from_secs(3);

/// A UDP socket: that of a listener, or that of a flow. Several of one port share their peers; what
/// comes is handed to them, whichever socket the stack gives it.
pub(super) struct Port {
    at: SocketAddr,
    peers: Arc<Peers>,
    /// Where a flow sends to.
    to: Option<SocketAddr>,
    writer: Option<Waker>,
    /// The flow or listener is there.
    held: bool,
    /// How many bytes are in line, and since when no datagram has left.
    stuck: Option<(usize, Duration)>,
}

impl State {
    fn open(&mut self, at: SocketAddr, peers: Arc<Peers>, to: Option<SocketAddr>) -> SocketHandle {
        let buffer = |count, bytes: usize| {
            let room = vec![0; bytes.max(self.mtu)];
            PacketBuffer::new(vec![PacketMetadata::EMPTY; count], room)
        };
        let sending = buffer(SENDING, SENDING_BYTES);
        let mut socket = udp::Socket::new(buffer(RECEIVING, 0), sending);
        // The port is not 0, and the socket is new.
        let _ = socket.bind(listen_endpoint(at));
        let handle = self.sockets.add(socket);
        let port = Port {
            at,
            peers,
            to,
            writer: None,
            held: true,
            stuck: None,
        };
        self.udp.insert(handle, port);
        handle
    }

    /// Opens a socket for one peer, and gives its own end.
    pub(super) fn dial_udp(
        &mut self,
        to: SocketAddr,
        peers: Arc<Peers>,
    ) -> Result<(SocketHandle, SocketAddr), NetworkError> {
        self.check()?;
        self.check_route(to)?;
        let source = self.interface.get_source_address(&to.ip().into());
        let source = source.ok_or(NetworkError::NoSource(to.ip()))?;
        let port = self.free_udp_port().ok_or(NetworkError::NoPort)?;
        let at = SocketAddr::new(source.into(), port);
        Ok((self.open(at, peers, Some(to)), at))
    }

    /// Opens a socket for whoever sends to `at`, where port 0 stands for a free one.
    pub(super) fn listen_udp(
        &mut self,
        mut at: SocketAddr,
        peers: Arc<Peers>,
    ) -> Result<(SocketHandle, SocketAddr), Taken> {
        if !at.ip().is_unspecified() && !self.has(at.ip()) {
            return Err(Taken::NotOurs);
        }
        let overlaps = |other: SocketAddr| {
            let all = at.ip().is_unspecified() || other.ip().is_unspecified();
            other.port() == at.port() && (all || other.ip() == at.ip())
        };
        if at.port() == 0 {
            at.set_port(self.free_udp_port().ok_or(Taken::NoPort)?);
        } else if self.udp.values().any(|port| overlaps(port.at)) {
            return Err(Taken::InUse);
        }
        Ok((self.open(at, peers, None), at))
    }

    fn free_udp_port(&mut self) -> Option<u16> {
        let used: BTreeSet<_> = self.udp.values().map(|port| port.at.port()).collect();
        self.ports.choose(|port| used.contains(&port))
    }

    /// Opens a socket that sends from a listener's port to a peer which was accepted there.
    pub(super) fn answer_udp(
        &mut self,
        at: SocketAddr,
        to: SocketAddr,
        peers: &Arc<Peers>,
    ) -> SocketHandle {
        self.open(at, peers.clone(), Some(to))
    }

    /// How many bytes a datagram to a peer can have: it fits into one packet.
    pub(super) fn max_datagram(&self, to: SocketAddr) -> usize {
        let headers = if to.is_ipv4() { 20 + 8 } else { 40 + 8 };
        max_size(&to).min(self.mtu.saturating_sub(headers))
    }

    /// Sends a datagram, or waits for room.
    pub(super) fn poll_send(
        &mut self,
        handle: SocketHandle,
        cx: &Context<'_>,
        datagram: &[u8],
        wakes: &mut Wakes,
    ) -> Poll<Result<(), FlowError>> {
        self.check()?;
        let port = self.udp.get_mut(&handle);
        let Some((port, to)) = port.and_then(|port| port.to.map(|to| (port, to))) else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        let socket = self.sockets.get_mut::<udp::Socket>(handle);
        match socket.send_slice(datagram, to) {
            Ok(()) => {
                self.nudge(wakes);
                Poll::Ready(Ok(()))
            }
            Err(udp::SendError::BufferFull) => {
                register(&mut port.writer, cx);
                Poll::Pending
            }
            Err(udp::SendError::Unaddressable) => {
                Poll::Ready(Err(NetworkError::BadEndpoint(to).into()))
            }
        }
    }

    /// Takes a socket from its flow or listener; what a flow sent goes out still.
    pub(super) fn release_udp(&mut self, handle: SocketHandle, wakes: &mut Wakes) {
        if self.check().is_err() {
            self.udp.remove(&handle);
            self.sockets.remove(handle);
        } else if let Some(port) = self.udp.get_mut(&handle) {
            port.held = false;
            self.nudge(wakes);
        }
    }

    /// Hands out what has come.
    pub(super) fn hand_out(&mut self, wakes: &mut Wakes) {
        for (handle, port) in &self.udp {
            let socket = self.sockets.get_mut::<udp::Socket>(*handle);
            while let Ok((datagram, from)) = socket.recv() {
                let from = SocketAddr::new(from.endpoint.addr.into(), from.endpoint.port);
                let woken = port.peers.arrived(from, datagram);
                wakes.tasks.extend(woken.into_iter().flatten());
            }
        }
    }

    /// Looks at each socket after the stack has sent: wakes who waits for room, drops what cannot
    /// leave, and frees what is done. Gives the time at which the next one is given up.
    pub(super) fn survey_udp(&mut self, now: Duration, wakes: &mut Wakes) -> Option<Duration> {
        let mut due: Option<Duration> = None;
        let mut newly = false;
        let sockets = &mut self.sockets;
        self.udp.retain(|handle, port| {
            let socket = sockets.get_mut::<udp::Socket>(*handle);
            let bytes = socket.send_queue();
            if bytes == 0 && socket.can_send() {
                port.stuck = None;
            } else {
                newly |= port.stuck.is_none();
                let known = port.stuck.filter(|(before, _)| *before == bytes);
                let (_, since) = *port.stuck.insert(known.unwrap_or((bytes, now)));
                if now < since + PATIENCE {
                    due = due.into_iter().chain([since + PATIENCE]).min();
                } else {
                    port.stuck = None;
                    socket.close();
                    let _ = socket.bind(listen_endpoint(port.at));
                }
            }
            if socket.can_send() {
                wakes.tasks.extend(port.writer.take());
            }
            let done = !port.held && port.stuck.is_none();
            if done {
                sockets.remove(*handle);
            }
            !done
        });
        if newly {
            self.neighbours.hurry();
        }
        due
    }

    /// Whom datagrams wait for.
    pub(super) fn awaited_udp(&self) -> impl Iterator<Item = IpAddr> {
        let stuck = self.udp.values().filter(|port| port.stuck.is_some());
        stuck.filter_map(|port| Some(port.to?.ip()))
    }

    /// Wakes everyone who waits for datagrams.
    pub(super) fn wake_udp(&mut self, wakes: &mut Wakes) {
        for port in self.udp.values_mut() {
            wakes.tasks.extend(port.writer.take());
            wakes.tasks.extend(port.peers.take_waiting());
        }
    }
}
