//! Where a proxy shall connect to.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
};

use tuyau_core::Target;

/// The longest name of a host, in bytes: what SOCKS5 can carry, and more than DNS allows.
const LONGEST: usize = 255;

/// Where a proxy shall connect to: a host by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Destination {
    host: Host,
    port: u16,
}

/// The host of a [`Destination`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, which the proxy resolves.
    Name(Box<str>),
    /// An address.
    Ip(IpAddr),
}

impl Destination {
    /// The port of a host. What reads as an IP address (IPv6 without brackets) is one, anything else a
    /// name for the proxy to resolve.
    ///
    /// # Errors
    /// When it is neither an address nor a name of 1 to 255 letters, digits, `-`, `.` and `_`, or when
    /// it has a zone: that names an interface of this machine (RFC 4007, section 6), which means
    /// nothing to a proxy.
    pub fn new(host: &str, port: u16) -> Result<Self, DestinationError> {
        let host = match host.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) if is_name(host) => Host::Name(host.into()),
            Err(_) => return Err(DestinationError::of(host)),
        };
        Ok(Self { host, port })
    }

    /// The host and port of a target; none when it lacks either.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(target: &Target) -> Option<Result<Self, DestinationError>> {
        Some(Self::new(target.host()?, target.port_number()?))
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

fn is_name(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    (1..=LONGEST).contains(&host.len()) && host.bytes().all(allowed)
}

/// An address with a zone is refused, as by [`Destination::new`]: without it, it would be another one.
impl TryFrom<SocketAddr> for Destination {
    type Error = DestinationError;

    fn try_from(socket: SocketAddr) -> Result<Self, DestinationError> {
        if let SocketAddr::V6(socket) = socket
            && socket.scope_id() != 0
        {
            let host = format!("{}%{}", socket.ip(), socket.scope_id());
            return Err(DestinationError::of(&host));
        }
        Ok(Self {
            host: Host::Ip(socket.ip()),
            port: socket.port(),
        })
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::Ip(ip) => SocketAddr::new(*ip, self.port).fmt(f),
        }
    }
}

/// A host that no proxy can be given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationError {
    host: Box<str>,
    kind: DestinationErrorKind,
}

/// What a [`DestinationError`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DestinationErrorKind {
    /// Neither an IP address nor a name that a proxy can be given.
    Host,
    /// An IPv6 address with a zone.
    Zone,
}

impl DestinationError {
    fn of(host: &str) -> Self {
        let has_zone = host
            .split_once('%')
            .is_some_and(|(ip, _)| ip.parse::<Ipv6Addr>().is_ok());
        Self {
            host: host.into(),
            kind: match has_zone {
                true => DestinationErrorKind::Zone,
                false => DestinationErrorKind::Host,
            },
        }
    }

    /// What it is about.
    pub fn kind(&self) -> DestinationErrorKind {
        self.kind
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl fmt::Display for DestinationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.host.escape_debug();
        write!(f, "a proxy cannot be asked for the host `{host}`: ")?;
        f.write_str(match self.kind {
            DestinationErrorKind::Host => {
                "expected an IP address, or a name of 1 to 255 letters, digits, `-`, `.` and `_`; \
                 correct the host"
            }
            DestinationErrorKind::Zone => {
                "expected an address without a zone, which names an interface of this machine; give \
                 an address that the proxy can reach, or connect to this one without the proxy"
            }
        })
    }
}

impl Error for DestinationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_names_from_addresses() {
        for (host, shown) in [
            ("example.org", "example.org:80"),
            ("127.0.0.1", "127.0.0.1:80"),
            ("::1", "[::1]:80"),
        ] {
            assert_eq!(Destination::new(host, 80).unwrap().to_string(), shown);
        }
        assert!(matches!(
            Destination::new("1.2.3", 1).unwrap().host(),
            Host::Name(_)
        ));
    }

    /// Bad input: an address that means something on this machine only.
    #[test]
    fn an_endpoint_with_a_zone_is_refused_and_not_taken_for_another_one() {
        for text in ["127.0.0.1:80", "[fe80::1]:80"] {
            let socket: SocketAddr = text.parse().unwrap();
            assert_eq!(Destination::try_from(socket).unwrap().to_string(), text);
        }
        let socket: SocketAddr = "[fe80::1%3]:80".parse().unwrap();
        let error = Destination::try_from(socket).unwrap_err();
        assert_eq!(error.kind(), DestinationErrorKind::Zone);
        assert_eq!(error.host(), "fe80::1%3");
        assert_eq!(
            error.to_string(),
            "a proxy cannot be asked for the host `fe80::1%3`: expected an address without a zone, \
             which names an interface of this machine; give an address that the proxy can reach, or \
             connect to this one without the proxy"
        );
    }

    #[test]
    fn says_which_host_no_proxy_can_be_given() {
        let kind = |host| Destination::new(host, 80).unwrap_err().kind();
        let long = "x".repeat(256);
        for host in [
            "",
            "a b",
            "a\r\nb",
            "a:1",
            "[::1]",
            "a%1",
            "1.2.3.4%1",
            &long,
        ] {
            assert_eq!(kind(host), DestinationErrorKind::Host, "{host}");
        }
        for host in ["fe80::1%eth0", "fe80::1%3", "fe80::1%"] {
            assert_eq!(kind(host), DestinationErrorKind::Zone, "{host}");
        }
        let error = Destination::new("a\nb", 80).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a proxy cannot be asked for the host `a\\nb`: expected an IP address, or a name of 1 to \
             255 letters, digits, `-`, `.` and `_`; correct the host"
        );
    }
}
