//! The configuration of a router.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use tuyau_core::Address;
use tuyau_wire::Identity;

use super::error::{ConfigErrorKind, ConfigErrors};
use super::load::{self, Read};
use super::notes::Notes;
use super::place::Place;
use super::problem::Problem;
use super::schema::ConfigKind;
use super::section::Section;
use super::sources::Sources;
use super::tls::TlsFiles;
use super::{quote, socket};

/// What a router runs with. Every path is ready for use: absolute, or relative to the working
/// directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RouterConfig {
    /// Where it accepts connections, one address at least.
    pub listen: Vec<Address>,
    /// The directory of everything it keeps.
    pub state_dir: PathBuf,
    /// Its secret key.
    pub key_file: PathBuf,
    /// The Unix socket for `tuyau state`.
    pub admin_socket: PathBuf,
    /// What it sends through each newly registered route; `None` for nothing.
    pub greeting: Option<String>,
    /// Entries of the table that do not come from a registration.
    pub static_routes: Vec<StaticRoute>,
    /// Whether services are told where others are registered.
    pub lookups: bool,
    /// For how long it goes on serving when it is told to end.
    pub drain: Duration,
    /// The routers to which services are then sent, best first.
    pub drain_to: Vec<Address>,
    /// Who may do what; `None` where everything is allowed to everyone.
    pub policy_file: Option<PathBuf>,
    /// Certificates signed by an authority; `None` where identities are all that counts.
    pub tls: Option<TlsFiles>,
    /// What a peer can make it spend.
    pub limits: RouterLimits,
}

/// An entry of the routing table that does not come from a registration.
#[derive(Clone, Debug, PartialEq)]
pub struct StaticRoute {
    /// Whom the routes lead to.
    pub identity: Identity,
    /// One to eight addresses, the best first.
    pub routes: Vec<Address>,
}

/// What a peer can make a router spend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouterLimits {
    /// Connections at one time, all peers together.
    pub connections: usize,
    /// Connections at one time from one IP address.
    pub connections_per_address: usize,
    /// Time for the TLS handshake and hello together.
    pub handshake: Duration,
    /// Handshakes that are begun in one second.
    pub handshakes_per_second: u32,
    /// The longest message that is accepted, in bytes.
    pub frame_bytes: usize,
    /// Time for a message to arrive in full once its first byte has, and for a peer to take some of
    /// what waits for it.
    pub frame: Duration,
    /// Time without a word from a peer after which it is asked for one; zero for never.
    pub ping: Duration,
    /// Bytes that wait for one slow reader; never less than `frame_bytes`.
    pub queue_bytes: usize,
    /// Bytes that one sender may send to a recipient or a group before it is told of more.
    pub credit_bytes: u64,
    /// Recipients and groups that one connection has bound at a time.
    pub handles: usize,
    /// Groups that one connection is in.
    pub groups: usize,
    /// The longest lifetime of a registration.
    pub registration_max: Duration,
    /// Entries of the routing table.
    pub routes: usize,
    /// Outgoing connections that are being set up at one time.
    pub dials: usize,
    /// Durable messages that are kept for one recipient.
    pub mailbox_messages: u64,
    /// The bytes of their bodies.
    pub mailbox_bytes: u64,
    /// Durable messages that are kept for all recipients.
    pub store_messages: u64,
    /// The bytes of their bodies.
    pub store_bytes: u64,
    /// How long a durable message is kept at most.
    pub ttl_max: Duration,
    /// Within how many of a sender's last numbers a durable message is recognised.
    pub window_messages: u64,
    /// For how long after a sender's last durable message that is so.
    pub window: Duration,
}

impl RouterConfig {
    /// Makes the configuration from its sources.
    ///
    /// # Errors
    /// Everything that is wrong with them, as far as it can be told at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        load::load(sources).map(|loaded| loaded.config)
    }
}

impl Read for RouterConfig {
    const KIND: ConfigKind = ConfigKind::Router;

    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self> {
        let listen = section.addresses("listen", notes);
        let state_dir = section.path("state_dir", notes);
        let below = |name| state_dir.as_ref()?.as_ref().map(|dir| dir.join(name));
        let key_file = section.path("key_file", notes);
        let key_file = section.or("key_file", key_file, notes, || below("identity.pem"));
        let admin_socket = section.path("admin_socket", notes);
        let admin_socket = section.or("admin_socket", admin_socket, notes, || below("admin.sock"));
        let admin_socket = admin_socket.and_then(|path| socket::check(path, section, notes));
        let greeting = section.text("greeting", notes);
        let static_routes = static_routes(section, notes);
        let lookups = section.switch("lookups", notes);
        let policy_file = section.path("policy_file", notes);
        let drain = section.integer("drain_seconds", notes);
        let drain_to = section.addresses("drain_to", notes);
        let tls = TlsFiles::read(&section.group("tls"), notes);
        let limits = RouterLimits::read(&section.group("limits"), notes);
        Some(Self {
            listen: listen??,
            state_dir: state_dir??,
            key_file: key_file?,
            admin_socket: admin_socket?,
            greeting: greeting?,
            static_routes: static_routes?,
            lookups: lookups?,
            policy_file: policy_file?,
            drain: Duration::from_secs(drain?),
            drain_to: drain_to?.unwrap_or_default(),
            tls: tls?,
            limits: limits?,
        })
    }
}

fn static_routes(section: &Section<'_>, notes: &mut Notes) -> Option<Vec<StaticRoute>> {
    let mut seen: HashMap<Identity, Place> = HashMap::new();
    let mut found = Vec::new();
    for entry in section.groups("static_routes", notes)? {
        let identity = entry.identity("identity", notes);
        let routes = entry.addresses("routes", notes);
        if let Some(Some(identity)) = identity {
            let place = entry.place("identity");
            if let Some(first) = seen.get(&identity) {
                let message = format!(
                    "{} has an entry already, on {}: put all its routes into one",
                    quote::quoted(&identity.to_string()),
                    first.brief()
                );
                notes.note(Problem::new(ConfigErrorKind::Conflict, message), &place);
            }
            seen.entry(identity).or_insert(place);
        }
        if let (Some(Some(identity)), Some(Some(routes))) = (identity, routes) {
            found.push(StaticRoute { identity, routes });
        }
    }
    Some(found)
}

impl RouterLimits {
    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self> {
        let connections = section.integer("connections", notes);
        let connections_per_address = section.integer("connections_per_address", notes);
        let handshake = section.integer("handshake_seconds", notes);
        let handshakes_per_second = section.integer("handshakes_per_second", notes);
        let frame_bytes = section.integer("frame_bytes", notes);
        let frame = section.integer("frame_seconds", notes);
        let ping = section.integer("ping_seconds", notes);
        let queue_bytes = section.integer("queue_bytes", notes);
        let credit_bytes = section.integer("credit_bytes", notes);
        let handles = section.integer("handles", notes);
        let groups = section.integer("groups", notes);
        let registration_max = section.integer("registration_seconds_max", notes);
        let routes = section.integer("routes", notes);
        let dials = section.integer("dials", notes);
        let mailbox_messages = section.integer("mailbox_messages", notes);
        let mailbox_bytes = section.integer("mailbox_bytes", notes);
        let store_messages = section.integer("store_messages", notes);
        let store_bytes = section.integer("store_bytes", notes);
        let ttl_max = section.integer("ttl_seconds_max", notes);
        let window_messages = section.integer("window_messages", notes);
        let window = section.integer("window_seconds", notes);
        check_queue(section, frame_bytes?, queue_bytes?, notes);
        Some(Self {
            connections: size(connections?),
            connections_per_address: size(connections_per_address?),
            handshake: Duration::from_secs(handshake?),
            handshakes_per_second: u32::try_from(handshakes_per_second?).unwrap_or(u32::MAX),
            frame_bytes: size(frame_bytes?),
            frame: Duration::from_secs(frame?),
            ping: Duration::from_secs(ping?),
            queue_bytes: size(queue_bytes?),
            credit_bytes: credit_bytes?,
            handles: size(handles?),
            groups: size(groups?),
            registration_max: Duration::from_secs(registration_max?),
            routes: size(routes?),
            dials: size(dials?),
            mailbox_messages: mailbox_messages?,
            mailbox_bytes: mailbox_bytes?,
            store_messages: store_messages?,
            store_bytes: store_bytes?,
            ttl_max: Duration::from_secs(ttl_max?),
            window_messages: window_messages?,
            window: Duration::from_secs(window?),
        })
    }
}

/// A queue that cannot hold the largest message would make it undeliverable for ever.
fn check_queue(section: &Section<'_>, frame_bytes: u64, queue_bytes: u64, notes: &mut Notes) {
    if queue_bytes >= frame_bytes {
        return;
    }
    let given = section.layer("queue_bytes") >= section.layer("frame_bytes");
    let place = section.place(if given { "queue_bytes" } else { "frame_bytes" });
    let message = format!(
        "`queue_bytes` ({queue_bytes}) is less than `frame_bytes` ({frame_bytes}), so that the \
         largest message could never be delivered: set `limits.queue_bytes` to {frame_bytes} or \
         more"
    );
    notes.note(Problem::new(ConfigErrorKind::Conflict, message), &place);
}

/// The bounds in the schema are below what every supported platform can count.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
