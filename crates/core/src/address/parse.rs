//! Reading an address from its text.

use alloc::{boxed::Box, format};
use core::{net::Ipv6Addr, str::FromStr};

use super::{Address, AddressError, AddressErrorKind, Parts, zone};

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
        if let Some(offset) = text.find('#') {
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
        let query_start = text[start..].find('?').map(|at| start + at);
        let path_end = query_start.unwrap_or(text.len());
        let path_start = text[start..path_end].find('/').map(|at| start + at);
        let authority_end = path_start.unwrap_or(path_end);
        let (user, host_start) = parse_user(text, start, authority_end)?;
        let (host, port) = parse_authority(text, host_start, authority_end)?;
        if host.is_none() && (path_start.is_none() || user.is_some()) {
            return fail(host_start, AddressErrorKind::Host);
        }
        let address = Parts {
            scheme: &scheme.to_ascii_lowercase(),
            user,
            host: host.as_deref(),
            port,
            path: path_start.map(|at| &text[at..path_end]),
            query: query_start.map(|at| &text[at + 1..]),
        };
        let address = address.join();
        // An IPv6 address that maps an IPv4 one may print longer than it was written, and so may a zone.
        if address.is_too_long() {
            return fail(Self::MAX_LENGTH, AddressErrorKind::TooLong);
        }
        Ok(address)
    }
}

/// Parses `user@` or nothing at the start of `text[start..end]`, and tells where the host begins.
fn parse_user(text: &str, start: usize, end: usize) -> Result<(Option<&str>, usize), AddressError> {
    let Some(at) = text[start..end].find('@') else {
        return Ok((None, start));
    };
    let user = &text[start..start + at];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._+~".contains(&byte);
    let wrong = user.bytes().position(|byte| !plain(byte));
    if let Some(offset) = wrong.or_else(|| user.is_empty().then_some(0)) {
        return Err(AddressError::new(
            text,
            start + offset,
            AddressErrorKind::User,
        ));
    }
    Ok((Some(user), start + at + 1))
}

/// Parses `host` or `host:port`, with an IPv6 address in brackets, as an address has them.
pub(crate) fn parse_place(text: &str) -> Result<(Box<str>, Option<u16>), AddressError> {
    if text.len() > Address::MAX_LENGTH {
        let kind = AddressErrorKind::TooLong;
        return Err(AddressError::new(text, Address::MAX_LENGTH, kind));
    }
    match parse_authority(text, 0, text.len())? {
        (Some(host), port) => Ok((host, port)),
        (None, _) => Err(AddressError::new(text, 0, AddressErrorKind::Host)),
    }
}

fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

type Authority = (Option<Box<str>>, Option<u16>);

/// Parses `host`, `host:port`, `[v6]`, `[v6]:port` or nothing in `text[start..end]`; an IPv6 address
/// may have a zone.
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
        let (ip, zone) = zone::split(&inside[..close]);
        let zone_start = start + 1 + ip.len();
        let Ok(ip) = ip.parse::<Ipv6Addr>() else {
            return fail(start + 1, AddressErrorKind::Host);
        };
        let Some(zone) = zone.map_or(Some("".into()), zone::read) else {
            return fail(zone_start, AddressErrorKind::Zone);
        };
        let percent = if zone.is_empty() { "" } else { "%" };
        (format!("{ip}{percent}{zone}"), &inside[close + 1..])
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
