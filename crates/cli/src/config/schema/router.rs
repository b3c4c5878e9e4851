//! The keys of a router's configuration.

use tuyau_wire::{MAX_FRAME, MAX_ROUTES, MIN_MAX_FRAME};

use super::{Key, Preset, TLS, Takes, Use, key, nullable};

/// Listening on more addresses than this is a mistake in a generated file.
const LISTEN_MAX: usize = 64;

/// A table that large belongs into registrations, not into a file read at start.
const STATIC_ROUTES_MAX: usize = 10_000;

/// A greeting is a line for a person.
const GREETING_BYTES_MAX: usize = 4_096;

pub(super) const KEYS: &[Key] = &[
    key(
        "listen",
        Takes::Addresses {
            used: Use::Listen,
            max: LISTEN_MAX,
        },
        Preset::Text("tls://127.0.0.1:6000"),
        "Where the router accepts connections. Port 0 asks the system for a free port.",
    ),
    key(
        "state_dir",
        Takes::Path,
        Preset::Text("state/router"),
        "The directory of everything the router keeps: its key, its identity, its table.",
    ),
    key(
        "key_file",
        Takes::Path,
        Preset::Follows("`identity.pem` in `state_dir`"),
        "The router's secret key (PKCS#8 PEM, mode 0600); made at the first start.",
    ),
    key(
        "admin_socket",
        Takes::SocketPath,
        Preset::Follows("`admin.sock` in `state_dir`"),
        "The Unix socket (mode 0600) over which `tuyau state` and `tuyau policy` talk to the router.",
    ),
    nullable(key(
        "greeting",
        Takes::Text {
            max: GREETING_BYTES_MAX,
        },
        Preset::Text("hi there"),
        "What the router sends through each newly registered route, as a check that the route \
         works; `null` for nothing.",
    )),
    key(
        "static_routes",
        Takes::Groups {
            keys: STATIC_ROUTE,
            max: STATIC_ROUTES_MAX,
        },
        Preset::Nothing,
        "Entries of the table that do not come from a registration and do not expire.",
    ),
    key(
        "lookups",
        Takes::Switch,
        Preset::Text("true"),
        "Whether services are told where others are registered, so that they connect to them \
         directly. With `false` the routes stay with the router, and all that services say to each \
         other goes by it.",
    ),
    key(
        "policy_file",
        Takes::Path,
        Preset::Nothing,
        "The access policy: which identity may listen and send. Without one, every identity that \
         proved its key may do everything. It can be read again while the router runs.",
    ),
    integer(
        "drain_seconds",
        "0",
        0,
        3_600,
        "seconds",
        "For how long the router, when it is told to end, goes on serving those who are connected.",
    ),
    nullable(key(
        "drain_to",
        Takes::Addresses {
            used: Use::Dial,
            max: MAX_ROUTES,
        },
        Preset::Nothing,
        "Other routers, to which services are then sent, the best first. Without any they come back \
         later.",
    )),
    TLS,
    key(
        "limits",
        Takes::Group(LIMITS),
        Preset::Nothing,
        "What a peer can make the router spend.",
    ),
];

const STATIC_ROUTE: &[Key] = &[
    key(
        "identity",
        Takes::Identity,
        Preset::Required,
        "Whom the routes lead to.",
    ),
    key(
        "routes",
        Takes::Addresses {
            used: Use::Dial,
            max: MAX_ROUTES,
        },
        Preset::Required,
        "Where that peer accepts connections, the best first.",
    ),
];

const LIMITS: &[Key] = &[
    integer(
        "connections",
        "10000",
        1,
        1_000_000,
        "connections",
        "Connections at one time, all peers together.",
    ),
    integer(
        "connections_per_address",
        "1024",
        1,
        1_000_000,
        "connections",
        "Connections at one time from one IP address.",
    ),
    integer(
        "handshake_seconds",
        "10",
        1,
        300,
        "seconds",
        "Time for the TLS handshake and hello together; a connection that needs longer is closed.",
    ),
    integer(
        "handshakes_per_second",
        "2000",
        1,
        1_000_000,
        "handshakes per second",
        "Handshakes that are begun in one second.",
    ),
    integer(
        "frame_bytes",
        "1048576",
        MIN_MAX_FRAME,
        64 * MAX_FRAME as u64,
        "bytes",
        "The longest message that is accepted.",
    ),
    integer(
        "frame_seconds",
        "30",
        1,
        3_600,
        "seconds",
        "Time for a message to arrive in full once its first byte has, and for a peer to take some of what waits for it.",
    ),
    integer(
        "ping_seconds",
        "45",
        0,
        3_600,
        "seconds",
        "Time without a word from a peer after which it is asked for one (`ping`); up to twice that may pass. One that does not answer within `frame_seconds` is gone. 0 for never.",
    ),
    integer(
        "queue_bytes",
        "1048576",
        MIN_MAX_FRAME,
        1 << 30,
        "bytes",
        "What waits for one slow reader before senders to it are told `congested`; at least \
         `frame_bytes`.",
    ),
    integer(
        "credit_bytes",
        "65536",
        MIN_MAX_FRAME,
        1 << 30,
        "bytes",
        "What one sender may send to a recipient or a group before the router tells it of more.",
    ),
    integer(
        "handles",
        "1024",
        1,
        1_000_000,
        "handles",
        "Recipients and groups that one connection has bound at a time.",
    ),
    integer(
        "groups",
        "1024",
        1,
        1_000_000,
        "groups",
        "Groups that one connection is in.",
    ),
    integer(
        "registration_seconds_max",
        "604800",
        1,
        31_536_000,
        "seconds",
        "The longest lifetime of a registration; the default is 7 days.",
    ),
    integer(
        "routes",
        "1000000",
        1,
        100_000_000,
        "entries",
        "Entries of the routing table, static ones included.",
    ),
    integer(
        "dials",
        "64",
        1,
        65_536,
        "connections",
        "Outgoing connections that are being set up at one time.",
    ),
    integer(
        "mailbox_messages",
        "1000000",
        1,
        1_000_000_000,
        "messages",
        "Durable messages that are kept for one recipient.",
    ),
    integer(
        "mailbox_bytes",
        "1073741824",
        4_096,
        1 << 40,
        "bytes",
        "What the bodies of the durable messages for one recipient take; the default is 1 GiB.",
    ),
    integer(
        "store_messages",
        "16000000",
        1,
        1_000_000_000,
        "messages",
        "Durable messages that are kept for all recipients; each takes 32 bytes of memory.",
    ),
    integer(
        "store_bytes",
        "17179869184",
        4_096,
        1 << 44,
        "bytes",
        "What the bodies of the durable messages for all recipients take; the default is 16 GiB, and the disk holds about twice that.",
    ),
    integer(
        "ttl_seconds_max",
        "604800",
        1,
        31_536_000,
        "seconds",
        "How long a durable message is kept at most; the default is 7 days.",
    ),
    integer(
        "window_messages",
        "4096",
        1,
        1_000_000,
        "messages",
        "Within how many of a sender's last numbers a durable message is recognised when it comes again.",
    ),
    integer(
        "window_seconds",
        "86400",
        1,
        31_536_000,
        "seconds",
        "For how long after a sender's last durable message that is so; the default is a day.",
    ),
];

const fn integer(
    name: &'static str,
    preset: &'static str,
    min: u64,
    max: u64,
    unit: &'static str,
    about: &'static str,
) -> Key {
    key(
        name,
        Takes::Integer { min, max, unit },
        Preset::Text(preset),
        about,
    )
}
