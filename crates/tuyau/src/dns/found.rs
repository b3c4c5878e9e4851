//! What a name leads to.

use std::net::SocketAddr;

/// The most endpoints that one resolve gives; 250 ms between two attempts make that eight seconds.
pub const MAX_ADDRESSES: usize = 32;

/// The most servers of an SRV record set, or services of an HTTPS or SVCB record set, that are used.
pub const MAX_SERVICES: usize = 8;

/// The most aliases that are followed one after the other.
pub const MAX_ALIASES: usize = 8;

/// An endpoint, and what DNS says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Where to connect.
    pub address: SocketAddr,
    /// The name whose address it is: the target's host, or the one that SRV, HTTPS or SVCB records
    /// lead to; without a final dot. Whom to expect there is the target's host still (RFC 9460,
    /// section 10.2), unless DNSSEC vouches for the records.
    pub host: Box<str>,
    /// The protocols that the service offers beside its default one, best first (RFC 9460, section
    /// 7.1); empty when nothing says so. An id that is not UTF-8 is not among them.
    pub alpn: Vec<Box<str>>,
    /// Whether the service offers the default protocol of its scheme, too.
    pub default_alpn: bool,
}

impl Found {
    pub(super) fn address(address: SocketAddr, host: &str) -> Self {
        Self {
            address,
            host: host.strip_suffix('.').unwrap_or(host).into(),
            alpn: Vec::new(),
            default_alpn: true,
        }
    }
}
