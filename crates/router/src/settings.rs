//! What a router is started with.

use std::{path::PathBuf, time::Duration};

use tuyau::{mem, tls};
use tuyau_core::Address;
use tuyau_wire::{Identity, MAX_FRAME, SecretKey};

use crate::{
    Clock, Network, PolicySource, Storage,
    policy::Policy,
    store::{Quota, SpoolSettings, Window},
};

/// What a router is started with.
#[derive(Debug)]
pub struct Settings {
    /// The key that it proves to its peers.
    pub secret: SecretKey,
    /// Where it accepts connections.
    pub listen: Vec<Address>,
    /// The directory in which it keeps its state and durable messages; without one the state is lost
    /// at its end, and no messages are kept.
    pub state_dir: Option<PathBuf>,
    /// Its admin socket, a Unix socket; an absolute path.
    pub admin_socket: Option<PathBuf>,
    /// What it sends over each newly registered route, as a check that the route works.
    pub greeting: Option<String>,
    /// Rows of the table that do not come from registrations.
    pub static_routes: Vec<(Identity, Vec<Address>)>,
    /// Whether it tells services where others are registered, so that they connect directly. Without
    /// it the capability is not offered.
    pub lookups: bool,
    /// Certificates of an authority, where an organisation wants one.
    pub authority: Option<tls::Authority>,
    /// Who may do what.
    pub policy: Policy,
    /// Where that is read again while the router runs, if it is.
    pub policy_source: Option<PolicySource>,
    /// How its peers are let go when it stops.
    pub drain: Drain,
    /// What peers can make it spend.
    pub limits: Limits,
    /// The names that `mem` addresses are about.
    pub hub: mem::Hub,
    /// What it dials with and where it listens, in place of `listen`, `authority` and `hub`; none as a
    /// rule.
    pub network: Option<Network>,
    /// The files in which it keeps durable messages, in place of those in `state_dir`; none as a rule.
    pub storage: Option<Storage>,
    /// Where it takes the time of day from.
    pub clock: Clock,
}

impl Settings {
    /// A router with this key and nothing else: no address, no state directory, the default limits,
    /// and everything is allowed to every identity.
    pub fn new(secret: SecretKey) -> Self {
        Self {
            secret,
            listen: Vec::new(),
            state_dir: None,
            admin_socket: None,
            greeting: None,
            static_routes: Vec::new(),
            lookups: true,
            authority: None,
            policy: Policy::allow_all(),
            policy_source: None,
            drain: Drain::default(),
            limits: Limits::default(),
            hub: mem::Hub::default(),
            network: None,
            storage: None,
            clock: Clock::system(),
        }
    }
}

/// How a router lets its peers go when it stops.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drain {
    /// For how long it goes on serving those who are connected, at most; it takes nobody new.
    pub time: Duration,
    /// The routers at which they can go on, best first, at most eight; none when they are to come
    /// back later.
    pub routes: Vec<Address>,
}

/// What peers can make a router spend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at one time, all peers together.
    pub connections: usize,
    /// Connections at one time from one IP address.
    pub connections_per_address: usize,
    /// Time for the TLS handshake and hello together.
    pub handshake: Duration,
    /// Handshakes that begin in one second; what is above is closed at once. One IPv4 address, or
    /// /64 network of IPv6, gets a quarter at most, rounded up.
    pub handshakes_per_second: u32,
    /// The longest message that is accepted, in bytes; 4,096 at least.
    pub frame_bytes: usize,
    /// Time for a message to arrive in full once its first byte has, and for a peer to take some of
    /// what waits for it.
    pub frame: Duration,
    /// Time without a word from a peer after which it is asked for one; zero for never. Up to twice that
    /// may pass, so that a busy connection costs nothing. One that does not answer within `frame` is
    /// closed.
    pub ping: Duration,
    /// Bytes that wait for one slow reader.
    pub queue_bytes: usize,
    /// Bytes that a sender may send to one recipient before it is told of more; 4,096 at least.
    pub credit_bytes: u64,
    /// Recipients and groups to which one connection sends at a time.
    pub handles: usize,
    /// Groups that one connection is in.
    pub groups: usize,
    /// The longest lifetime of a registration.
    pub registration_max: Duration,
    /// Entries of the routing table.
    pub routes: usize,
    /// Outgoing connections that are being set up at one time.
    pub dials: usize,
    /// How long a connection that the router dialled is kept without traffic.
    pub idle: Duration,
    /// Durable messages that are kept for one recipient.
    pub mailbox_messages: u64,
    /// The bytes of their bodies.
    pub mailbox_bytes: u64,
    /// Durable messages that are kept for all recipients together.
    pub store_messages: u64,
    /// The bytes of their bodies.
    pub store_bytes: u64,
    /// How long a durable message is kept at most.
    pub ttl_max: Duration,
    /// Within how many of a sender's last numbers a durable message is recognised when it comes
    /// again.
    pub window_messages: u64,
    /// For how long after a sender's last durable message that is so.
    pub window: Duration,
}

impl Limits {
    /// What of it is about messages that are kept.
    pub(crate) fn spool(&self) -> SpoolSettings {
        SpoolSettings {
            quota: Quota {
                mailbox_messages: self.mailbox_messages,
                mailbox_bytes: self.mailbox_bytes,
                messages: self.store_messages,
                bytes: self.store_bytes,
            },
            window: Window {
                messages: self.window_messages,
                time: self.window,
            },
            max_body: self.frame_bytes,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 1024,
            handshake: Duration::from_secs(10),
            handshakes_per_second: 2000,
            frame_bytes: MAX_FRAME,
            frame: Duration::from_secs(30),
            ping: Duration::from_secs(45),
            queue_bytes: 1 << 20,
            credit_bytes: 1 << 16,
            handles: 1024,
            groups: 1024,
            registration_max: Duration::from_secs(7 * 24 * 3600),
            routes: 1_000_000,
            dials: 64,
            idle: Duration::from_secs(60),
            mailbox_messages: 1_000_000,
            mailbox_bytes: 1 << 30,
            store_messages: 16_000_000,
            store_bytes: 16 << 30,
            ttl_max: Duration::from_secs(7 * 24 * 3600),
            window_messages: 4096,
            window: Duration::from_secs(24 * 3600),
        }
    }
}
