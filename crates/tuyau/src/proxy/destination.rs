//! Where a proxy shall connect to.

use std::{
    error::Error,
    fmt,
    net::{IpAddr, SocketAddr},
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
    /// When it is neither an address nor a name of 1 to 255 letters, digits, `-`, `.` and `_`.
    pub fn new(host: &str, port: u16) -> Result<Self, DestinationError> {
        let host = match host.parse() {
            Ok(ip) => Host::Ip(ip),
            Err(_) if is_name(host) => Host::Name(host.into()),
            Err(_) => return Err(DestinationError),
        };
        Ok(Self { host, port })
    }

    /// The host and port of a target; none when it lacks either.
    pub fn of(target: &Target) -> Option<Self> {
        Self::new(target.host()?, target.port_number()?).ok()
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

impl From<SocketAddr> for Destination {
    fn from(socket: SocketAddr) -> Self {
        Self {
            host: Host::Ip(socket.ip()),
            port: socket.port(),
        }
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

/// A host is neither an IP address nor a name that a proxy can be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DestinationError;

impl fmt::Display for DestinationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the host must be an IP address, or a name of 1 to 255 letters, digits, `-`, `.` and `_`",
        )
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
        for host in ["", "a b", "a\r\nb", "a:1", "[::1]", &"x".repeat(256)] {
            assert_eq!(Destination::new(host, 80), Err(DestinationError));
        }
    }
}
