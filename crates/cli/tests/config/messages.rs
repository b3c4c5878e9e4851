//! What a person reads when a configuration is wrong, word for word.

use tuyau_cli::config::{Config, ConfigErrorKind, ConfigKind, ConfigKind::*, from_bytes};

const ID: &str = "tuyau1lrqf3qrfzr70m480jy0th7u7lffgm05v2x239tqst5t6lk2s09mqatkw85";

const ROUTER_KEYS: &str = "`listen`, `state_dir`, `key_file`, `admin_socket`, `greeting`, \
                           `static_routes`, `lookups`, `policy_file`, `drain_seconds`, \
                           `drain_to`, `tls`, `limits`";

/// The problems of a text, without the source lines.
fn problems(kind: ConfigKind, text: &str) -> Vec<String> {
    let errors = from_bytes(kind, "x.yaml", text.as_bytes()).expect_err(text);
    errors.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn assert_problem(kind: ConfigKind, text: &str, expected: &str) {
    assert_eq!(problems(kind, text), [expected], "{text}");
}

#[test]
fn a_mistyped_key_is_told_with_place_nearest_and_known_keys() {
    assert_problem(
        Router,
        "\nlisen: []\n",
        &format!(
            "x.yaml:2:1: unknown key `lisen`, did you mean `listen`? known keys here: {ROUTER_KEYS}"
        ),
    );
    assert_problem(
        Service,
        "router:\n  adress: tls://a:1\n",
        "x.yaml:2:3: unknown key `adress`, did you mean `address`? known keys here: `address`, \
         `identity`, `identity_file`",
    );
    assert_problem(
        Router,
        "colour: red",
        &format!("x.yaml:1:1: unknown key `colour`, known keys here: {ROUTER_KEYS}"),
    );
}

#[test]
fn a_key_in_the_wrong_place_is_told_where_it_belongs() {
    assert_problem(
        Router,
        "frame_bytes: 65536",
        &format!(
            "x.yaml:1:1: unknown key `frame_bytes` here: its place is `limits.frame_bytes`; known \
             keys here: {ROUTER_KEYS}"
        ),
    );
    assert_problem(
        Router,
        "advertise: null",
        &format!(
            "x.yaml:1:1: unknown key `advertise`: it is a key of a service, and this is the \
             configuration of a router; known keys here: {ROUTER_KEYS}"
        ),
    );
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_a_caret() {
    let text = "greeting: 5\nlimits:\n  dials: ten\nlisen: []\n";
    let errors = from_bytes(Router, "conf/x.yaml", text.as_bytes()).unwrap_err();
    assert_eq!(
        errors.to_string(),
        format!(
            "conf/x.yaml:1:11: `greeting`: expected text, found the number `5`: if it is meant as \
             text, write \"5\"\n\
             \x20    1 | greeting: 5\n\
             \x20      |           ^\n\
             conf/x.yaml:3:10: `limits.dials`: expected a whole number of connections, found the \
             text `ten`: write digits only, from 1 to 65536\n\
             \x20    3 |   dials: ten\n\
             \x20      |          ^\n\
             conf/x.yaml:4:1: unknown key `lisen`, did you mean `listen`? known keys here: \
             {ROUTER_KEYS}\n\
             \x20    4 | lisen: []\n\
             \x20      | ^"
        )
    );
    let first = errors.iter().next().unwrap();
    assert_eq!(
        (first.file(), first.line(), first.column(), first.kind()),
        (
            Some("conf/x.yaml"),
            Some(1),
            Some(11),
            ConfigErrorKind::WrongType
        )
    );
}

#[test]
fn only_the_first_fifty_problems_are_told_in_full() {
    let text: String = (0..70).map(|number| format!("k{number}: 1\n")).collect();
    let errors = from_bytes(Router, "x.yaml", text.as_bytes()).unwrap_err();
    assert_eq!((errors.iter().count(), errors.omitted()), (50, 20));
    assert!(errors.to_string().ends_with("\nand 20 more problems"));
}

#[test]
fn switches_are_true_or_false() {
    for (value, on) in [("true", true), ("false", false)] {
        let text = format!("lookups: {value}\n");
        let config = from_bytes(Router, "x.yaml", text.as_bytes()).unwrap();
        let Config::Router(config) = config else {
            panic!("a router's");
        };
        assert_eq!(config.lookups, on);
    }
    for (value, found) in [
        ("yes", "the text `yes`"),
        ("1", "the number `1`"),
        ("\"true\"", "the text `true`: remove the quotes"),
        ("[true]", "a list"),
    ] {
        let problem = format!("x.yaml:1:10: `lookups`: expected `true` or `false`, found {found}");
        assert_problem(Router, &format!("lookups: {value}\n"), &problem);
    }
}

#[test]
fn numbers_are_typed_and_bounded() {
    for (value, complaint) in [
        (
            "4095",
            "`4095` is out of bounds: write 4096 to 67108864 bytes",
        ),
        (
            "67108865",
            "`67108865` is out of bounds: write 4096 to 67108864 bytes",
        ),
        ("-1", "`-1` is out of bounds: write 4096 to 67108864 bytes"),
        (
            "99999999999999999999999",
            "`99999999999999999999999` is out of bounds: write 4096 to 67108864 bytes",
        ),
        (
            "'65536'",
            "expected a whole number of bytes, found the text `65536`: remove the quotes",
        ),
        (
            "1.5",
            "expected a whole number of bytes, found the number `1.5`: write digits only, from \
             4096 to 67108864",
        ),
        (
            "1MiB",
            "expected a whole number of bytes, found the text `1MiB`: write digits only, from \
             4096 to 67108864",
        ),
        (
            "true",
            "expected a whole number of bytes, found `true`: write digits only, from 4096 to \
             67108864",
        ),
        ("[1]", "expected a whole number of bytes, found a list"),
        (
            "{a: 1}",
            "expected a whole number of bytes, found a group of keys",
        ),
    ] {
        let text = format!("limits:\n  frame_bytes: {value}\n");
        assert_problem(
            Router,
            &text,
            &format!("x.yaml:2:16: `limits.frame_bytes`: {complaint}"),
        );
    }
}

#[test]
fn addresses_have_to_be_ones_that_can_be_used() {
    for (value, complaint) in [
        (
            "tcp://127.0.0.1:1",
            "`tcp://127.0.0.1:1` is plain TCP, and peers have to prove who they are: write \
             `tls://127.0.0.1:1`",
        ),
        (
            "unix:///run/x",
            "`unix:///run/x` is a plain Unix socket, and peers have to prove who they are: write \
             `tls+unix:///run/x`",
        ),
        (
            "ftp://a:1",
            "the scheme `ftp` of `ftp://a:1` is not one of `tls` and `tls+unix`: write for \
             example `tls://127.0.0.1:6000`",
        ),
        ("tls://a", "`tls://a` has no port: write `tls://a:6000`"),
        (
            "tls:///a",
            "`tls:///a` needs a host and no path: write `tls://host:port`",
        ),
        (
            "tls+unix://a",
            "`tls+unix://a` needs a path and no host: write `tls+unix:///run/name.sock`",
        ),
        (
            "127.0.0.1:6000",
            "address \"127.0.0.1:6000\" is not valid at byte 0: a scheme and `://` are missing, \
             write for example `tls://127.0.0.1:6000`",
        ),
        (
            "tls://localhost:6100",
            "cannot listen at tls://localhost:6100: the address is not valid for listening; \
             expected an IP address and a port, as in `tls://127.0.0.1:6000`",
        ),
        (
            "6000",
            "expected an address, found the number `6000`: if it is meant as text, write \"6000\"",
        ),
    ] {
        let text = format!("listen: [\"tls://[::1]:1\", {value}]");
        assert_problem(
            Router,
            &text,
            &format!("x.yaml:1:27: `listen`: {complaint}"),
        );
    }
    for (value, complaint) in [
        (
            "tls://a:0",
            "nobody can connect to port 0 of `tls://a:0`: write the port that it listens on",
        ),
        (
            "tls://0.0.0.0:1",
            "nobody can connect to `tls://0.0.0.0:1`, which stands for every interface: write the \
             address of one",
        ),
    ] {
        let text = format!("router:\n  address: {value}");
        assert_problem(
            Service,
            &text,
            &format!("x.yaml:2:12: `router.address`: {complaint}"),
        );
    }
}

#[test]
fn lists_are_lists_of_a_bounded_length() {
    assert_problem(
        Router,
        "listen: tls://a:1",
        "x.yaml:1:9: `listen`: expected a list of addresses, found the text `tls://a:1`: a list \
         of one is written [tls://a:1]",
    );
    assert_problem(
        Router,
        "listen: []",
        "x.yaml:1:9: `listen`: 0 addresses in this list: write 1 to 64",
    );
    assert_problem(
        Router,
        "listen: [\"tls://[::a]:1\", \"tls://[::A]:1\"]",
        "x.yaml:1:27: `listen`: `tls://[::a]:1` is in the list twice: keep one",
    );
    assert_problem(
        Router,
        "static_routes: 5",
        "x.yaml:1:16: `static_routes`: expected a list of groups of keys, found the number `5`",
    );
}

#[test]
fn values_that_do_not_parse_say_how_they_are_written() {
    assert_problem(
        Service,
        "name: a/b",
        "x.yaml:1:7: `name`: `a/b` cannot be a name: write 1 to 64 letters, digits, `-`, `_` or \
         `.`, and no `.` first",
    );
    assert_problem(
        Router,
        "state_dir: ~/state",
        "x.yaml:1:12: `state_dir`: `~` is not expanded in `~/state`: write the whole path",
    );
    assert_problem(
        Router,
        "state_dir: \"\"",
        "x.yaml:1:12: `state_dir`: expected a path, found empty text",
    );
    assert_problem(
        Router,
        "state_dir: \"a\\0\\e[2J\"",
        "x.yaml:1:12: `state_dir`: the path `a\u{fffd}\u{fffd}[2J` has a control character in it",
    );
    assert_problem(
        Router,
        "listen:\nstate_dir: x\n",
        "x.yaml:1:7: `listen` has no value: write one, or remove the key",
    );
    assert_problem(
        Router,
        &format!("admin_socket: /{}", "x".repeat(120)),
        "x.yaml:1:15: the path of the admin socket has 121 bytes and the system takes at most \
         107: set `admin_socket` to a shorter one, for example below `/run`",
    );
}

#[test]
fn static_routes_name_the_entry_that_is_wrong() {
    let wrong = format!("{}6", &ID[..63]);
    let text = format!(
        "static_routes:\n  - identity: {ID}\n    routes: [tls://a:1]\n  - identity: {ID}\n    \
         routes: []\n  - routes: [tls://a:1]\n  - identity: {wrong}\n    routes: [tls://a:1]\n"
    );
    let told = problems(Router, &text);
    assert_eq!(
        told[..3],
        [
            format!(
                "x.yaml:4:15: `{ID}` has an entry already, on line 2: put all its routes into one"
            ),
            "x.yaml:5:13: `static_routes[1].routes`: 0 addresses in this list: write 1 to 8".into(),
            "x.yaml:6:5: the key `identity` is missing from this entry: add it".into(),
        ]
    );
    assert_eq!(told.len(), 4);
    assert!(
        told[3].starts_with(&format!(
            "x.yaml:7:15: `static_routes[3].identity`: `{wrong}` is not an identity: the checksum"
        )),
        "{}",
        told[3]
    );
}

#[test]
fn values_that_contradict_each_other_are_told_together() {
    assert_problem(
        Router,
        "limits:\n  frame_bytes: 2097152",
        "x.yaml:2:16: `queue_bytes` (1048576) is less than `frame_bytes` (2097152), so that the \
         largest message could never be delivered: set `limits.queue_bytes` to 2097152 or more",
    );
    assert_problem(
        Service,
        &format!("router:\n  identity: {ID}\n  identity_file: x\n"),
        "x.yaml:3:18: both `identity` and `identity_file` are given, and they could contradict \
         each other: keep one of them",
    );
    assert_problem(
        Service,
        "reconnect: {first_pause_ms: 500, longest_pause_ms: 100}",
        "x.yaml:1:52: `first_pause_ms` (500) is more than `longest_pause_ms` (100): pauses only \
         grow, set `longest_pause_ms` to 500 or more",
    );
    assert_problem(
        Service,
        "listen: tls://[::]:1",
        "x.yaml:1:9: `tls://[::]:1` listens on every interface, and others cannot connect to \
         that: add `advertise` with the address under which they reach this service",
    );
    assert_problem(
        Router,
        "tls: {ca_file: x}",
        "x.yaml:1:16: `ca_file` is given without `certificate_file`: with an authority both are \
         needed, without one leave out both",
    );
}
