//! What UDP flows and listeners do with the sockets of a stack.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use ::smoltcp::{
    iface::{SocketHandle, SocketSet},
    socket::udp,
};
use tuyau_core::{ErrorKind, FlowError};

use super::{
    NetworkError,
    backlog::Taken,
    frames::Frames,
    line::{Around, Fate, Line, SHORT_PATIENCE},
    state::{State, Wakes},
    syn::Ends,
    writers::Writers,
};
use crate::udp::{Options, Peers, max_size};

/// How many flows of one listener have datagrams in line at a time. Another one waits until a line is
/// empty or given up: so what many flows send takes no more than some 2 MiB where the MTU is Ethernet's.
const LINES: usize = 128;
/// How many of these are flows none of whose datagrams has left yet. Whoever is on the network can make
/// up senders that do not exist, and make an application that answers them wait for each: that takes
/// nothing from the flows that do exist.
const NEW_LINES: usize = LINES / 2;

/// A UDP port: that of a listener and the flows it gave, or that of one dialled flow. What comes is
/// handed to the peers, whichever socket the stack gives it.
pub(super) struct Port {
    at: SocketAddr,
    peers: Arc<Peers<Ends>>,
    /// How many flows and listeners there are.
    holders: usize,
    /// The first one stays as long as the port, and receives; others are there while they are used.
    lines: Vec<Line>,
    /// The flows that have sent a datagram which has left.
    reached: BTreeSet<Ends>,
    /// Flows that wait to send.
    writers: Writers,
}

/// What was seen of all lines.
#[derive(Default)]
struct Seen {
    /// When to look again, as one is given up then.
    due: Option<Duration>,
    newly_stuck: bool,
}

impl Seen {
    fn is_due(&mut self, at: Duration) {
        self.due = self.due.into_iter().chain([at]).min();
    }
}

impl Port {
    /// The line for a datagram of a flow, unless all are taken or others have waited for longer.
    fn line(
        &mut self,
        sockets: &mut SocketSet<'static>,
        ends: Ends,
        mtu: usize,
    ) -> Option<&mut Line> {
        let is_new = !self.reached.contains(&ends);
        let own = self.lines.iter().position(|line| line.is_of(ends));
        if own.is_none() && !(self.has_room_for(is_new) && self.is_next(ends, is_new)) {
            return None;
        }
        let lines = &mut self.lines;
        let found = own.or_else(|| lines.iter().position(Line::is_free));
        let at = found.unwrap_or(lines.len());
        if found.is_none() {
            lines.push(Line::open(sockets, self.at, mtu));
        }
        let line = lines.get_mut(at)?;
        line.take(ends, is_new);
        Some(line)
    }

    /// Whether a flow need not wait for others that are new: it is not, or was there before them.
    fn is_next(&self, ends: Ends, is_new: bool) -> bool {
        !is_new || self.writers.has_place(ends) || self.waiting_new().next().is_none()
    }

    /// The flows that wait for a line and none of whose datagrams has left.
    fn waiting_new(&self) -> impl Iterator<Item = Ends> {
        let has_line = |ends: &Ends| self.lines.iter().any(|line| line.is_of(*ends));
        let waiting = self.writers.waiting();
        waiting.filter(move |ends| !self.reached.contains(ends) && !has_line(ends))
    }

    /// Whether a flow that has no line gets one.
    fn has_room_for(&self, is_new: bool) -> bool {
        self.room_for(is_new) > 0
    }

    /// How many flows that have no line get one.
    fn room_for(&self, is_new: bool) -> usize {
        let taken = self.lines.iter().filter(|line| !line.is_free()).count();
        let new = self.lines.iter().filter(|line| line.is_new()).count();
        let any = LINES.saturating_sub(taken);
        match is_new {
            true => any.min(NEW_LINES.saturating_sub(new)),
            false => any,
        }
    }

    /// The lines that stand still for the longest time, as many as new flows want.
    fn wanted(&self) -> Vec<SocketHandle> {
        let count = self.waiting_new().take(LINES).count();
        let count = count.saturating_sub(self.room_for(true));
        if count == 0 {
            return Vec::new();
        }
        // What does not stand still yet comes last.
        let age = |line: &Line| line.unanswered().unwrap_or(Duration::MAX);
        let new = self.lines.iter().filter(|line| line.is_new());
        let mut oldest: Vec<_> = new.map(|line| (age(line), line.handle)).collect();
        oldest.sort_unstable_by_key(|(age, _)| *age);
        oldest.truncate(count);
        oldest.into_iter().map(|(_, handle)| handle).collect()
    }

    /// Looks at each line after the stack has sent.
    fn survey(
        &mut self,
        sockets: &mut SocketSet<'_>,
        (now, frames): (Duration, &Frames),
        seen: &mut Seen,
    ) {
        let wanted = self.wanted();
        let mut first = true;
        self.lines.retain_mut(|line| {
            let before = line.stuck_for();
            let around = Around {
                now,
                frames,
                wanted: wanted.contains(&line.handle),
            };
            match line.survey(sockets, self.at, around) {
                Fate::Free => {}
                Fate::Left(ends) => {
                    self.reached.insert(ends);
                }
                Fate::Due(due) => seen.is_due(due),
            }
            seen.newly_stuck |= before.is_none() && line.stuck_for().is_some();
            let stays = std::mem::take(&mut first) || !line.is_free();
            if !stays {
                sockets.remove(line.handle);
            }
            stays
        });
    }

    /// Wakes the flows that can send: of those that are new and want a line, who has waited for the longest
    /// time. Gives whether others wait, who are next where these have changed their mind.
    fn wake_writers(&mut self, sockets: &SocketSet<'_>, wakes: &mut Wakes) -> bool {
        let [any, mut new] = [false, true].map(|is_new| self.room_for(is_new));
        let has_room = new > 0;
        let (lines, reached) = (&self.lines, &self.reached);
        let can_send = |ends| match lines.iter().find(|line| line.is_of(ends)) {
            Some(line) => line.has_room(sockets),
            None if reached.contains(&ends) => any > 0,
            None if new == 0 => false,
            None => {
                new -= 1;
                true
            }
        };
        wakes.tasks.extend(self.writers.take(can_send));
        has_room && self.waiting_new().next().is_some()
    }

    fn is_done(&self) -> bool {
        self.holders == 0 && self.lines.iter().all(Line::is_free)
    }

    fn remove(&self, sockets: &mut SocketSet<'_>) {
        for line in &self.lines {
            sockets.remove(line.handle);
        }
    }
}

impl State {
    fn open(&mut self, at: SocketAddr, peers: Arc<Peers<Ends>>) -> u64 {
        let port = Port {
            at,
            peers,
            holders: 1,
            lines: vec![Line::open(&mut self.sockets, at, self.mtu)],
            reached: BTreeSet::new(),
            writers: Writers::default(),
        };
        let number = self.udp.keys().next_back().map_or(0, |last| last + 1);
        self.udp.insert(number, port);
        number
    }

    /// Opens a port for one peer, and gives its number, what comes to it, and the ends of the flow.
    pub(super) fn dial_udp(
        &mut self,
        remote: SocketAddr,
    ) -> Result<(u64, Arc<Peers<Ends>>, Ends), NetworkError> {
        self.check()?;
        self.check_route(remote)?;
        let source = self.interface.get_source_address(&remote.ip().into());
        let source = source.ok_or(NetworkError::NoSource(remote.ip()))?;
        let port = self.free_udp_port().ok_or(NetworkError::NoPort)?;
        let local = SocketAddr::new(source.into(), port);
        let ends = Ends { local, remote };
        let peers = Arc::new(Peers::only(ends));
        Ok((self.open(local, peers.clone()), peers, ends))
    }

    /// Opens a port for whoever sends to `at`, where port 0 stands for a free one, and gives its
    /// number, who comes to it, and where it is.
    pub(super) fn listen_udp(
        &mut self,
        mut at: SocketAddr,
        options: Options,
    ) -> Result<(u64, Arc<Peers<Ends>>, SocketAddr), Taken> {
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
        let peers = Arc::new(Peers::new(options));
        Ok((self.open(at, peers.clone()), peers, at))
    }

    fn free_udp_port(&mut self) -> Option<u16> {
        let used: BTreeSet<_> = self.udp.values().map(|port| port.at.port()).collect();
        self.ports.choose(|port| used.contains(&port))
    }

    /// Counts one more flow at a port.
    pub(super) fn hold_udp(&mut self, number: u64) {
        if let Some(port) = self.udp.get_mut(&number) {
            port.holders += 1;
        }
    }

    /// How many bytes a datagram to a peer can have: it fits into one packet.
    pub(super) fn max_datagram(&self, to: SocketAddr) -> usize {
        let headers = if to.is_ipv4() { 20 + 8 } else { 40 + 8 };
        max_size(&to).min(self.mtu.saturating_sub(headers))
    }

    /// Sends a datagram, or waits for room.
    pub(super) fn poll_send(
        &mut self,
        (number, ends): (u64, Ends),
        cx: &Context<'_>,
        datagram: &[u8],
        wakes: &mut Wakes,
    ) -> Poll<Result<(), FlowError>> {
        self.check()?;
        let Some(port) = self.udp.get_mut(&number) else {
            return Poll::Ready(Err(ErrorKind::Closed.into()));
        };
        let sent = match port.line(&mut self.sockets, ends, self.mtu) {
            Some(line) => line.push(&mut self.sockets, ends, datagram),
            None => {
                port.writers.wait(ends, cx.waker());
                // Those that stand still are given up sooner now.
                self.nudge(wakes);
                return Poll::Pending;
            }
        };
        match sent {
            Ok(()) => {
                port.writers.remove(ends);
                self.nudge(wakes);
                Poll::Ready(Ok(()))
            }
            Err(udp::SendError::BufferFull) => {
                port.writers.wait(ends, cx.waker());
                Poll::Pending
            }
            Err(udp::SendError::Unaddressable) => {
                Poll::Ready(Err(NetworkError::BadEndpoint(ends.remote).into()))
            }
        }
    }

    /// Takes a flow from its port; what it sent goes out still.
    pub(super) fn release_flow(&mut self, number: u64, ends: Ends, wakes: &mut Wakes) {
        if let Some(port) = self.udp.get_mut(&number) {
            port.writers.remove(ends);
            port.reached.remove(&ends);
            let own = port.lines.iter_mut().find(|line| line.is_of(ends));
            own.into_iter().for_each(Line::let_go);
        }
        self.release_udp(number, wakes);
    }

    /// Takes a flow or listener from its port, which ends with the last of them.
    pub(super) fn release_udp(&mut self, number: u64, wakes: &mut Wakes) {
        let moves = self.check().is_ok();
        let Some(port) = self.udp.get_mut(&number) else {
            return;
        };
        port.holders -= 1;
        if moves {
            self.nudge(wakes);
        } else if port.holders == 0 {
            port.remove(&mut self.sockets);
            self.udp.remove(&number);
        }
    }

    /// Hands out what has come. An answer comes from the address that was asked; where that is one of
    /// many hosts, from the one that this network would dial from.
    pub(super) fn hand_out(&mut self, wakes: &mut Wakes) {
        let Self {
            udp,
            sockets,
            interface,
            addresses,
            ..
        } = self;
        let is_ours = |ip: &IpAddr| addresses.iter().any(|own| own.address() == *ip);
        for port in udp.values() {
            for line in &port.lines {
                let socket = sockets.get_mut::<udp::Socket>(line.handle);
                while let Ok((datagram, from)) = socket.recv() {
                    let asked = from.local_address.map(IpAddr::from).filter(is_ours);
                    let dialling = || interface.get_source_address(&from.endpoint.addr);
                    let local = asked.or_else(|| dialling().map(IpAddr::from).filter(is_ours));
                    let Some(local) = local else {
                        continue;
                    };
                    let ends = Ends {
                        local: SocketAddr::new(local, port.at.port()),
                        remote: SocketAddr::new(from.endpoint.addr.into(), from.endpoint.port),
                    };
                    let woken = port.peers.arrived(ends, datagram);
                    wakes.tasks.extend(woken.into_iter().flatten());
                }
            }
        }
    }

    /// Looks at each port after the stack has sent: wakes who waits for room, drops what cannot leave,
    /// and frees what is done. Gives the time at which the next line is given up.
    pub(super) fn survey_udp(
        &mut self,
        now: Duration,
        frames: &Frames,
        wakes: &mut Wakes,
    ) -> Option<Duration> {
        let mut seen = Seen::default();
        let sockets = &mut self.sockets;
        self.udp.retain(|_, port| {
            port.survey(sockets, (now, frames), &mut seen);
            if port.wake_writers(sockets, wakes) {
                seen.is_due(now + SHORT_PATIENCE);
            }
            let done = port.is_done();
            if done {
                port.remove(sockets);
            }
            !done
        });
        if seen.newly_stuck {
            self.neighbours.hurry();
        }
        seen.due
    }

    /// Whom datagrams wait for.
    pub(super) fn awaited_udp(&self) -> impl Iterator<Item = IpAddr> {
        let lines = self.udp.values().flat_map(|port| &port.lines);
        lines.filter_map(|line| Some(line.stuck_for()?.ip()))
    }

    /// Wakes everyone who waits for datagrams.
    pub(super) fn wake_udp(&mut self, wakes: &mut Wakes) {
        for port in self.udp.values_mut() {
            wakes.tasks.extend(port.writers.take(|_| true));
            wakes.tasks.extend(port.peers.take_waiting());
        }
    }
}
