//! The one textual form of listening, dialled and registered addresses.

use alloc::{boxed::Box, format, string::String};
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use crate::{EndpointKey, key::Shown};

mod error;
mod parse;
pub(crate) mod zone;

pub(crate) use parse::parse_place;

pub use error::{AddressError, AddressErrorKind};

/// An address in its textual form, `scheme://user@host:port/path?query`.
///
/// The scheme says which stack of protocols is meant; what the other parts mean, and which of them
/// must or may be there, is up to the protocol: its key reads an endpoint from an address and prints
/// it as one ([`EndpointKey`](crate::EndpointKey)). At least a host or a path is there. There is no
/// escaping, and no place for a password. Printing gives the canonical form: lower-case scheme and
/// host, IPv6 in brackets.
///
/// An IPv6 address of one link may name its zone (RFC 4007, section 11), which stands behind `%25`
/// (RFC 6874): `tcp://[fe80::1%252]:80` is the host `fe80::1%2`. A bare `%` is read too, unless two
/// hexadecimal digits follow, which may be an escape. A zone means something on one machine only.
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
///
/// let line: Address = "serial:///dev/ttyUSB0?baud=115200".parse()?;
/// assert_eq!(line.query("baud"), Some("115200"));
/// # Ok::<(), tuyau_core::AddressError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The canonical form, but for the `25` before a zone; the rest says where its parts are.
    text: Box<str>,
    scheme_end: u16,
    user: Span,
    host: Span,
    path: Span,
    query: Span,
    port: Option<u16>,
}

/// A part of the text in bytes, or none.
type Span = Option<(u16, u16)>;

impl Address {
    /// The longest textual form that is accepted, in bytes. An address is kept for each route and
    /// sent in one CBOR text string, whose length then fits one byte.
    pub const MAX_LENGTH: usize = 255;

    /// Makes an address from a scheme and an IP endpoint.
    ///
    /// # Errors
    /// When the scheme is not a valid one.
    pub fn from_socket(scheme: &str, socket: SocketAddr) -> Result<Self, AddressError> {
        format!("{scheme}://{}", Self::socket_text(socket)).parse()
    }

    /// An IP endpoint as it stands behind `scheme://`: what a key prints whose endpoints are such. It
    /// differs from the standard library's text in the zone only.
    ///
    /// ```
    /// # use tuyau_core::Address;
    /// let socket = core::net::SocketAddrV6::new("fe80::1".parse()?, 80, 0, 2);
    /// assert_eq!(Address::socket_text(socket.into()).to_string(), "[fe80::1%252]:80");
    /// # Ok::<(), core::net::AddrParseError>(())
    /// ```
    pub fn socket_text(socket: SocketAddr) -> impl fmt::Display {
        zone::SocketText(socket)
    }

    /// Makes an address from a scheme and an endpoint, as the endpoint's key prints it.
    ///
    /// ```
    /// # use core::fmt;
    /// # use tuyau_core::{Address, EndpointKey};
    /// # struct Line;
    /// # impl EndpointKey for Line {
    /// #     type Endpoint = u8;
    /// #     const NAME: &'static str = "line";
    /// #     fn show(endpoint: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{endpoint}") }
    /// # }
    /// assert_eq!(Address::of::<Line>("line", &7)?.to_string(), "line://7");
    /// # Ok::<(), tuyau_core::AddressError>(())
    /// ```
    ///
    /// # Errors
    /// When the scheme is not a valid one, or the endpoint does not print as an address.
    pub fn of<K: EndpointKey>(scheme: &str, endpoint: &K::Endpoint) -> Result<Self, AddressError> {
        format!("{scheme}://{}", Shown::<K>(endpoint)).parse()
    }

    /// Makes an address from a scheme and a bare name, as in `mem://name`.
    ///
    /// # Errors
    /// When the scheme or the name is not a valid one, or there is more than a name.
    pub fn from_name(scheme: &str, name: &str) -> Result<Self, AddressError> {
        let address: Self = format!("{scheme}://{name}").parse()?;
        let parts = [address.user, address.path, address.query];
        if address.port.is_some() || parts.iter().any(Option::is_some) {
            return Err(AddressError::new(name, 0, AddressErrorKind::Host));
        }
        Ok(address)
    }

    /// Makes an address from a scheme and an absolute path, as in `unix:///run/x.sock`.
    ///
    /// # Errors
    /// When the scheme is not a valid one, or the path is relative, too long, not printable ASCII, or has
    /// a `?`, at which the query of an address begins.
    pub fn from_path(scheme: &str, path: &str) -> Result<Self, AddressError> {
        let relative = (!path.starts_with('/')).then_some(0);
        if let Some(offset) = relative.or_else(|| path.find('?')) {
            return Err(AddressError::new(path, offset, AddressErrorKind::Path));
        }
        format!("{scheme}://{path}").parse()
    }

    /// Sets the port, if there is a host that can have one. When the address would be too long with it,
    /// it has none then, and this says so by `false`.
    pub(crate) fn set_port(&mut self, port: u16) -> bool {
        let mut parts = self.parts();
        parts.port = parts.host.map(|_| port);
        let with = parts.join();
        let fits = !with.is_too_long();
        parts.port = None;
        *self = if fits { with } else { parts.join() };
        fits
    }

    fn is_too_long(&self) -> bool {
        // The `25` before a zone is printed and not kept.
        let escape = if self.zone().is_some() { 2 } else { 0 };
        self.text.len() + escape > Self::MAX_LENGTH
    }

    fn parts(&self) -> Parts<'_> {
        Parts {
            scheme: self.scheme(),
            user: self.user(),
            host: self.host(),
            port: self.port,
            path: self.path(),
            query: self.span(self.query),
        }
    }

    fn span(&self, span: Span) -> Option<&str> {
        let (start, end) = span?;
        self.text.get(start.into()..end.into())
    }

    /// The scheme, in lower case: which stack of protocols is meant.
    pub fn scheme(&self) -> &str {
        &self.text[..self.scheme_end.into()]
    }

    /// The user, as in `ssh://user@host`: letters, digits, `-`, `.`, `_`, `+` and `~`.
    pub fn user(&self) -> Option<&str> {
        self.span(self.user)
    }

    /// The host: a name in lower case, or an IP address without brackets, with its zone if it has one
    /// (`fe80::1%eth0`).
    pub fn host(&self) -> Option<&str> {
        self.span(self.host)
    }

    /// The port, 0 to 65,535; when listening, 0 asks the system for a free one.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path, with its leading slash.
    pub fn path(&self) -> Option<&str> {
        self.span(self.path)
    }

    /// The value of `name` in the query, the first one if there are several; a name without `=` has
    /// an empty value.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.queries()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// Every name and value of the query, in order.
    pub fn queries(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.span(self.query).into_iter();
        let parts = parts.flat_map(|query| query.split('&'));
        parts.map(|part| part.split_once('=').unwrap_or((part, "")))
    }

    /// The host as an IP address, without its zone.
    pub fn ip(&self) -> Option<IpAddr> {
        zone::ip(self.host()?)
    }

    /// The zone of an IPv6 address: the number or the name of an interface of this machine.
    pub fn zone(&self) -> Option<&str> {
        zone::split(self.host()?).1
    }

    /// The host and port as an IP endpoint, when the host is an IP address and a port is given. A zone
    /// is its scope, and must be a number; only the operating system knows what a name stands for.
    pub fn socket(&self) -> Option<SocketAddr> {
        zone::socket(self.host()?, self.port?)
    }

    /// Where the `%` before a zone stands in the text.
    fn percent(&self) -> Option<usize> {
        let (start, _) = self.host?;
        self.zone()?;
        Some(usize::from(start) + self.host()?.find('%')?)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(percent) = self.percent() else {
            return f.write_str(&self.text);
        };
        let (before, zone) = self.text.split_at(percent + 1);
        write!(f, "{before}25{zone}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// What an address consists of, each part in its canonical form.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    host: Option<&'a str>,
    port: Option<u16>,
    path: Option<&'a str>,
    query: Option<&'a str>,
}

impl Parts<'_> {
    fn join(&self) -> Address {
        let mut text = format!("{}://", self.scheme);
        let user = append(&mut text, "", self.user, "@");
        let host = match self.host {
            Some(host) if host.contains(':') => append(&mut text, "[", Some(host), "]"),
            host => append(&mut text, "", host, ""),
        };
        if let Some(port) = self.port {
            text.push_str(&format!(":{port}"));
        }
        let path = append(&mut text, "", self.path, "");
        let query = append(&mut text, "?", self.query, "");
        Address {
            scheme_end: offset(self.scheme.len()),
            text: text.into(),
            user,
            host,
            path,
            query,
            port: self.port,
        }
    }
}

fn append(text: &mut String, before: &str, part: Option<&str>, after: &str) -> Span {
    let part = part?;
    text.push_str(before);
    let start = text.len();
    text.push_str(part);
    let end = text.len();
    text.push_str(after);
    Some((offset(start), offset(end)))
}

/// A place in a text whose parts are at most [`Address::MAX_LENGTH`] bytes each.
fn offset(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
