//! What the Git client's library drags in.

use std::collections::{BTreeMap, BTreeSet};

/// What reaches a network, beside `tuyau-core`, or runs tasks.
const NETWORK: [&str; 9] = [
    "tuyau", "tokio", "mio", "socket2", "rustls", "russh", "quinn", "smol", "async-io",
];

/// Each package of a lock file, with what it depends on.
fn packages(lock: &str) -> BTreeMap<&str, Vec<&str>> {
    let mut packages = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.split('"').nth(1).expect("a package has a name");
        let after = package.split("\ndependencies = [").nth(1);
        let inside = after.and_then(|after| after.split(']').next());
        let quoted = inside.unwrap_or_default().split('"').skip(1).step_by(2);
        // A version stands behind the name where there are several.
        let names = quoted.filter_map(|dependency| dependency.split(' ').next());
        let known: &mut Vec<_> = packages.entry(name).or_default();
        known.extend(names);
    }
    packages
}

/// Law 1: a library that speaks over the network depends, for that, on the core alone.
#[test]
fn law_1_the_git_library_reaches_no_network_but_through_the_core() {
    let packages = packages(include_str!("../git/Cargo.lock"));
    let (mut all, mut next) = (BTreeSet::new(), vec!["tuyau-git"]);
    while let Some(name) = next.pop() {
        if all.insert(name) {
            next.extend(&packages[name]);
        }
    }
    assert!(all.contains("tuyau-core") && all.len() > 10, "{all:?}");
    for name in NETWORK {
        assert!(!all.contains(name), "tuyau-git depends on {name}");
    }
    // The program beside it does: the names above are those of real packages.
    assert!(packages["git-tuyau"].contains(&"tuyau"));
}
