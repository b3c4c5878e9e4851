//! The list is complete: every feature of the crate has its rows in it, and every row its laws.

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use tuyau::mem;
use tuyau_conformance::{endpoint_cases, flow_laws};

/// The rows that a feature must have, among them those that the book names; those it has beside these are
/// combinations. `row::serving` is a
/// row by itself: a listener and the protocol that dials it.
const ROWS: [(&str, &[&str]); 23] = [
    (
        "blocking",
        &[
            "blocking_tcp",
            "blocking_tcp::serving",
            "blocking_unix",
            "blocking_unix::serving",
            "blocking_system",
            "from_std_tcp",
            "from_std_unix",
        ],
    ),
    ("dns", &["dns"]),
    (
        "fault",
        &["fault_none_mem", "fault_short_mem", "fault_delay_mem"],
    ),
    (
        "futures",
        &["smol_tcp", "from_futures", "futures_halves_mem"],
    ),
    ("hosts", &["hosts"]),
    ("http-connect", &["http_connect_mem"]),
    ("mem", &["mem", "mem::serving", "mem_datagrams", "mem_name"]),
    (
        "noise",
        &[
            "noise_xx_mem",
            "noise_xx_mem::serving",
            "noise_ik_mem",
            "noise_ik_mem::serving",
        ],
    ),
    (
        "quic",
        &[
            "quic",
            "quic::serving",
            "quic_datagrams",
            "quic_datagrams::serving",
        ],
    ),
    ("serial", &["serial"]),
    (
        "smoltcp",
        &[
            "smoltcp",
            "smoltcp::serving",
            "smoltcp_loopback",
            "smoltcp_datagrams",
            "smoltcp_datagrams::serving",
        ],
    ),
    ("socks5", &["socks5_mem"]),
    (
        "ssh",
        &[
            "ssh_mem",
            "ssh_tcp",
            "ssh_tcp::serving",
            "ssh_forwarded_mem",
        ],
    ),
    (
        "tap",
        &[
            "tap_dialled",
            "tap_dialled::serving",
            "tap_accepted",
            "tap_accepted::serving",
            "tun_accepted",
            "tun_accepted::serving",
        ],
    ),
    ("tcp", &["tcp", "tcp::serving", "system"]),
    ("throttle", &["throttle_mem"]),
    ("tls", &["tls_mem", "tls_tcp", "tls_tcp::serving"]),
    ("tokio", &["from_tokio", "tokio_halves_mem"]),
    ("udp", &["udp", "udp::serving"]),
    ("unix", &["unix", "unix::serving"]),
    ("vsock", &["vsock", "vsock::serving"]),
    (
        "websocket",
        &["websocket_mem", "websocket_mem::serving", "websocket_quic"],
    ),
    (
        "wireguard",
        &["wireguard", "wireguard::serving", "wireguard_kernel"],
    ),
];

/// Features that only collect others.
const COLLECTIONS: [&str; 3] = ["default", "full", "stack"];

/// The rows of the keys that read addresses, each with its feature; one that is new belongs here.
const ADDRESSES: [(&str, &str); 8] = [
    ("mem", "mem"),
    ("quic", "quic"),
    ("serial", "serial"),
    ("tcp", "tcp"),
    ("udp", "udp"),
    ("unix", "unix"),
    ("vsock", "vsock"),
    ("websocket", "websocket_tcp"),
];

/// The rows of resolvers, those of the core first, which no feature brings. The table of a router is
/// held to the same laws where a router can be made, in the tests of `tuyau-client`.
const RESOLVERS: [&str; 8] = [
    "from_function",
    "literal",
    "table",
    "blocking_system",
    "dns",
    "hosts",
    "mem_name",
    "system",
];

/// The row of what flows know, which is not the same of any two.
const KNOWLEDGE: &str = "knowledge";

/// The cases that look at the list itself; `names` are those of all its other cases.
pub(crate) fn trials(names: BTreeSet<String>) -> Vec<Trial> {
    let (again, keys) = (names.clone(), names.clone());
    vec![
        Trial::test(
            "list::law_12_each_feature_has_its_rows_in_the_conformance_list",
            move || {
                law_12_each_feature_has_its_rows_in_the_conformance_list(&names);
                Ok(())
            },
        ),
        Trial::test("list::law_12_each_row_is_held_to_every_law", move || {
            law_12_each_row_is_held_to_every_law(&again);
            Ok(())
        }),
        Trial::test(
            "list::law_12_each_key_that_reads_addresses_is_held_to_the_laws_of_endpoints",
            move || {
                law_12_each_key_that_reads_addresses_is_held_to_the_laws_of_endpoints(&keys);
                Ok(())
            },
        ),
    ]
}

/// The rows of what is listed, each with its laws.
fn rows(names: &BTreeSet<String>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut rows = BTreeMap::<_, BTreeSet<_>>::new();
    for name in names {
        let (row, law) = name.rsplit_once("::").expect("a case has a row");
        rows.entry(row).or_default().insert(law);
    }
    rows
}

/// Law 12: every protocol, layer, resolver and backend is in the conformance list.
fn law_12_each_feature_has_its_rows_in_the_conformance_list(names: &BTreeSet<String>) {
    let listed = rows(names);
    let features: BTreeSet<_> = features().collect();
    let known: BTreeSet<_> = ROWS.iter().map(|(feature, _)| *feature).collect();
    assert_eq!(
        features, known,
        "each feature has its rows here, and no other has"
    );
    for (feature, rows) in ROWS {
        for row in rows.iter().filter(|row| is_here(feature, row)) {
            assert!(
                listed.contains_key(row),
                "{feature}: {row} is not in the list"
            );
        }
    }
}

/// Law 12: no row leaves a law out, with its own types or erased.
fn law_12_each_row_is_held_to_every_law(names: &BTreeSet<String>) {
    let listed = rows(names);
    let flows: BTreeSet<_> = flow_laws::<mem::Flow, mem::Flow>()
        .into_iter()
        .map(|law| law.name())
        .collect();
    let datagrams = &listed["udp::erased"];
    let serving = &listed["tcp::serving"];
    assert_eq!((flows.len(), datagrams.len(), serving.len()), (20, 9, 12));
    let resolvers = &listed["table"];
    assert_eq!(resolvers.len(), 5);
    for row in RESOLVERS {
        assert_eq!(listed.get(row), Some(resolvers), "{row}");
    }
    for (row, laws) in &listed {
        let whole = match row.strip_suffix("::erased").unwrap_or(row) {
            row if row.ends_with("::serving") => serving,
            row if row == KNOWLEDGE || RESOLVERS.contains(&row) => continue,
            "udp" => datagrams,
            row if row.ends_with("_datagrams") => datagrams,
            _ => &flows,
        };
        let missing: Vec<_> = whole.difference(laws).collect();
        assert!(missing.is_empty(), "{row} is not held to {missing:?}");
        let flow = !row.ends_with("::serving") && !row.ends_with("::erased");
        assert!(
            !flow || listed.contains_key(&*format!("{row}::erased")),
            "{row}"
        );
    }
}

/// Law 12: no key is left out whose endpoints an address says.
fn law_12_each_key_that_reads_addresses_is_held_to_the_laws_of_endpoints(names: &BTreeSet<String>) {
    let listed = rows(names);
    let cases = endpoint_cases::<mem::MemKey>("mem", Vec::new(), &[]);
    let laws: BTreeSet<_> = cases.iter().map(|case| case.name()).collect();
    assert_eq!(laws.len(), 2);
    for (feature, row) in ADDRESSES {
        let held = !is_here(feature, row) || laws.is_subset(&listed[row]);
        assert!(held, "{row} is not held to {laws:?}");
    }
    let known: BTreeSet<_> = ADDRESSES.iter().map(|(_, row)| *row).collect();
    let with_laws = listed.iter().filter(|(_, held)| !laws.is_disjoint(held));
    for (row, _) in with_laws {
        assert!(known.contains(row), "{row} is not among the keys here");
    }
}

/// The features of the crate, but those that only collect others.
fn features() -> impl Iterator<Item = &'static str> {
    let manifest = include_str!("../../Cargo.toml");
    let features = manifest.split("\n[features]\n").nth(1);
    let features = features.and_then(|rest| rest.split("\n[").next());
    let lines = features.expect("there are features").lines();
    let names = lines.filter_map(|line| line.split_once(" = ["));
    let names = names.map(|(name, _)| name);
    names.filter(|name| !COLLECTIONS.contains(name))
}

/// Whether this system has what the row is about: where it has, a row that cannot be run is listed all
/// the same, and says why.
fn is_here(feature: &str, row: &str) -> bool {
    match feature {
        "tap" | "vsock" => cfg!(target_os = "linux"),
        "unix" => cfg!(unix),
        _ if row.starts_with("blocking_unix") || row == "from_std_unix" => cfg!(unix),
        _ if row == "wireguard_kernel" => cfg!(target_os = "linux"),
        _ => true,
    }
}
