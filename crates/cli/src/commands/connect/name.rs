//! What the words on the command line name.

use std::{error::Error, fmt};

use tuyau_core::{Address, AddressError, Target};
use tuyau_wire::{Identity, IdentityError};

/// What can be connected to, for people.
const FORMS: &str = "a name is tls://HOST:PORT, tcp://HOST:PORT, wss://HOST/PATH, ws://HOST/PATH, \
                     tls+unix:///PATH, unix:///PATH, HOST:PORT, or HOST with --port PORT; an IPv6 \
                     address stands in brackets";

/// What can be listened at, for people.
const LISTENING: &str = "an address to listen at is tls://IP:PORT, tcp://IP:PORT, \
                         tls+unix:///PATH or unix:///PATH";

/// The ports of WebSocket addresses that name none (RFC 6455, section 3).
fn usual_port(scheme: &str) -> Option<u16> {
    match scheme {
        "ws" => Some(80),
        "wss" => Some(443),
        _ => None,
    }
}

/// The target of a name, with the port of `--port` if there is one.
pub(super) fn target(name: &str, port: Option<u16>) -> Result<Target, NameError> {
    let fail = |kind| NameError {
        name: name.to_owned(),
        kind,
    };
    if name.is_empty() {
        return Err(fail(Kind::Empty));
    }
    match name.parse::<Identity>() {
        Ok(_) => return Err(fail(Kind::NoRouter)),
        Err(error) if is_meant_as_identity(name) => return Err(fail(Kind::Mistyped(error))),
        Err(_) => {}
    }
    if let Some((scheme, rest)) = without_slashes(name) {
        return Err(fail(Kind::NoSlashes(format!("{scheme}://{rest}"))));
    }
    if ["/", "./", "../"]
        .iter()
        .any(|begin| name.starts_with(begin))
    {
        return Err(fail(Kind::Path(socket("unix", name))));
    }
    let (address, bare) = match name.contains("://") {
        true => (name.parse::<Address>(), false),
        false => (format!("tls://{}", bracketed(name)).parse(), true),
    };
    let address = address.map_err(|error| fail(if bare { Kind::Host } else { error.into() }))?;
    let is_web = matches!(address.scheme(), "ws" | "wss");
    let has_port = is_web || matches!(address.scheme(), "tls" | "tcp");
    if !has_port && !matches!(address.scheme(), "tls+unix" | "unix") {
        return Err(fail(Kind::Scheme(address.scheme().to_owned())));
    }
    let is_host = address.host().is_some() && (is_web || address.path().is_none());
    let is_path = address.host().is_none() && address.path().is_some();
    if !has_port && !is_path && port.is_none() {
        let path = name.split_once("://").map_or("", |(_, path)| path);
        return Err(fail(Kind::Path(socket(address.scheme(), path))));
    }
    let extra = address.user().is_some() || (!is_web && address.queries().next().is_some());
    if extra || (has_port && !is_host) || (!has_port && (!is_path || port.is_some())) {
        return Err(fail(Kind::Parts));
    }
    let port = match (address.port(), port) {
        (Some(_), Some(_)) => return Err(fail(Kind::TwoPorts)),
        (port, other) => port.or(other).or_else(|| usual_port(address.scheme())),
    };
    if has_port && port.is_none_or(|port| port == 0) {
        return Err(fail(Kind::NoPort));
    }
    let target = match bare {
        true => Target::name(address.host().unwrap_or_default()),
        false => Target::from(address),
    };
    Ok(match port {
        Some(port) => target.port(port),
        None => target,
    })
}

/// Whether a name begins as identities do, which hosts hardly ever do.
fn is_meant_as_identity(name: &str) -> bool {
    let begin = name.get(..6).unwrap_or_default();
    begin.eq_ignore_ascii_case("tuyau1") && !name.contains([':', '.'])
}

/// The scheme of an address that lacks `//` behind it, and what follows.
fn without_slashes(name: &str) -> Option<(&str, &str)> {
    const SCHEMES: [&str; 6] = ["tls", "tcp", "wss", "ws", "tls+unix", "unix"];
    let (scheme, rest) = name.split_once(':')?;
    let is_port = !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    let lacks = SCHEMES.contains(&scheme) && !rest.starts_with("//") && !is_port;
    let path = rest.trim_start_matches('/');
    match scheme.ends_with("unix") {
        true => lacks.then_some((scheme, rest)),
        false => lacks.then_some((scheme, path)),
    }
}

/// The identity that a name is, where a router knows the way.
pub(super) fn identity(
    name: &str,
    port: Option<u16>,
    expected: Option<Identity>,
) -> Result<Identity, NameError> {
    let fail = |kind| NameError {
        name: name.to_owned(),
        kind,
    };
    let identity: Identity = name.parse().map_err(|error| fail(Kind::Identity(error)))?;
    match expected {
        Some(expected) if expected != identity => Err(fail(Kind::TwoIdentities)),
        _ if port.is_some() => Err(fail(Kind::Parts)),
        _ => Ok(identity),
    }
}

/// An address of an option; whether it can be used is said when that is tried.
pub(super) fn address(text: &str) -> Result<Address, NameError> {
    text.parse::<Address>().map_err(|error| NameError {
        name: text.to_owned(),
        kind: error.into(),
    })
}

/// An address to listen at.
pub(super) fn listening(text: &str) -> Result<Address, NameError> {
    let address = address(text)?;
    let scheme = address.scheme();
    let kind = match scheme {
        "tls" | "tcp" | "tls+unix" | "unix" => return Ok(address),
        "mem" | "tls+mem" => Kind::Inside(scheme.to_owned()),
        _ => Kind::Unheard(scheme.to_owned()),
    };
    Err(NameError {
        name: text.to_owned(),
        kind,
    })
}

/// The address of a socket at a path, which begins at the root there.
fn socket(scheme: &str, path: &str) -> Option<String> {
    let path = std::path::absolute(path).ok()?;
    let address = format!("{scheme}://{}", path.to_str()?);
    address.parse::<Address>().is_ok().then_some(address)
}

/// An IPv6 address may stand without brackets where no port can follow.
fn bracketed(name: &str) -> String {
    let (ip, zone) = name.split_once('%').unwrap_or((name, ""));
    match ip.parse::<std::net::Ipv6Addr>() {
        Ok(_) if zone.is_empty() => format!("[{name}]"),
        Ok(ip) => format!("[{ip}%25{zone}]"),
        Err(_) => name.to_owned(),
    }
}

/// Why a name names nothing that can be connected to.
#[derive(Debug)]
pub struct NameError {
    name: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Empty,
    Host,
    Address(Box<AddressError>),
    Scheme(String),
    Parts,
    /// The path of a socket does not begin at the root, or has no scheme; and what was meant.
    Path(Option<String>),
    NoPort,
    TwoPorts,
    /// An address without the two slashes behind its scheme; and what was meant.
    NoSlashes(String),
    Mistyped(IdentityError),
    Identity(IdentityError),
    TwoIdentities,
    NoRouter,
    /// Nobody outside this process can connect to such an address.
    Inside(String),
    Unheard(String),
}

impl From<AddressError> for Kind {
    fn from(error: AddressError) -> Self {
        Self::Address(Box::new(error))
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NoRouter => {
                return f.write_str(
                    "an identity is found by a router only; name one with --router and \
                     --router-identity",
                );
            }
            Kind::Mistyped(error) => {
                return write!(f, "the name begins as an identity does, but {error}");
            }
            Kind::Identity(error) => {
                return write!(f, "with --router the name is an identity: {error}");
            }
            Kind::TwoIdentities => {
                return f.write_str(
                    "the name is one identity and --identity another; leave out --identity",
                );
            }
            Kind::Inside(scheme) => {
                return write!(
                    f,
                    "{scheme}:// is inside one process only, and nobody else can connect there; \
                     {LISTENING}"
                );
            }
            Kind::Unheard(scheme) => {
                return write!(
                    f,
                    "{scheme}:// is no scheme that is listened at here; {LISTENING}"
                );
            }
            _ => {}
        }
        let name: String = self.name.chars().take(80).collect();
        match &self.kind {
            Kind::Empty => f.write_str("the name is empty")?,
            Kind::Host => write!(f, "{name:?} is neither an address nor a host")?,
            Kind::Address(error) => error.fmt(f)?,
            Kind::Scheme(scheme) => write!(f, "{scheme}:// is no scheme that is dialled here")?,
            Kind::Parts => write!(f, "{name:?} has a part too many, or lacks one")?,
            Kind::Path(Some(meant)) => {
                write!(
                    f,
                    "{name:?} is no address of a socket, did you mean {meant}"
                )?;
            }
            Kind::Path(None) => write!(f, "{name:?} is no address of a socket")?,
            Kind::NoSlashes(meant) => {
                let meant: String = meant.chars().take(80).collect();
                write!(
                    f,
                    "{name:?} lacks `//` behind its scheme, did you mean {meant:?}"
                )?;
            }
            Kind::NoPort => write!(f, "{name:?} has no port from 1 to 65535")?,
            Kind::TwoPorts => write!(f, "{name:?} has a port already, leave out --port")?,
            _ => {}
        }
        write!(f, "; {FORMS}")
    }
}

impl Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_hosts() {
        for (name, port, shown) in [
            (
                "tls://Router.example:6000",
                None,
                "tls://router.example:6000",
            ),
            ("tcp://router.example", Some(7), "tcp://router.example:7"),
            ("unix:///run/x.sock", None, "unix:///run/x.sock"),
            ("ws://h/chat?room=1", None, "ws://h:80/chat?room=1"),
            ("wss://h", None, "wss://h:443"),
            ("wss://h:1/", None, "wss://h:1/"),
            ("wss://h/x", Some(2), "wss://h:2/x"),
            ("router.example", Some(6000), "router.example:6000"),
            ("unix:6000", None, "unix:6000"),
            ("router.example:6000", None, "router.example:6000"),
            ("127.0.0.1:1", None, "127.0.0.1:1"),
            ("::1", Some(1), "[::1]:1"),
            ("[::1]:1", None, "[::1]:1"),
            ("fe80::1%25", Some(1), "[fe80::1%25]:1"),
            ("[fe80::1%25eth0]:1", None, "[fe80::1%eth0]:1"),
            ("tcp://[fe80::1%eth0]:1", None, "tcp://[fe80::1%25eth0]:1"),
        ] {
            assert_eq!(target(name, port).unwrap().to_string(), shown);
        }
    }

    #[test]
    fn says_of_everything_else_what_names_there_are() {
        for (name, port, begin) in [
            ("", None, "the name is empty"),
            ("a b", Some(1), "\"a b\" is neither an address nor a host"),
            ("\u{1b}[2J", Some(1), "\"\\u{1b}[2J\" is neither"),
            (
                "tls://h:99999",
                None,
                "address \"tls://h:99999\" is not valid at byte 8: ",
            ),
            ("gopher://h:70", None, "gopher:// is no scheme"),
            ("mem://x", None, "mem:// is no scheme"),
            (
                "tls://h:1/path",
                None,
                "\"tls://h:1/path\" has a part too many",
            ),
            ("tcp://me@h:1", None, "\"tcp://me@h:1\" has a part too many"),
            ("ws://me@h/", None, "\"ws://me@h/\" has a part too many"),
            ("ws:///chat", None, "\"ws:///chat\" has a part too many"),
            (
                "quic://h:1",
                None,
                "quic:// is no scheme that is dialled here",
            ),
            (
                "/tmp/x.sock",
                None,
                "\"/tmp/x.sock\" is no address of a socket, did you mean unix:///tmp/x.sock; ",
            ),
            (
                "unix://h/x",
                None,
                "\"unix://h/x\" is no address of a socket, did you mean unix:///",
            ),
            ("unix:///x", Some(1), "\"unix:///x\" has a part too many"),
            ("h", None, "\"h\" has no port from 1 to 65535"),
            (
                "unix:/run/x.sock",
                None,
                "\"unix:/run/x.sock\" lacks `//` behind its scheme, did you mean \"unix:///run/x.sock\"; ",
            ),
            (
                "tls:/h:80",
                None,
                "\"tls:/h:80\" lacks `//` behind its scheme, did you mean \"tls://h:80\"; ",
            ),
            ("tls://h:0", None, "\"tls://h:0\" has no port"),
            ("h:1", Some(2), "\"h:1\" has a port already"),
        ] {
            let text = target(name, port).unwrap_err().to_string();
            assert!(text.starts_with(begin), "{name}: {text}");
            assert!(text.ends_with(FORMS), "{name}: {text}");
        }
    }
    #[test]
    fn an_identity_with_a_typing_error_is_recognised() {
        let name = format!("tuyau1{}", "q".repeat(58));
        let text = target(&name, None).unwrap_err().to_string();
        assert!(
            text.starts_with("the name begins as an identity does, but "),
            "{text}"
        );
        let host = target("tuyau1.example", Some(1)).unwrap();
        assert_eq!(host.to_string(), "tuyau1.example:1");
    }
}
