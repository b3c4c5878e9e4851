//! What a driver, its flows and its listeners share.

use std::{
    collections::BTreeMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
    task::Waker,
    time::Duration,
};

use ::smoltcp::{
    iface::{Interface, SocketHandle, SocketSet},
    socket::tcp,
    time::Instant,
};
use tuyau_core::ErrorKind;

use super::{
    Cidr, Device, Medium, NetworkError, Sizes,
    backlog::Backlog,
    connection::{Connection, is_connecting},
    datagrams::Port,
    frames::Frames,
    martian::is_martian,
    neighbours::{self, Neighbours},
    ports::Ports,
    syn,
};

/// The state behind its lock. The lock is held for moments only: never while a device works, and
/// never while a waker is called.
pub(super) struct Shared(Mutex<State>);

/// Whom to wake once the lock is free again.
#[derive(Default)]
pub(super) struct Wakes {
    /// Tasks that read, write or accept.
    pub(super) tasks: Vec<Waker>,
    /// The driver.
    pub(super) driver: Option<Waker>,
}

impl Wakes {
    fn wake(&mut self) {
        self.tasks.drain(..).for_each(Waker::wake);
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}

impl Shared {
    pub(super) fn new(state: State) -> Self {
        Self(Mutex::new(state))
    }

    /// Changes the state and wakes whom the change concerns.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State, &mut Wakes) -> T) -> T {
        let mut wakes = Wakes::default();
        let result = {
            // No code under the lock panics half-way through a change.
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut state, &mut wakes)
        };
        wakes.wake();
        result
    }
}

/// A share in the network that flows, listeners and the network itself hold: when the last one is
/// gone, the driver ends as soon as everything is sent.
pub(super) struct Share(Arc<Shared>);

impl Share {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State, &mut Wakes) -> T) -> T {
        self.0.with(change)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.with(|state, wakes| {
            state.abandoned = true;
            state.nudge(wakes);
        });
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Share")
    }
}

/// The stack itself, and what is known of its sockets beside what smoltcp knows.
pub(super) struct State {
    pub(super) interface: Interface,
    pub(super) sockets: SocketSet<'static>,
    pub(super) connections: BTreeMap<SocketHandle, Connection>,
    pub(super) backlogs: BTreeMap<u64, Backlog>,
    pub(super) udp: BTreeMap<u64, Port>,
    pub(super) ports: Ports,
    pub(super) sizes: Sizes,
    /// How many connections without a flow are in TIME-WAIT.
    pub(super) waiting: usize,
    /// How many connections without a flow are being closed.
    pub(super) closing: usize,
    medium: Medium,
    /// What is sent comes back.
    is_loopback: bool,
    /// The largest IP packet, in bytes.
    pub(super) mtu: usize,
    pub(super) addresses: Vec<Cidr>,
    routes: Vec<(Cidr, IpAddr)>,
    pub(super) neighbours: Neighbours,
    driver: Option<Waker>,
    stopped: Option<NetworkError>,
    abandoned: bool,
}

/// What came of a turn.
pub(super) enum Turn {
    /// Nobody uses the network any more, and everything is sent.
    Finished,
    /// The next turn is due at this time, if nothing happens before.
    Due(Option<Duration>),
}

impl State {
    pub(super) fn new(
        interface: Interface,
        device: &impl Device,
        addresses: Vec<Cidr>,
        routes: Vec<(Cidr, IpAddr)>,
        sizes: Sizes,
    ) -> Self {
        Self {
            interface,
            sockets: SocketSet::new(Vec::new()),
            connections: BTreeMap::new(),
            backlogs: BTreeMap::new(),
            udp: BTreeMap::new(),
            ports: Ports::new(),
            sizes,
            waiting: 0,
            closing: 0,
            medium: device.medium(),
            is_loopback: device.is_loopback(),
            mtu: device.mtu(),
            addresses,
            routes,
            neighbours: Neighbours::default(),
            driver: None,
            stopped: None,
            abandoned: false,
        }
    }

    /// Lets the driver look at what has changed.
    pub(super) fn nudge(&mut self, wakes: &mut Wakes) {
        wakes.driver = self.driver.take().or(wakes.driver.take());
    }

    /// Whether the driver still runs.
    pub(super) fn check(&self) -> Result<(), NetworkError> {
        match &self.stopped {
            None => Ok(()),
            Some(error) => Err(error.clone()),
        }
    }

    /// Ends everything for a reason.
    pub(super) fn stop(&mut self, reason: NetworkError, wakes: &mut Wakes) {
        self.stopped.get_or_insert(reason);
        for connection in self.connections.values_mut() {
            connection.wake_all(wakes);
        }
        for backlog in self.backlogs.values_mut() {
            wakes.tasks.extend(backlog.waker.take());
        }
        self.wake_udp(wakes);
    }

    /// Whether the network has this address.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|own| own.address() == address)
    }

    /// Whether a packet to `to` can be sent at all.
    pub(super) fn check_route(&self, to: SocketAddr) -> Result<(), NetworkError> {
        let ip = to.ip();
        let broadcast = matches!(ip, IpAddr::V4(ip) if ip.is_broadcast());
        if to.port() == 0 || ip.is_unspecified() || ip.is_multicast() || broadcast {
            return Err(NetworkError::BadEndpoint(to));
        }
        let own = &self.addresses;
        if !own
            .iter()
            .any(|own| own.address().is_ipv4() == ip.is_ipv4())
        {
            return Err(NetworkError::NoSource(ip));
        }
        if self.medium == Medium::Ethernet && self.next_hop(ip).is_none() {
            return Err(NetworkError::NoRoute(ip));
        }
        Ok(())
    }

    /// The neighbour that a packet to `to` goes to first.
    fn next_hop(&self, to: IpAddr) -> Option<IpAddr> {
        if self.addresses.iter().any(|own| own.contains(to)) {
            return Some(to);
        }
        let matching = self
            .routes
            .iter()
            .filter(|(network, _)| network.contains(to));
        let best = matching.max_by_key(|(network, _)| network.prefix());
        best.map(|(_, gateway)| *gateway)
    }

    /// Asks for the neighbours that connections need.
    fn ask_neighbours(&mut self, now: Duration, frames: &mut Frames) {
        if self.medium != Medium::Ethernet {
            self.neighbours.due = None;
        }
        if self.neighbours.due.is_none_or(|due| now < due) {
            return;
        }
        let mut wanted = BTreeMap::new();
        for handle in self.connections.keys() {
            let socket = self.sockets.get::<tcp::Socket>(*handle);
            let remote = socket.remote_endpoint().map(|remote| remote.addr.into());
            if let Some(hop) = remote.and_then(|remote| self.next_hop(remote)) {
                *wanted.entry(hop).or_default() |= is_connecting(socket);
            }
        }
        for hop in self.awaited_udp().filter_map(|to| self.next_hop(to)) {
            wanted.insert(hop, true);
        }
        for neighbour in self.neighbours.choose(&wanted, now) {
            if let Some(frame) = neighbours::question(&self.interface, neighbour) {
                frames.push_sending(frame);
            }
        }
    }

    /// Takes in the frames that have come, lets the stack work, and gives it the chance to send.
    pub(super) fn turn(
        &mut self,
        driver: &Waker,
        now: Duration,
        frames: &mut Frames,
        wakes: &mut Wakes,
    ) -> Turn {
        match &mut self.driver {
            Some(known) => known.clone_from(driver),
            None => self.driver = Some(driver.clone()),
        }
        let instant = instant(now);
        self.interface.poll_maintenance(instant);
        self.ingress(instant, frames, wakes);
        // A connection that is closed by now was reset; one that closes itself later timed out.
        let resets = self.survey(now, ErrorKind::Reset, wakes);
        self.ask_neighbours(now, frames);
        frames.begin();
        loop {
            let sent = self
                .interface
                .poll_egress(instant, frames, &mut self.sockets);
            if sent == ::smoltcp::iface::PollResult::None {
                break;
            }
        }
        let timeouts = self.survey(now, ErrorKind::TimedOut, wakes);
        self.limit_waiting();
        self.limit_closing(now);
        let datagrams = self.survey_udp(now, frames, wakes);
        if self.abandoned && self.is_quiet() {
            return Turn::Finished;
        }
        let delay = self.interface.poll_delay(instant, &self.sockets);
        let due = delay.map(|delay| now + Duration::from_micros(delay.total_micros()));
        let asking = self.neighbours.due;
        let times = [due, resets, timeouts, datagrams, asking];
        Turn::Due(times.into_iter().flatten().min())
    }

    fn ingress(&mut self, now: Instant, frames: &mut Frames, wakes: &mut Wakes) {
        while let Some(frame) = frames.next() {
            if !self.is_loopback && is_martian(frame, self.medium, |from| self.has(from)) {
                frames.drop_next();
                continue;
            }
            let asked = syn::asked_for(frame, self.medium);
            if asked.is_some_and(|ends| !self.admits(ends)) {
                frames.drop_next();
                continue;
            }
            self.interface
                .poll_ingress_single(now, frames, &mut self.sockets);
            self.hand_out(wakes);
            if asked.is_some() {
                self.neighbours.hurry();
                self.refill();
            }
        }
    }

    /// Whether a request for a connection may go to the stack.
    fn admits(&mut self, ends: syn::Ends) -> bool {
        let (local, remote) = (ends.local.into(), ends.remote.into());
        let same = self.connections.keys().copied().find(|handle| {
            let socket = self.sockets.get::<tcp::Socket>(*handle);
            socket.local_endpoint() == Some(local) && socket.remote_endpoint() == Some(remote)
        });
        if let Some(handle) = same {
            match self.sockets.get::<tcp::Socket>(handle).state() {
                // Both sides ask at once (RFC 9293, section 3.5).
                tcp::State::SynSent => return true,
                // The peer uses its port again (RFC 9293, section 3.6.1).
                tcp::State::TimeWait if self.connections[&handle].is_lingering() => {
                    self.remove(handle);
                }
                _ => return false,
            }
        }
        let backlog = self.backlogs.values().find(|it| it.is_at(ends.local));
        backlog.is_none_or(|backlog| backlog.has_room(&self.sockets))
    }

    /// Forgets a connection and its socket.
    pub(super) fn remove(&mut self, handle: SocketHandle) {
        self.connections.remove(&handle);
        self.sockets.remove(handle);
    }

    /// Whether nothing is left to be sent.
    fn is_quiet(&self) -> bool {
        let closed = |handle| {
            let socket = self.sockets.get::<tcp::Socket>(handle);
            socket.state() == tcp::State::TimeWait
        };
        self.udp.is_empty() && self.connections.keys().copied().all(closed)
    }
}

/// A time of the timer as smoltcp counts it.
pub(super) fn instant(now: Duration) -> Instant {
    Instant::from_micros(i64::try_from(now.as_micros()).unwrap_or(i64::MAX))
}
