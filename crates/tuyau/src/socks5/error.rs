//! Why a SOCKS5 proxy did not connect.

use std::{error, fmt};

use tuyau_core::FlowError;

use crate::proxy::Destination;

/// Why a SOCKS5 proxy did not connect.
///
/// Its text says what the proxy did, what was expected, and what to do.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    destination: Destination,
}

/// The kinds of SOCKS5 [`Error`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Kind {
    /// What answered is no SOCKS5 proxy; with the first two bytes of its answer.
    NotSocks5([u8; 2]),
    /// The proxy wants to know who asks, and nobody said.
    WantsCredentials,
    /// The proxy takes neither nobody nor a user with a password.
    NoCommonMethod,
    /// The proxy chose a way of authentication that was not offered.
    Method(u8),
    /// The proxy does not accept the user or the password.
    BadCredentials,
    /// The proxy refused to connect, or could not.
    Refused(Refusal),
    /// The proxy answered with a form of address that there is not.
    AddressForm(u8),
    /// The proxy ended the stream before its answer was whole.
    Unfinished,
    /// The flow to the proxy failed.
    Io(FlowError),
}

/// Why a proxy refused (RFC 1928, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// A failure of the proxy that it does not tell more of.
    General,
    /// The proxy's rules do not allow it.
    NotAllowed,
    /// The destination's network cannot be reached from there.
    NetworkUnreachable,
    /// The destination's host cannot be reached from there, or its name is not known there.
    HostUnreachable,
    /// Nobody listens at the destination.
    ConnectionRefused,
    /// The destination is too far away.
    TtlExpired,
    /// The proxy does not connect for others.
    CommandNotSupported,
    /// The proxy does not take names, or not addresses of this family.
    AddressTypeNotSupported,
    /// A code that the standard does not define.
    Other(u8),
}

impl Refusal {
    pub(super) fn of(code: u8) -> Self {
        match code {
            1 => Self::General,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::ConnectionRefused,
            6 => Self::TtlExpired,
            7 => Self::CommandNotSupported,
            8 => Self::AddressTypeNotSupported,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General => "it failed, and does not say why; see the proxy's log",
            Self::NotAllowed => "its rules do not allow it; have them changed, or use another proxy",
            Self::NetworkUnreachable => {
                "that network cannot be reached from there; check the address, or use another proxy"
            }
            Self::HostUnreachable => {
                "that host is not known or cannot be reached from there; check the host"
            }
            Self::ConnectionRefused => "nobody listens there; check the port",
            Self::TtlExpired => "it is too far away; check the proxy's routes",
            Self::CommandNotSupported => "it does not connect for others; use another proxy",
            Self::AddressTypeNotSupported => {
                "it does not take this form of host; try an address instead of a name, or the other way"
            }
            Self::Other(code) => {
                return write!(f, "its code {code} is not a known one; see the proxy's log");
            }
        })
    }
}

impl Error {
    pub(super) fn new(kind: Kind, destination: &Destination) -> Self {
        let destination = destination.clone();
        Self { kind, destination }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Where the proxy should have connected to.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::NotSocks5(first) => {
                let shown = first.escape_ascii();
                write!(f, "expected SOCKS version 5, but the proxy's answer begins with \"{shown}\"; ")?;
                f.write_str(match first {
                    b"HT" => "it looks like HTTP, use `http-connect` for such a proxy",
                    [0 | 4, _] => "it looks like SOCKS 4, which is not supported",
                    _ => "check the address and the port of the proxy",
                })
            }
            Kind::WantsCredentials => {
                f.write_str("the proxy wants to know who asks; give it a user and a password")
            }
            Kind::NoCommonMethod => f.write_str(
                "the proxy takes neither nobody nor a user with a password; it wants another \
                 authentication, which is not supported",
            ),
            Kind::Method(method) => write!(
                f,
                "the proxy chose authentication {method}, which was not offered; use another proxy"
            ),
            Kind::BadCredentials => {
                f.write_str("the proxy does not accept the user or the password; check them")
            }
            Kind::Refused(refusal) => {
                write!(f, "the proxy did not connect to {}: {refusal}", self.destination)
            }
            Kind::AddressForm(form) => write!(
                f,
                "the proxy answered with an address of form {form}, and there are 1, 3 and 4; \
                 use another proxy"
            ),
            Kind::Unfinished => f.write_str(
                "the proxy ended the stream before its answer was whole; it stopped, or is no SOCKS5 \
                 proxy",
            ),
            Kind::Io(_) => f.write_str("the connection to the proxy failed"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            _ => None,
        }
    }
}
