//! The zone of an IPv6 address: `%` and a number or a name behind it (RFC 4007, section 11).

use alloc::{borrow::Cow, string::ToString};
use core::{
    fmt,
    net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6},
};

/// A host without its zone, and the zone.
pub(crate) fn split(host: &str) -> (&str, Option<&str>) {
    match host.split_once('%') {
        Some((ip, zone)) => (ip, Some(zone)),
        None => (host, None),
    }
}

/// A host as an IP address, without its zone.
pub(crate) fn ip(host: &str) -> Option<IpAddr> {
    match split(host) {
        (ip, Some(_)) => ip.parse().ok().map(IpAddr::V6),
        (ip, None) => ip.parse().ok(),
    }
}

/// A host as an IP address with a port; a zone only as a number.
pub(crate) fn socket(host: &str, port: u16) -> Option<SocketAddr> {
    let (ip, Some(zone)) = split(host) else {
        return Some(SocketAddr::new(host.parse().ok()?, port));
    };
    let ip: Ipv6Addr = ip.parse().ok()?;
    Some(SocketAddrV6::new(ip, port, 0, number(zone)?).into())
}

/// The number of a zone; a sign is none.
fn number(zone: &str) -> Option<u32> {
    let digits = zone.bytes().all(|byte| byte.is_ascii_digit());
    if digits { zone.parse().ok() } else { None }
}

/// Reads what stands in an address behind the `%`; an empty zone is the default one, which is the same
/// as none (RFC 4007, section 6).
pub(super) fn read(text: &str) -> Option<Cow<'_, str>> {
    let mut start = text.bytes().take(2);
    let may_be_escape = text.len() > 1 && start.all(|byte| byte.is_ascii_hexdigit());
    let zone = match text.strip_prefix("25") {
        Some(zone) => zone,
        None if may_be_escape => return None,
        None => text,
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if zone.is_empty() || !zone.bytes().all(plain) {
        return None;
    }
    if !zone.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(zone.into());
    }
    Some(match number(zone)? {
        0 => "".into(),
        number => number.to_string().into(),
    })
}

/// Prints an IP endpoint as it stands in an address.
pub(super) struct SocketText(pub(super) SocketAddr);

impl fmt::Display for SocketText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            SocketAddr::V6(socket) if socket.scope_id() != 0 => {
                let (ip, zone, port) = (socket.ip(), socket.scope_id(), socket.port());
                write!(f, "[{ip}%25{zone}]:{port}")
            }
            socket => socket.fmt(f),
        }
    }
}
