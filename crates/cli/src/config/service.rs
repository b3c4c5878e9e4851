//! The configuration of a test service.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tuyau_core::Address;
use tuyau_wire::Identity;

use super::address;
use super::error::{ConfigErrorKind, ConfigErrors};
use super::load::{self, Read};
use super::notes::Notes;
use super::problem::Problem;
use super::quote::quoted;
use super::schema::ConfigKind;
use super::section::Section;
use super::sources::Sources;
use super::tls::TlsFiles;

/// What a test service runs with. Every path is ready for use: absolute, or relative to the
/// working directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ServiceConfig {
    /// What it is called in its own output.
    pub name: String,
    /// Where it accepts connections.
    pub listen: Address,
    /// The routes it registers, one to eight; `None` for the address that it is bound to.
    pub advertise: Option<Vec<Address>>,
    /// The router to register with.
    pub router: RouterEndpoint,
    /// The directory of everything it keeps.
    pub state_dir: PathBuf,
    /// Its secret key.
    pub key_file: PathBuf,
    /// The lifetime of a registration.
    pub registration: Duration,
    /// What it answers to each message.
    pub answer: String,
    /// Certificates signed by an authority; `None` where identities are all that counts.
    pub tls: Option<TlsFiles>,
    /// How it comes back after the router went away.
    pub reconnect: Reconnect,
}

/// A router as a service knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct RouterEndpoint {
    /// Where it accepts connections.
    pub address: Address,
    /// Who has to answer there.
    pub identity: RouterIdentity,
}

/// How a service knows the identity of its router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouterIdentity {
    /// The configuration says it.
    Known(Identity),
    /// It is in this file, which the router writes at start.
    File(PathBuf),
}

/// The pauses between attempts to reach the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconnect {
    /// The pause before the second attempt; each following one is twice as long, with jitter.
    pub first_pause: Duration,
    /// Where the pauses stop growing; never less than `first_pause`.
    pub longest_pause: Duration,
}

impl ServiceConfig {
    /// Makes the configuration from its sources.
    ///
    /// # Errors
    /// Everything that is wrong with them, as far as it can be told at once.
    pub fn load(sources: &Sources) -> Result<Self, ConfigErrors> {
        load::load(sources).map(|loaded| loaded.config)
    }
}

impl Read for ServiceConfig {
    const KIND: ConfigKind = ConfigKind::Service;

    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self> {
        let name = section.text("name", notes);
        let known_name = name.as_ref().and_then(Option::as_ref);
        let listen = section.address("listen", notes);
        let advertise = section.addresses("advertise", notes);
        check_wildcard(section, listen.as_ref(), advertise.as_ref(), notes);
        let router = RouterEndpoint::read(&section.group("router"), notes);
        let state_dir = section.path("state_dir", notes);
        let state_dir = section.or("state_dir", state_dir, notes, || {
            known_name.map(|name| Path::new("state").join(name))
        });
        let key_file = section.path("key_file", notes);
        let key_file = section.or("key_file", key_file, notes, || {
            state_dir.as_ref().map(|dir| dir.join("identity.pem"))
        });
        let registration = section.integer("registration_seconds", notes);
        let answer = section.text("answer", notes);
        let answer = section.or("answer", answer, notes, || {
            known_name.map(|name| format!("hello from {name}"))
        });
        let tls = TlsFiles::read(&section.group("tls"), notes);
        let reconnect = Reconnect::read(&section.group("reconnect"), notes);
        Some(Self {
            name: name??,
            listen: listen?,
            advertise: advertise?,
            router: router?,
            state_dir: state_dir?,
            key_file: key_file?,
            registration: Duration::from_secs(registration?),
            answer: answer?,
            tls: tls?,
            reconnect: reconnect?,
        })
    }
}

/// A service that listens everywhere has to say where it can be reached.
fn check_wildcard(
    section: &Section<'_>,
    listen: Option<&Address>,
    advertise: Option<&Option<Vec<Address>>>,
    notes: &mut Notes,
) {
    let (Some(listen), Some(None)) = (listen, advertise) else {
        return;
    };
    if !address::is_wildcard(listen) {
        return;
    }
    let message = format!(
        "{} listens on every interface, and others cannot connect to that: add `advertise` with \
         the address under which they reach this service",
        quoted(&listen.to_string())
    );
    notes.note(
        Problem::new(ConfigErrorKind::Missing, message),
        &section.place("listen"),
    );
}

impl RouterEndpoint {
    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self> {
        let address = section.address("address", notes);
        let identity = section.identity("identity", notes);
        let identity_file = section.path("identity_file", notes);
        let (identity, identity_file) = (identity?, identity_file?);
        let (by_text, by_file) = (section.layer("identity"), section.layer("identity_file"));
        if identity.is_some() && section.is_set("identity_file") && by_text == by_file {
            let message = "both `identity` and `identity_file` are given, and they could \
                           contradict each other: keep one of them";
            let problem = Problem::new(ConfigErrorKind::Conflict, message);
            notes.note(problem, &section.place("identity_file"));
            return None;
        }
        let identity = match (identity, identity_file) {
            (Some(identity), _) if by_text >= by_file => RouterIdentity::Known(identity),
            (_, Some(file)) => RouterIdentity::File(file),
            (Some(identity), None) => RouterIdentity::Known(identity),
            (None, None) => return None,
        };
        Some(Self {
            address: address?,
            identity,
        })
    }
}

impl Reconnect {
    fn read(section: &Section<'_>, notes: &mut Notes) -> Option<Self> {
        let first = section.integer("first_pause_ms", notes);
        let longest = section.integer("longest_pause_ms", notes);
        let (first, longest) = (first?, longest?);
        if first > longest {
            let by_longest = section.layer("longest_pause_ms") >= section.layer("first_pause_ms");
            let key = if by_longest {
                "longest_pause_ms"
            } else {
                "first_pause_ms"
            };
            let message = format!(
                "`first_pause_ms` ({first}) is more than `longest_pause_ms` ({longest}): pauses \
                 only grow, set `longest_pause_ms` to {first} or more"
            );
            let problem = Problem::new(ConfigErrorKind::Conflict, message);
            notes.note(problem, &section.place(key));
        }
        Some(Self {
            first_pause: Duration::from_millis(first),
            longest_pause: Duration::from_millis(longest),
        })
    }
}
