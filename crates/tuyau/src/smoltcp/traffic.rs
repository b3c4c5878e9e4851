//! What flows do with the connections of a stack.

use std::{
    collections::BTreeSet,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use ::smoltcp::{
    iface::SocketHandle,
    socket::tcp::{self, RecvError},
};
use tuyau_core::{ErrorKind, FlowError};

use super::{
    NetworkError,
    backlog::Backlog,
    connection::{Connection, Held, is_connecting, register, socket},
    state::{State, Wakes},
};

/// How many flows that were dropped are being closed at a time, until their peers have acknowledged
/// all and ended too; the oldest of more is reset, since each holds its buffers.
pub const MAX_CLOSING: usize = 512;
/// How many connections stay in TIME-WAIT; the oldest goes first, since each holds its buffers.
const TIME_WAIT: usize = 128;

impl State {
    /// Begins to connect.
    pub(super) fn dial(
        &mut self,
        to: SocketAddr,
        wakes: &mut Wakes,
    ) -> Result<SocketHandle, NetworkError> {
        self.check()?;
        self.check_route(to)?;
        let used = self.used_ports();
        let port = self.ports.choose(|port| used.contains(&port));
        let port = port.ok_or(NetworkError::NoPort)?;
        let mut socket = socket(self.sizes);
        socket
            .connect(self.interface.context(), to, port)
            .map_err(|_| NetworkError::NoSource(to.ip()))?;
        let handle = self.sockets.add(socket);
        let connection = Connection::held_by(Held::Flow);
        self.connections.insert(handle, connection);
        self.neighbours.hurry();
        self.nudge(wakes);
        Ok(handle)
    }

    /// Waits for the end of the handshake.
    pub(super) fn poll_connected(
        &mut self,
        handle: SocketHandle,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), FlowError>> {
        self.check()?;
        let socket = self.sockets.get::<tcp::Socket>(handle);
        let Some(connection) = self.connections.get_mut(&handle) else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        if is_connecting(socket) {
            register(&mut connection.writer, cx);
            return Poll::Pending;
        }
        match connection.fate {
            None => Poll::Ready(Ok(())),
            Some(ErrorKind::Reset) => Poll::Ready(Err(ErrorKind::Refused.into())),
            Some(kind) => Poll::Ready(Err(kind.into())),
        }
    }

    /// The local ports of TCP.
    pub(super) fn used_ports(&self) -> BTreeSet<u16> {
        let connected = self.connections.keys().filter_map(|handle| {
            let socket = self.sockets.get::<tcp::Socket>(*handle);
            Some(socket.local_endpoint()?.port)
        });
        let listening = self.backlogs.values().map(Backlog::port);
        connected.chain(listening).collect()
    }

    /// Gives a connection from the backlog to a flow.
    pub(super) fn accepted(&mut self, handle: SocketHandle) {
        if let Some(connection) = self.connections.get_mut(&handle) {
            connection.held = Held::Flow;
        }
    }

    /// The endpoints of a connection: local, then remote.
    pub(super) fn ends(&self, handle: SocketHandle) -> Option<(SocketAddr, SocketAddr)> {
        let socket = self.sockets.get::<tcp::Socket>(handle);
        let (local, remote) = (socket.local_endpoint()?, socket.remote_endpoint()?);
        Some((
            SocketAddr::new(local.addr.into(), local.port),
            SocketAddr::new(remote.addr.into(), remote.port),
        ))
    }

    pub(super) fn poll_read(
        &mut self,
        handle: SocketHandle,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
        wakes: &mut Wakes,
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let Some(connection) = self.connections.get_mut(&handle) else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        if !connection.rest.is_empty() {
            return Poll::Ready(Ok(connection.take_rest(buffer)));
        }
        let socket = self.sockets.get_mut::<tcp::Socket>(handle);
        match socket.recv_slice(buffer) {
            Ok(0) => {
                register(&mut connection.reader, cx);
                Poll::Pending
            }
            Ok(count) => {
                // The peer may have to be told of the room.
                self.nudge(wakes);
                Poll::Ready(Ok(count))
            }
            Err(RecvError::Finished) => {
                connection.ended = true;
                Poll::Ready(Ok(0))
            }
            Err(RecvError::InvalidState) if connection.ended => Poll::Ready(Ok(0)),
            Err(RecvError::InvalidState) => Poll::Ready(Err(connection.broken())),
        }
    }

    pub(super) fn poll_write(
        &mut self,
        handle: SocketHandle,
        cx: &mut Context<'_>,
        slices: &[&[u8]],
        wakes: &mut Wakes,
    ) -> Poll<Result<usize, FlowError>> {
        self.check()?;
        let Some(connection) = self.connections.get_mut(&handle) else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        if connection.closed {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        }
        let socket = self.sockets.get_mut::<tcp::Socket>(handle);
        let mut written = 0;
        for slice in slices {
            let count = socket.send_slice(slice).map_err(|_| connection.broken())?;
            written += count;
            if count < slice.len() {
                break;
            }
        }
        if written > 0 {
            self.nudge(wakes);
        } else if slices.iter().any(|slice| !slice.is_empty()) {
            register(&mut connection.writer, cx);
            return Poll::Pending;
        }
        Poll::Ready(Ok(written))
    }

    /// Ends the writing half behind what was written.
    pub(super) fn close_write(
        &mut self,
        handle: SocketHandle,
        wakes: &mut Wakes,
    ) -> Result<(), FlowError> {
        self.check()?;
        let Some(connection) = self.connections.get_mut(&handle) else {
            return Err(ErrorKind::Closed.into());
        };
        if !connection.closed {
            if let Some(kind) = connection.fate {
                return Err(kind.into());
            }
            connection.closed = true;
            self.sockets.get_mut::<tcp::Socket>(handle).close();
            self.nudge(wakes);
        }
        Ok(())
    }

    /// Takes a connection from its flow and closes it: with a reset when that is asked for or when
    /// something was not read, else in good order.
    pub(super) fn release(&mut self, handle: SocketHandle, reset: bool, wakes: &mut Wakes) {
        let stopped = self.check().is_err();
        let Some(connection) = self.connections.get_mut(&handle) else {
            return;
        };
        let socket = self.sockets.get_mut::<tcp::Socket>(handle);
        let unread = socket.recv_queue() > 0 || !connection.rest.is_empty();
        match socket.state() {
            tcp::State::SynSent | tcp::State::Listen => return self.remove(handle),
            _ if stopped => return self.remove(handle),
            tcp::State::TimeWait if !reset => {}
            _ if reset || unread => socket.abort(),
            _ => socket.close(),
        }
        if socket.state() == tcp::State::Closed && socket.remote_endpoint().is_none() {
            return self.remove(handle);
        }
        // The last acknowledgement goes out at once.
        socket.set_ack_delay(None);
        connection.let_go();
        self.nudge(wakes);
    }

    /// Looks at each connection after the stack has worked: wakes whom it concerns and frees what is
    /// done. A connection that is found closed broke for the reason `fate`. Gives the time at which
    /// the next connection is given up.
    pub(super) fn survey(
        &mut self,
        now: Duration,
        fate: ErrorKind,
        wakes: &mut Wakes,
    ) -> Option<Duration> {
        let Self {
            sockets,
            connections,
            ..
        } = self;
        let mut due: Option<Duration> = None;
        let (mut waiting, mut closing) = (0, 0);
        connections.retain(|handle, connection| {
            let socket = sockets.get_mut::<tcp::Socket>(*handle);
            if !connection.survey(socket, now, fate, wakes) {
                sockets.remove(*handle);
                return false;
            }
            due = due.into_iter().chain(connection.until).min();
            waiting += usize::from(connection.waiting_since.is_some());
            closing += usize::from(connection.closing_since.is_some());
            true
        });
        (self.waiting, self.closing) = (waiting, closing);
        self.survey_backlogs(wakes);
        due
    }

    /// Forgets the oldest of the connections in TIME-WAIT that are too many.
    pub(super) fn limit_waiting(&mut self) {
        let excess = self.waiting.saturating_sub(TIME_WAIT);
        for handle in self.oldest(excess, |connection| connection.waiting_since) {
            self.remove(handle);
        }
    }

    /// Resets the oldest of the connections without a flow that are too many.
    pub(super) fn limit_closing(&mut self, now: Duration) {
        let excess = self.closing.saturating_sub(MAX_CLOSING);
        for handle in self.oldest(excess, |connection| connection.closing_since) {
            if let Some(connection) = self.connections.get_mut(&handle) {
                connection.give_up(self.sockets.get_mut(handle), now);
            }
        }
    }

    fn oldest(
        &self,
        count: usize,
        since: impl Fn(&Connection) -> Option<Duration>,
    ) -> Vec<SocketHandle> {
        if count == 0 {
            return Vec::new();
        }
        let known = self.connections.iter();
        let mut oldest: Vec<_> = known
            .filter_map(|(handle, connection)| Some((since(connection)?, *handle)))
            .collect();
        oldest.sort_unstable();
        oldest.truncate(count);
        oldest.into_iter().map(|(_, handle)| handle).collect()
    }
}
