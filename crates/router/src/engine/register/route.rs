//! Which routes the router dials for whoever registers them.

use std::net::IpAddr;

use tuyau_core::{Address, Origin};

use crate::engine::Link;

/// Whether the router may dial a route that a peer registered, or why not.
///
/// Only `tls://` routes: nobody but a peer that proves the registered key gets anything over one.
/// That is what is guaranteed. Beyond that, a peer from elsewhere cannot register addresses that are
/// by their text the router's own machine or its link. A name that resolves to such an address, or
/// another address of the router's machine, is not noticed: the router then connects there, and
/// sends nothing but the begin of a TLS handshake.
pub(super) fn check(route: &Address, link: &Link) -> Result<(), &'static str> {
    if route.scheme() != "tls" {
        return Err("only tls:// routes can be registered");
    }
    let Some(host) = route.host() else {
        return Err(INCOMPLETE);
    };
    let more = route.user().is_some() || route.path().is_some() || route.queries().next().is_some();
    if route.port().is_none_or(|port| port == 0) || more {
        return Err(INCOMPLETE);
    }
    match route.ip().map(|ip| ip.to_canonical()) {
        Some(ip) if ip.is_unspecified() || ip.is_multicast() => {
            Err("no host can have this address")
        }
        None if is_number(host) => {
            Err("no host name ends in a number; write an IPv4 address as four decimal numbers")
        }
        _ if is_local(link) => Ok(()),
        Some(_) if route.zone().is_some() => Err("a zone, which means an interface of the router"),
        Some(ip) if is_link_local(ip) => Err("an address of the router's own link"),
        _ if !is_loopback(route) => Ok(()),
        Some(_) => Err("a loopback address of the router's own machine"),
        None => Err("a loopback name of the router's own machine"),
    }
}

const INCOMPLETE: &str = "it needs a host and a port, and nothing else";

/// Whether a peer runs on the router's own machine. One that the router dialled does when it was
/// reached there, and not because the router was the one who dialled.
fn is_local(link: &Link) -> bool {
    match link {
        Link::Accepted {
            origin: Origin::Ip(peer),
        } => peer.ip().to_canonical().is_loopback(),
        Link::Dialled { route, .. } => route.host().is_none() || is_loopback(route),
        _ => true,
    }
}

/// Whether a host, an IP address or a name, is by its text alone the machine itself.
fn is_loopback(route: &Address) -> bool {
    if let Some(ip) = route.ip() {
        return ip.to_canonical().is_loopback();
    }
    let name = route.host().unwrap_or_default().trim_end_matches('.');
    let last = name.rsplit('.').next();
    last == Some("localhost") || name == "localhost.localdomain"
}

/// Whether an address means another host on each link.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

/// Whether a name ends in a number, which system resolvers read as an IPv4 address: `127.1`,
/// `2130706433` and `0x7f.1` are all 127.0.0.1 to them.
fn is_number(name: &str) -> bool {
    let last = name.trim_end_matches('.').rsplit('.').next();
    last.is_some_and(|label| match label.strip_prefix("0x") {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::DialId;

    fn accepted(from: &str) -> Link {
        let origin = Origin::Ip(from.parse().unwrap());
        Link::Accepted { origin }
    }

    fn dialled(route: &str) -> Link {
        let (dial, route) = (DialId(1), route.parse().unwrap());
        Link::Dialled { dial, route }
    }

    fn allows(link: &Link, route: &str) -> bool {
        check(&route.parse().unwrap(), link).is_ok()
    }

    const LOOPBACK: [&str; 8] = [
        "tls://127.0.0.1:1",
        "tls://127.255.255.254:1",
        "tls://[::1]:1",
        "tls://[::ffff:127.0.0.1]:1",
        "tls://[::1%251]:1",
        "tls://LOCALHOST.:1",
        "tls://a.localhost:1",
        "tls://localhost.localdomain:1",
    ];

    #[test]
    fn a_peer_from_elsewhere_has_no_loopback_routes_however_it_is_connected() {
        let elsewhere = [
            accepted("192.0.2.9:1"),
            accepted("[::ffff:192.0.2.9]:1"),
            dialled("tls://192.0.2.9:1"),
            dialled("tls://service.example:1"),
        ];
        for link in &elsewhere {
            assert!(allows(link, "tls://192.0.2.9:1") && allows(link, "tls://7.example:1"));
            for route in LOOPBACK {
                assert!(!allows(link, route), "{route} over {link}");
            }
        }
    }

    #[test]
    fn only_a_peer_on_this_machine_has_link_local_routes() {
        for route in [
            "tls://169.254.169.254:80",
            "tls://[fe80::1]:1",
            "tls://[febf::1]:1",
            "tls://[::ffff:169.254.0.1]:1",
            "tls://[fe80::1%252]:1",
            "tls://[fe80::1%25eth0]:1",
            "tls://[2001:db8::1%252]:1",
        ] {
            assert!(!allows(&accepted("192.0.2.9:1"), route), "{route}");
            assert!(!allows(&accepted("169.254.0.9:1"), route), "{route}");
            assert!(!allows(&dialled("tls://192.0.2.9:1"), route), "{route}");
            assert!(allows(&accepted("127.0.0.1:1"), route), "{route}");
        }
        let next = "tls://[fec0::1]:1";
        assert!(allows(&accepted("192.0.2.9:1"), next));
    }

    #[test]
    fn a_peer_on_this_machine_has_loopback_routes() {
        let here = [
            accepted("127.0.0.1:1"),
            accepted("[::ffff:127.0.0.1]:1"),
            dialled("tls://127.0.0.1:1"),
            Link::Simulated,
        ];
        for link in &here {
            for route in LOOPBACK {
                assert!(allows(link, route), "{route} over {link}");
            }
        }
    }

    #[test]
    fn a_route_has_no_user_path_or_query() {
        let link = accepted("192.0.2.1:1");
        for route in [
            "tls://u@7.example:1",
            "tls://7.example:1/path",
            "tls://7.example:1?a=b",
        ] {
            assert!(!allows(&link, route), "{route}");
        }
    }

    #[test]
    fn nobody_has_a_route_to_a_number() {
        let numbers = [
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.0x1",
            "0177.0.0.1",
            "127.0.0.1.",
            "0",
            "0x",
        ];
        for link in [accepted("192.0.2.9:1"), accepted("127.0.0.1:1")] {
            for number in numbers {
                assert!(!allows(&link, &format!("tls://{number}:1")), "{number}");
            }
        }
    }
}
