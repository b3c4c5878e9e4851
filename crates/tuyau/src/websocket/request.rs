//! What a client asks a server for.

use std::{error::Error, fmt, fmt::Write, net::IpAddr};

use tuyau_core::{Address, Target};

use crate::http::is_token;

/// Header fields that the handshake writes itself.
const RESERVED: [&str; 4] = ["host", "upgrade", "connection", "content-length"];

/// What a client asks for in its handshake: host, path, and perhaps a subprotocol and header fields.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    host: Box<str>,
    path: Box<str>,
    subprotocol: Option<Box<str>>,
    fields: Vec<(Box<str>, Box<str>)>,
}

impl Request {
    /// A request to `host`, as the server calls itself, with its port unless that is the usual one
    /// (`example.org`, `[::1]:8080`), for `path`, which may have a query (`/chat?room=12`).
    ///
    /// # Errors
    /// When the host or the path has a character that cannot be sent, or the path is not absolute.
    pub fn new(host: &str, path: &str) -> Result<Self, RequestError> {
        if host.is_empty() || !is_visible(host) {
            return Err(RequestError::Host);
        }
        if !path.starts_with('/') || !is_visible(path) || path.contains('#') {
            return Err(RequestError::Path);
        }
        Ok(Self {
            host: host.into(),
            path: path.into(),
            subprotocol: None,
            fields: Vec::new(),
        })
    }

    /// What a target means: its host and port, and its path or `/`, with the query of an address. The
    /// function for [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    pub fn of(target: &Target) -> Option<Self> {
        let port = unusual(target.scheme(), target.port_number());
        let host = host_field(target.host()?, target.ip(), port);
        let path = target.address().map_or("/".to_owned(), path_of);
        Self::new(&host, &path).ok()
    }

    pub(super) fn of_address(address: &Address) -> Option<Self> {
        let port = unusual(Some(address.scheme()), address.port());
        let host = host_field(address.host()?, address.ip(), port);
        Self::new(&host, &path_of(address)).ok()
    }

    /// Asks for a subprotocol; a server that does not agree to it fails the handshake.
    ///
    /// # Errors
    /// When it is not a token (RFC 9110, section 5.6.2).
    pub fn subprotocol(mut self, name: &str) -> Result<Self, RequestError> {
        if !is_token(name) {
            return Err(RequestError::Subprotocol);
        }
        self.subprotocol = Some(name.into());
        Ok(self)
    }

    /// Adds a header field, such as `Origin`, `Authorization` or `Cookie`. Its value is never printed.
    ///
    /// # Errors
    /// When the name is not a token, is one that the handshake writes itself, or the value has a
    /// character that cannot be sent.
    pub fn field(mut self, name: &str, value: &str) -> Result<Self, RequestError> {
        let lower = name.to_ascii_lowercase();
        let reserved = RESERVED.contains(&&*lower) || lower.starts_with("sec-websocket-");
        if !is_token(name) || reserved {
            return Err(RequestError::FieldName);
        }
        let sendable = |byte: u8| byte.is_ascii_graphic() || byte == b' ' || byte == b'\t';
        if !value.bytes().all(sendable) {
            return Err(RequestError::FieldValue);
        }
        self.fields.push((name.into(), value.into()));
        Ok(self)
    }

    /// The host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path, with the query if it has one.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The subprotocol that is asked for.
    pub fn wanted_subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The head of the request (RFC 6455, section 4.1).
    pub(super) fn head(&self, key: &str) -> String {
        let mut head = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
            self.path, self.host
        );
        // Writing into a string does not fail.
        if let Some(name) = &self.subprotocol {
            let _ = write!(head, "Sec-WebSocket-Protocol: {name}\r\n");
        }
        for (name, value) in &self.fields {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head
    }
}

/// Header values may be secrets, so only their names are shown.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.fields.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("host", &self.host)
            .field("path", &self.path)
            .field("subprotocol", &self.subprotocol)
            .field("fields", &names)
            .finish()
    }
}

/// The port, unless it is the one that the scheme stands for (RFC 6455, sections 3 and 4.1).
fn unusual(scheme: Option<&str>, port: Option<u16>) -> Option<u16> {
    port.filter(|port| !matches!((scheme, port), (Some("ws"), 80) | (Some("wss"), 443)))
}

/// A zone means nothing to the server, and is left out (RFC 6874, section 4).
fn host_field(host: &str, ip: Option<IpAddr>, port: Option<u16>) -> String {
    let host = match ip {
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        _ => host.to_owned(),
    };
    match port {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// The path of an address, with its query.
fn path_of(address: &Address) -> String {
    let mut path = address.path().unwrap_or("/").to_owned();
    for (number, (name, value)) in address.queries().enumerate() {
        let mark = if number == 0 { '?' } else { '&' };
        // Writing into a string does not fail.
        let _ = write!(path, "{mark}{name}={value}");
    }
    path
}

fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Why something cannot stand in a [`Request`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The host is empty or has a character that is not visible ASCII.
    Host,
    /// The path does not begin with `/`, or has a `#` or a character that is not visible ASCII.
    Path,
    /// The subprotocol is not a token.
    Subprotocol,
    /// The name of a header field is not a token, or is one that the handshake writes itself.
    FieldName,
    /// The value of a header field has a line break or a character that is not ASCII.
    FieldValue,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Host => "the host must be visible ASCII, as in `example.org` or `[::1]:8080`",
            Self::Path => "the path must be visible ASCII without `#`, beginning with `/`",
            Self::Subprotocol => "the subprotocol must be a word of letters, digits, `-`, `.` and `_`",
            Self::FieldName => {
                "the header field must be named by a word, and not one that the handshake writes itself"
            }
            Self::FieldValue => "the value of the header field must be ASCII on one line",
        })
    }
}

impl Error for RequestError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_into_the_head_that_ends_a_line() {
        let request = || Request::new("h", "/").unwrap();
        assert_eq!(Request::new("h\r\nX: y", "/"), Err(RequestError::Host));
        assert_eq!(Request::new("", "/"), Err(RequestError::Host));
        assert_eq!(Request::new("h", "/ HTTP/1.1"), Err(RequestError::Path));
        assert_eq!(Request::new("h", "chat"), Err(RequestError::Path));
        assert_eq!(
            request().subprotocol("a, b"),
            Err(RequestError::Subprotocol)
        );
        assert_eq!(request().field("A:", "b"), Err(RequestError::FieldName));
        assert_eq!(request().field("Host", "b"), Err(RequestError::FieldName));
        assert_eq!(
            request().field("Sec-WebSocket-Key", "b"),
            Err(RequestError::FieldName)
        );
        assert_eq!(
            request().field("A", "b\r\nC: d"),
            Err(RequestError::FieldValue)
        );
    }

    #[test]
    fn a_target_says_host_and_path() {
        let address: Address = "ws://[::1]:8080/chat?room=12&quiet=1".parse().unwrap();
        let request = Request::of(&address.into()).unwrap();
        assert_eq!(request.host(), "[::1]:8080");
        assert_eq!(request.path(), "/chat?room=12&quiet=1");
        let address: Address = "ws://[fe80::1%25eth0]:8080".parse().unwrap();
        let request = Request::of(&address.into()).unwrap();
        assert_eq!(request.host(), "[fe80::1]:8080");
        for (address, host) in [
            ("ws://example.org:80/", "example.org"),
            ("wss://example.org:443/", "example.org"),
            ("wss://example.org:80/", "example.org:80"),
        ] {
            let address: Address = address.parse().unwrap();
            assert_eq!(Request::of(&address.into()).unwrap().host(), host);
        }
        let request = Request::of(&Target::name("example.org")).unwrap();
        assert_eq!((request.host(), request.path()), ("example.org", "/"));
    }

    #[test]
    fn secrets_are_not_printed() {
        let request = Request::new("h", "/")
            .unwrap()
            .field("Authorization", "hush")
            .unwrap();
        assert!(!format!("{request:?}").contains("hush"));
        assert!(request.head("k").contains("Authorization: hush\r\n"));
    }
}
