//! The one textual form of listening, dialled and registered addresses.

use alloc::{boxed::Box, format};
use core::{
    error::Error,
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

/// An address in its textual form, `scheme://host:port` or `scheme:///path`.
///
/// The scheme says which stack of protocols is meant; what host, port and path mean is up to the
/// protocol. Printing gives the canonical form: lower-case scheme and host, IPv6 in brackets.
///
/// ```
/// use tuyau_core::Address;
///
/// let address: Address = "tls://[::1]:6000".parse()?;
/// assert_eq!(address.scheme(), "tls");
/// assert_eq!(address.host(), Some("::1"));
/// assert_eq!(address.port(), Some(6000));
///
/// let socket: Address = "unix:///run/tuyau.sock".parse()?;
/// assert_eq!(socket.path(), Some("/run/tuyau.sock"));
/// # Ok::<(), tuyau_core::AddressError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    scheme: Box<str>,
    host: Option<Box<str>>,
    port: Option<u16>,
    path: Option<Box<str>>,
}

impl Address {
    /// The longest textual form that is accepted, in bytes. An address is kept for each route and
    /// sent in one CBOR text string, whose length then fits one byte.
    pub const MAX_LENGTH: usize = 255;

    /// Makes an address from a scheme and an IP endpoint.
    ///
    /// # Errors
    /// When the scheme is not a valid one.
    pub fn from_socket(scheme: &str, socket: SocketAddr) -> Result<Self, AddressError> {
        format!("{scheme}://{socket}").parse()
    }

    /// Makes an address from a scheme and a bare name, as in `mem://name`.
    ///
    /// # Errors
    /// When the scheme or the name is not a valid one.
    pub fn from_name(scheme: &str, name: &str) -> Result<Self, AddressError> {
        format!("{scheme}://{name}").parse()
    }

    /// Makes an address from a scheme and an absolute path, as in `unix:///run/x.sock`.
    ///
    /// # Errors
    /// When the scheme is not a valid one, or the path is relative, too long or not printable ASCII.
    pub fn from_path(scheme: &str, path: &str) -> Result<Self, AddressError> {
        if !path.starts_with('/') {
            return Err(AddressError::new(path, 0, AddressErrorKind::Path));
        }
        format!("{scheme}://{path}").parse()
    }

    /// The scheme, in lower case: which stack of protocols is meant.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host: a name in lower case, or an IP address without brackets.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port, 0 to 65,535; when listening, 0 asks the system for a free one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path, with its leading slash.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The host and port as an IP endpoint, when the host is an IP address and a port is given.
    pub fn socket(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host()?.parse().ok()?;
        Some(SocketAddr::new(ip, self.port?))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]")?,
            Some(host) => f.write_str(host)?,
            None => {}
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.path().unwrap_or_default())
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let fail = |offset, kind| Err(AddressError::new(text, offset, kind));
        if text.len() > Self::MAX_LENGTH {
            return fail(Self::MAX_LENGTH, AddressErrorKind::TooLong);
        }
        if let Some(offset) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return fail(offset, AddressErrorKind::Character);
        }
        if let Some(offset) = text
            .bytes()
            .position(|byte| matches!(byte, b'@' | b'?' | b'#'))
        {
            return fail(offset, AddressErrorKind::Character);
        }
        let Some(scheme_end) = text.find("://") else {
            return fail(0, AddressErrorKind::NoScheme);
        };
        let scheme = &text[..scheme_end];
        if !is_scheme(scheme) {
            return fail(0, AddressErrorKind::Scheme);
        }
        let start = scheme_end + 3;
        let path_start = text[start..].find('/').map_or(text.len(), |at| start + at);
        let (host, port) = parse_authority(text, start, path_start)?;
        let path = (path_start < text.len()).then(|| text[path_start..].into());
        if host.is_none() && path.is_none() {
            return fail(start, AddressErrorKind::Host);
        }
        let scheme = scheme.to_ascii_lowercase().into();
        Ok(Self {
            scheme,
            host,
            port,
            path,
        })
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

type Authority = (Option<Box<str>>, Option<u16>);

/// Parses `host`, `host:port`, `[v6]`, `[v6]:port` or nothing in `text[start..end]`.
fn parse_authority(text: &str, start: usize, end: usize) -> Result<Authority, AddressError> {
    let fail = |offset, kind| Err(AddressError::new(text, offset, kind));
    let authority = &text[start..end];
    if authority.is_empty() {
        return Ok((None, None));
    }
    let (host, rest) = if let Some(inside) = authority.strip_prefix('[') {
        let Some(close) = inside.find(']') else {
            return fail(start, AddressErrorKind::Host);
        };
        let Ok(ip) = inside[..close].parse::<Ipv6Addr>() else {
            return fail(start + 1, AddressErrorKind::Host);
        };
        (format!("{ip}"), &inside[close + 1..])
    } else {
        let host_end = authority.find(':').unwrap_or(authority.len());
        let host = &authority[..host_end];
        if !is_name(host) {
            return fail(start, AddressErrorKind::Host);
        }
        (host.to_ascii_lowercase(), &authority[host_end..])
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => None,
        None => return fail(end - rest.len(), AddressErrorKind::Host),
        Some(digits) => match parse_port(digits) {
            Some(port) => Some(port),
            None => return fail(end - digits.len(), AddressErrorKind::Port),
        },
    };
    Ok((Some(host.into()), port))
}

fn is_name(host: &str) -> bool {
    !host.is_empty()
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits == "0" || !digits.starts_with('0');
    if plain && canonical {
        digits.parse().ok()
    } else {
        None
    }
}

/// Why a text is not an [`Address`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressError {
    text: Box<str>,
    offset: usize,
    kind: AddressErrorKind,
}

/// What is wrong with the text of an [`Address`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressErrorKind {
    /// Longer than [`Address::MAX_LENGTH`] bytes.
    TooLong,
    /// A character that an address cannot hold: not printable ASCII, or one of `@`, `?`, `#`.
    Character,
    /// No `://` in it.
    NoScheme,
    /// The part before `://` is not a letter followed by letters, digits, `+`, `-` or `.`.
    Scheme,
    /// The host is missing, or neither a name nor an IP address (IPv6 in brackets).
    Host,
    /// The port is not a number from 0 to 65,535 without leading zeros.
    Port,
    /// The path is not absolute.
    Path,
}

impl AddressError {
    fn new(text: &str, offset: usize, kind: AddressErrorKind) -> Self {
        let shown = text
            .char_indices()
            .nth(80)
            .map_or(text, |(end, _)| &text[..end]);
        Self {
            text: shown.into(),
            offset,
            kind,
        }
    }

    /// What is wrong.
    pub fn kind(&self) -> AddressErrorKind {
        self.kind
    }

    /// Where in the text, in bytes from its start.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.kind {
            AddressErrorKind::TooLong => "at most 255 bytes are allowed",
            AddressErrorKind::Character => {
                "only printable ASCII without spaces, `@`, `?` and `#` is allowed"
            }
            AddressErrorKind::NoScheme => {
                "a scheme and `://` are missing, write for example `tls://127.0.0.1:6000`"
            }
            AddressErrorKind::Scheme => {
                "the scheme must be a letter followed by letters, digits, `+`, `-` or `.`"
            }
            AddressErrorKind::Host => {
                "expected a host name, an IPv4 address or an IPv6 address in brackets"
            }
            AddressErrorKind::Port => "the port must be a number from 0 to 65535",
            AddressErrorKind::Path => "the path must be absolute, starting with `/`",
        };
        let (text, offset) = (&self.text, self.offset);
        write!(
            f,
            "address {text:?} is not valid at byte {offset}: {expected}"
        )
    }
}

impl Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn kind(text: &str) -> AddressErrorKind {
        text.parse::<Address>().unwrap_err().kind()
    }

    #[test]
    fn prints_the_canonical_form() {
        for (text, canonical) in [
            ("tls://127.0.0.1:6000", "tls://127.0.0.1:6000"),
            ("TLS://Example.ORG:6000", "tls://example.org:6000"),
            ("tcp://[0:0:0:0:0:0:0:1]:80", "tcp://[::1]:80"),
            ("unix:///run/x.sock", "unix:///run/x.sock"),
            ("tls+unix:///run/X.sock", "tls+unix:///run/X.sock"),
            ("mem://name", "mem://name"),
            ("ws://host:80/chat", "ws://host:80/chat"),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.to_string(), canonical);
            assert_eq!(canonical.parse::<Address>().unwrap(), address);
        }
    }

    #[test]
    fn refuses_what_is_not_an_address_and_says_where() {
        assert_eq!(kind("127.0.0.1:6000"), AddressErrorKind::NoScheme);
        assert_eq!(kind("1tls://h"), AddressErrorKind::Scheme);
        assert_eq!(kind("tls://"), AddressErrorKind::Host);
        assert_eq!(kind("tls://:6000"), AddressErrorKind::Host);
        assert_eq!(kind("tls://[::1"), AddressErrorKind::Host);
        assert_eq!(kind("tls://[::1]x"), AddressErrorKind::Host);
        assert_eq!(kind("tls://h:65536"), AddressErrorKind::Port);
        assert_eq!(kind("tls://h:"), AddressErrorKind::Port);
        assert_eq!(kind("tls://h:080"), AddressErrorKind::Port);
        assert_eq!(kind("tls://h:+80"), AddressErrorKind::Port);
        assert_eq!(kind("tls://a b"), AddressErrorKind::Character);
        assert_eq!(kind("tls://user@host"), AddressErrorKind::Character);
        assert_eq!(kind(&"x".repeat(256)), AddressErrorKind::TooLong);
        let error = "tls://h:99999".parse::<Address>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "address \"tls://h:99999\" is not valid at byte 8: the port must be a number from 0 to 65535"
        );
    }

    #[test]
    fn makes_addresses_from_sockets_names_and_paths() {
        let socket: SocketAddr = "[::1]:7".parse().unwrap();
        let address = Address::from_socket("tcp", socket).unwrap();
        assert_eq!(address.to_string(), "tcp://[::1]:7");
        assert_eq!(address.socket(), Some(socket));
        assert_eq!(Address::from_name("mem", "a").unwrap().host(), Some("a"));
        assert_eq!(
            Address::from_path("unix", "/a b").unwrap_err().kind(),
            AddressErrorKind::Character
        );
        assert_eq!(
            Address::from_path("unix", "a").unwrap_err().kind(),
            AddressErrorKind::Path
        );
    }
}
