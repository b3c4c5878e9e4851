//! The messages of SOCKS5 (RFC 1928 and RFC 1929), without I/O.

use std::net::{IpAddr, SocketAddr};

use super::{Kind, Refusal};
use crate::proxy::{Credentials, Destination, Host};

const VERSION: u8 = 5;
const CONNECT: u8 = 1;

/// The version of the negotiation about user and password (RFC 1929, section 2).
const PASSWORD_VERSION: u8 = 1;

const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;

/// How a client may prove who it is (RFC 1928, section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    None,
    Password,
}

/// What this side can do, which comes first.
pub(super) fn greeting(credentials: Option<&Credentials>) -> Vec<u8> {
    match credentials {
        None => vec![VERSION, 1, 0],
        Some(_) => vec![VERSION, 2, 0, 2],
    }
}

/// Which method the proxy chose.
pub(super) fn method(answer: [u8; 2], has_credentials: bool) -> Result<Method, Kind> {
    let [version, method] = answer;
    if version != VERSION {
        return Err(Kind::NotSocks5(answer));
    }
    match method {
        0 => Ok(Method::None),
        2 if has_credentials => Ok(Method::Password),
        2 | 0xff if !has_credentials => Err(Kind::WantsCredentials),
        0xff => Err(Kind::NoCommonMethod),
        other => Err(Kind::Method(other)),
    }
}

/// Who asks (RFC 1929, section 2).
pub(super) fn password(credentials: &Credentials) -> Vec<u8> {
    let mut message = vec![PASSWORD_VERSION];
    for text in [credentials.user(), credentials.password()] {
        // Both have at most 255 bytes.
        message.push(text.len() as u8);
        message.extend(text.as_bytes());
    }
    message
}

/// Whether the proxy lets that user in.
pub(super) fn let_in(answer: [u8; 2]) -> Result<(), Kind> {
    match answer {
        [PASSWORD_VERSION, 0] => Ok(()),
        [PASSWORD_VERSION, _] => Err(Kind::BadCredentials),
        // Some proxies answer with the version of SOCKS here.
        [VERSION, 0] => Ok(()),
        [VERSION, _] => Err(Kind::BadCredentials),
        other => Err(Kind::NotSocks5(other)),
    }
}

/// To connect there (RFC 1928, section 4).
pub(super) fn connect(destination: &Destination) -> Vec<u8> {
    let mut message = vec![VERSION, CONNECT, 0];
    match destination.host() {
        Host::Name(name) => {
            // It has at most 255 bytes.
            message.extend([NAME, name.len() as u8]);
            message.extend(name.as_bytes());
        }
        Host::Ip(IpAddr::V4(ip)) => {
            message.push(IPV4);
            message.extend(ip.octets());
        }
        Host::Ip(IpAddr::V6(ip)) => {
            message.push(IPV6);
            message.extend(ip.octets());
        }
    }
    message.extend(destination.port().to_be_bytes());
    message
}

/// How far the answer to a request has come.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// So many more bytes belong to it at least; what is behind it belongs to the destination.
    Needs(usize),
    /// The proxy has connected, from there if it says so.
    Connected(Option<Destination>),
}

/// Decodes the beginning of the answer to a request (RFC 1928, section 6). A refusal is known before
/// the whole of it has come.
pub(super) fn reply(bytes: &[u8]) -> Result<Reply, Kind> {
    let [version, code, _, form, rest @ ..] = bytes else {
        if let [version, code, ..] = bytes
            && *version != VERSION
        {
            return Err(Kind::NotSocks5([*version, *code]));
        }
        return Ok(Reply::Needs(4 - bytes.len()));
    };
    if *version != VERSION {
        return Err(Kind::NotSocks5([*version, *code]));
    }
    if *code != 0 {
        return Err(Kind::Refused(Refusal::of(*code)));
    }
    let length = match (*form, rest.first()) {
        (IPV4, _) => 4,
        (IPV6, _) => 16,
        (NAME, Some(length)) => 1 + usize::from(*length),
        (NAME, None) => return Ok(Reply::Needs(1)),
        (other, _) => return Err(Kind::AddressForm(other)),
    };
    let Some((host, [high, low])) = rest.split_at_checked(length) else {
        return Ok(Reply::Needs(length + 2 - rest.len()));
    };
    let port = u16::from_be_bytes([*high, *low]);
    Ok(Reply::Connected(bound(*form, host, port)))
}

/// The address in front of a port; nothing when it is a name that nobody has.
fn bound(form: u8, host: &[u8], port: u16) -> Option<Destination> {
    let ip: IpAddr = match form {
        IPV4 => <[u8; 4]>::try_from(host).ok()?.into(),
        IPV6 => <[u8; 16]>::try_from(host).ok()?.into(),
        _ => {
            let name = str::from_utf8(host.get(1..)?).ok()?;
            return Destination::new(name, port).ok();
        }
    };
    SocketAddr::new(ip, port).try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connected(bytes: &[u8]) -> Option<String> {
        // Asked for no more than belongs to it, whatever is there already.
        let mut there = 0;
        loop {
            match reply(&bytes[..there]).unwrap() {
                Reply::Needs(more) => {
                    assert!(more > 0);
                    there += more;
                }
                Reply::Connected(bound) => {
                    assert_eq!(there, bytes.len());
                    return bound.map(|bound| bound.to_string());
                }
            }
        }
    }

    #[test]
    fn reads_each_form_of_address_to_its_last_byte() {
        let shown = connected(&[5, 0, 0, 1, 127, 0, 0, 1, 0x1f, 0x90]);
        assert_eq!(shown.as_deref(), Some("127.0.0.1:8080"));
        let v6 = [&[5, 0, 0, 4][..], &[0; 15], &[1, 0, 80]].concat();
        assert_eq!(connected(&v6).as_deref(), Some("[::1]:80"));
        let name = connected(b"\x05\x00\x00\x03\x03abc\x00\x50");
        assert_eq!(name.as_deref(), Some("abc:80"));
        assert_eq!(connected(&[5, 0, 0, 3, 0, 0, 0]), None);
    }

    #[test]
    fn a_refusal_needs_no_address() {
        let kind = reply(&[5, 2, 0, 1]).unwrap_err();
        assert!(matches!(kind, Kind::Refused(Refusal::NotAllowed)));
        assert!(matches!(
            reply(&[0, 91]).unwrap_err(),
            Kind::NotSocks5([0, 91])
        ));
    }
}
