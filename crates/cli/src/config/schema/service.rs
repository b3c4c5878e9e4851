//! The keys of a test service's configuration.

use tuyau_wire::MAX_ROUTES;

use super::{Key, Preset, TLS, Takes, Use, key, nullable};

/// An answer is a line for a person.
const ANSWER_BYTES_MAX: usize = 4_096;

const HOUR_MS: u64 = 3_600_000;

pub(super) const KEYS: &[Key] = &[
    key(
        "name",
        Takes::Name,
        Preset::Text("service-1"),
        "What the service is called in its own output; others know it by its identity.",
    ),
    key(
        "listen",
        Takes::Address(Use::Listen),
        Preset::Text("tls://127.0.0.1:6001"),
        "Where the service accepts connections. Port 0 asks the system for a free port.",
    ),
    nullable(key(
        "advertise",
        Takes::Addresses {
            used: Use::Dial,
            max: MAX_ROUTES,
        },
        Preset::Follows("the address it listens on"),
        "The routes it registers, the best first: how others reach it.",
    )),
    key(
        "router",
        Takes::Group(ROUTER),
        Preset::Nothing,
        "The router to register with.",
    ),
    key(
        "state_dir",
        Takes::Path,
        Preset::Follows("`state/` and `name`"),
        "The directory of everything the service keeps: its key and its identity.",
    ),
    key(
        "key_file",
        Takes::Path,
        Preset::Follows("`identity.pem` in `state_dir`"),
        "The service's secret key (PKCS#8 PEM, mode 0600); made at the first start.",
    ),
    key(
        "registration_seconds",
        Takes::Integer {
            min: 1,
            max: 31_536_000,
            unit: "seconds",
        },
        Preset::Text("3600"),
        "The lifetime of a registration; it is renewed before it ends.",
    ),
    key(
        "answer",
        Takes::Text {
            max: ANSWER_BYTES_MAX,
        },
        Preset::Follows("`hello from ` and `name`"),
        "What it answers to each message.",
    ),
    TLS,
    key(
        "reconnect",
        Takes::Group(RECONNECT),
        Preset::Nothing,
        "How it comes back after the router went away.",
    ),
];

const ROUTER: &[Key] = &[
    key(
        "address",
        Takes::Address(Use::Dial),
        Preset::Text("tls://127.0.0.1:6000"),
        "Where the router accepts connections.",
    ),
    key(
        "identity",
        Takes::Identity,
        Preset::Nothing,
        "Who has to answer there. Either this or `identity_file`.",
    ),
    key(
        "identity_file",
        Takes::Path,
        Preset::Text("state/router/identity.pub"),
        "A file that holds the router's identity; the router writes it at start. Not used when \
         `identity` is given.",
    ),
];

const RECONNECT: &[Key] = &[
    key(
        "first_pause_ms",
        Takes::Integer {
            min: 1,
            max: HOUR_MS,
            unit: "milliseconds",
        },
        Preset::Text("200"),
        "The pause before the second attempt; each following one is twice as long, with jitter.",
    ),
    key(
        "longest_pause_ms",
        Takes::Integer {
            min: 1,
            max: HOUR_MS,
            unit: "milliseconds",
        },
        Preset::Text("30000"),
        "Where the pauses stop growing; at least `first_pause_ms`.",
    ),
];
