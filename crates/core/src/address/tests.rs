use core::net::SocketAddrV6;

use super::*;
use crate::Target;
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
        ("ssh://Git@Host:22/a@b", "ssh://Git@host:22/a@b"),
        (
            "serial:///dev/tty0?baud=9600&x",
            "serial:///dev/tty0?baud=9600&x",
        ),
        ("h://n?a=b/c?d", "h://n?a=b/c?d"),
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
    assert_eq!(kind("tls://h#part"), AddressErrorKind::Character);
    assert_eq!(kind("tls://user:password@host"), AddressErrorKind::User);
    assert_eq!(kind("tls://@host"), AddressErrorKind::User);
    assert_eq!(kind("tls://user@"), AddressErrorKind::Host);
    assert_eq!(kind("tls://user@/path"), AddressErrorKind::Host);
    assert_eq!(kind("tls://?a=b"), AddressErrorKind::Host);
    assert_eq!(kind(&"x".repeat(256)), AddressErrorKind::TooLong);
    let error = "tls://h:99999".parse::<Address>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "address \"tls://h:99999\" is not valid at byte 8: the port must be a number from 0 to 65535"
    );
}

#[test]
fn no_address_prints_longer_than_it_may_be() {
    let begin = "x://[::ffff:ffff:ffff]/";
    let path = |length: usize| "p".repeat(length - begin.len());
    let printed = format!("{begin}{}", path(249)).parse::<Address>().unwrap();
    assert_eq!(printed.to_string().len(), Address::MAX_LENGTH);
    assert_eq!(
        kind(&format!("{begin}{}", path(250))),
        AddressErrorKind::TooLong
    );
}

#[test]
fn knows_user_path_and_query() {
    let address: Address = "ssh://git@host:22/repo?a=1&b&a=2".parse().unwrap();
    assert_eq!(address.user(), Some("git"));
    assert_eq!((address.host(), address.port()), (Some("host"), Some(22)));
    assert_eq!(address.path(), Some("/repo"));
    assert_eq!(address.query("a"), Some("1"));
    assert_eq!(address.query("b"), Some(""));
    assert_eq!(address.query("c"), None);
    assert_eq!(address.queries().count(), 3);
}

#[test]
fn makes_addresses_from_sockets_names_and_paths() {
    let socket: SocketAddr = "[::1]:7".parse().unwrap();
    let address = Address::from_socket("tcp", socket).unwrap();
    assert_eq!(address.to_string(), "tcp://[::1]:7");
    assert_eq!(address.socket(), Some(socket));
    assert_eq!(Address::from_name("mem", "a").unwrap().host(), Some("a"));
    for more in ["a:1", "me@a", "a/b", "a?b", ""] {
        let error = Address::from_name("mem", more).unwrap_err();
        assert_eq!(error.kind(), AddressErrorKind::Host, "{more}");
    }
    assert_eq!(
        Address::from_path("unix", "/a b").unwrap_err().kind(),
        AddressErrorKind::Character
    );
    assert_eq!(
        Address::from_path("unix", "a").unwrap_err().kind(),
        AddressErrorKind::Path
    );
    let error = Address::from_path("unix", "/tmp/a?b").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (AddressErrorKind::Path, 6));
}

#[test]
fn a_zone_is_read_in_both_forms_and_printed_as_a_uri_has_it() {
    for (text, printed, host) in [
        (
            "tcp://[fe80::1%252]:80",
            "tcp://[fe80::1%252]:80",
            "fe80::1%2",
        ),
        (
            "tcp://[fe80::1%2]:80",
            "tcp://[fe80::1%252]:80",
            "fe80::1%2",
        ),
        (
            "tcp://[FE80:0::1%25Eth0.1]",
            "tcp://[fe80::1%25Eth0.1]",
            "fe80::1%Eth0.1",
        ),
        (
            "tcp://[fe80::1%wlan0]:1/p",
            "tcp://[fe80::1%25wlan0]:1/p",
            "fe80::1%wlan0",
        ),
        (
            "tcp://[fe80::1%25250]:80",
            "tcp://[fe80::1%25250]:80",
            "fe80::1%250",
        ),
        (
            "tcp://[fe80::1%25007]:80",
            "tcp://[fe80::1%257]:80",
            "fe80::1%7",
        ),
        // The default zone, which is none.
        ("tcp://[fe80::1%250]:80", "tcp://[fe80::1]:80", "fe80::1"),
    ] {
        let address: Address = text.parse().unwrap();
        assert_eq!(
            (&*address.to_string(), address.host()),
            (printed, Some(host))
        );
        assert_eq!(printed.parse::<Address>().unwrap(), address);
        assert_eq!(address.ip(), Some("fe80::1".parse().unwrap()));
        assert_eq!(address.zone(), host.split_once('%').map(|(_, zone)| zone));
    }
}

#[test]
fn what_is_no_zone_is_refused() {
    for text in [
        "tcp://[fe80::1%]:80",
        "tcp://[fe80::1%25]:80",
        "tcp://[fe80::1%12]:80",
        "tcp://[fe80::1%eb0]:80",
        "tcp://[fe80::1%25a%20b]:80",
        "tcp://[fe80::1%25eth0:1]:80",
        "tcp://[fe80::1%254294967296]:80",
    ] {
        assert_eq!(kind(text), AddressErrorKind::Zone, "{text}");
    }
    assert_eq!(kind("tcp://[127.0.0.1%252]:80"), AddressErrorKind::Host);
    assert_eq!(kind("tcp://host%252:80"), AddressErrorKind::Host);
    let error = "tcp://[fe80::1%12]".parse::<Address>().unwrap_err();
    assert!(
        error.to_string().ends_with("as in `[fe80::1%252]`"),
        "{error}"
    );
    assert_eq!(error.offset(), 14);
}

#[test]
fn a_scope_is_the_same_endpoint_when_its_text_is_read_again() {
    for scope in [0, 1, 2, 9, 25, 250, 2525, u32::MAX] {
        let socket = SocketAddrV6::new("fe80::1".parse().unwrap(), 80, 0, scope).into();
        let address = Address::from_socket("tcp", socket).unwrap();
        assert_eq!(address.socket(), Some(socket), "{address}");
        let again: Address = address.to_string().parse().unwrap();
        assert_eq!(again.socket(), Some(socket), "{address}");
        let target = Target::name(address.host().unwrap()).port(80);
        assert_eq!(target.socket(), Some(socket), "{target}");
        assert_eq!(Target::from(address).socket(), Some(socket));
    }
    let named: Address = "tcp://[fe80::1%25eth0]:80".parse().unwrap();
    assert_eq!((named.socket(), named.zone()), (None, Some("eth0")));
}

#[test]
fn a_zone_stays_when_the_port_is_set_and_counts_for_the_length() {
    let address: Address = "tcp://[fe80::1%25eth0]".parse().unwrap();
    let target = Target::from(address).port(7);
    assert_eq!(target.to_string(), "tcp://[fe80::1%25eth0]:7");
    let begin = "x://[fe80::1%a.b]/";
    let text = |length: usize| format!("{begin}{}", "p".repeat(length - begin.len()));
    let longest: Address = text(Address::MAX_LENGTH - 2).parse().unwrap();
    assert_eq!(longest.to_string().len(), Address::MAX_LENGTH);
    assert_eq!(
        kind(&text(Address::MAX_LENGTH - 1)),
        AddressErrorKind::TooLong
    );
}

#[test]
fn a_port_for_which_an_address_has_no_room_stands_beside_it() {
    let longest = "h".repeat(Address::MAX_LENGTH - "x://:65535".len());
    for (host, fits) in [(longest.clone(), true), (longest + "h", false)] {
        let address: Address = format!("x://{host}:1").parse().unwrap();
        let target = Target::from(address).port(65_535);
        let read = target.to_string().parse::<Target>();
        assert_eq!((read.is_ok(), target.port_number()), (fits, Some(65_535)));
        let address = target.address().unwrap();
        assert_eq!(address.port(), fits.then_some(65_535));
        assert_eq!(address.to_string().parse(), Ok(address.clone()));
        let shorter = target.port(1);
        assert_eq!(shorter.address().unwrap().port(), Some(1));
        assert_eq!(shorter.to_string(), format!("x://{host}:1"));
    }
}

#[test]
fn a_target_is_read_from_a_name_or_an_address() {
    let read = |text: &str| text.parse::<Target>();
    for text in [
        "localhost",
        "localhost:80",
        "127.0.0.1:80",
        "[fe80::1]:80",
        "tls://x:1/p?q=1",
    ] {
        assert_eq!(read(text).unwrap().to_string(), text);
    }
    let zoned = read("[fe80::1%25eth0]:80").unwrap();
    assert_eq!(
        (zoned.host(), zoned.port_number()),
        (Some("fe80::1%eth0"), Some(80))
    );
    assert_eq!(read("localhost").unwrap().scheme(), None);
    for (text, kind) in [
        ("", AddressErrorKind::Host),
        ("a b", AddressErrorKind::Host),
        ("localhost:", AddressErrorKind::Port),
        ("localhost:x", AddressErrorKind::Port),
        ("localhost/path", AddressErrorKind::Host),
        ("me@localhost", AddressErrorKind::Host),
        ("::1", AddressErrorKind::Host),
        ("://x", AddressErrorKind::Scheme),
        (&"x".repeat(256), AddressErrorKind::TooLong),
    ] {
        assert_eq!(read(text).unwrap_err().kind(), kind, "{text:?}");
    }
}
