//! `tuyau state` against a running router.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::Value;
use tuyau_router::{State, snapshot};
use tuyau_wire::{Rules, SecretKey, Signed};

use crate::program::{Program, fail, run, tuyau};

const STATIC: &str = "\
static_routes:
  - identity: tuyau1ll6864xcxyuvallk5ual72q6ntgpm03lxpjg5td4vsn32l00crgqwkq6cr
    routes: [\"tls://192.0.2.10:6001\"]
";

fn key() -> SecretKey {
    SecretKey::from_seed([5; 32])
}

/// A snapshot with the rules of one group.
fn with_rules() -> Vec<u8> {
    let rules = Rules {
        group: key().identity(),
        sequence: 4,
        join_restricted: true,
        publish_restricted: false,
        grants_from: 2,
    };
    let rules = Signed::sign(&key(), rules).unwrap();
    snapshot::encode(&State {
        groups: [(key().identity(), rules)].into(),
        ..State::default()
    })
}

#[test]
fn saves_inspects_restores_and_refuses_damage() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    fs::write(directory.join("router.yaml"), STATIC).unwrap();
    let words = [
        "router",
        "--json",
        "--config",
        "router.yaml",
        "--state-dir",
        "router",
    ];
    let mut command = tuyau(directory, words);
    command.args(["--listen", "tls://127.0.0.1:0"]);
    let mut router = Program::start(command);
    router.listening();
    let socket = ["--socket", "router/admin.sock"];
    let mode = fs::metadata(directory.join("router/admin.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let state = |words: &[&str]| {
        let words = [&["state"], words].concat();
        let output = run(directory, &words);
        let (out, error) = (output.stdout, output.stderr);
        assert!(
            output.status.success(),
            "{words:?}: {}",
            String::from_utf8_lossy(&error)
        );
        String::from_utf8(out).unwrap()
    };
    let saved = state(&["save", "good.cbor", socket[0], socket[1]]);
    assert!(
        saved.starts_with("saved ") && saved.ends_with(" bytes to good.cbor\n"),
        "{saved}"
    );
    let inspected = state(&["inspect", "good.cbor"]);
    assert!(inspected.contains("tls://192.0.2.10:6001"), "{inspected}");
    let json: Value = serde_json::from_str(&state(&["inspect", "good.cbor", "--json"])).unwrap();
    let shown = state(&["show", "--json", socket[0], socket[1]]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        json["routes"][0]["identity"],
        shown["routes"][0]["identity"]
    );
    let restored = state(&["restore", "good.cbor", socket[0], socket[1]]);
    assert_eq!(restored, "restored 0 messages and 1 route from good.cbor\n");
    router.event("restored", |_| true);

    fs::write(directory.join("groups.cbor"), with_rules()).unwrap();
    let inspected = state(&["inspect", "groups.cbor"]);
    let group = key().identity();
    let rules = format!("groups    1\n  {group} rules 4: wants a grant to join, from number 2\n");
    assert!(inspected.ends_with(&rules), "{inspected}");
    let json: Value = serde_json::from_str(&state(&["inspect", "groups.cbor", "--json"])).unwrap();
    assert_eq!(json["groups"][0]["group"], group.to_string());
    assert_eq!(json["groups"][0]["join_restricted"], true);
    let restored = state(&["restore", "groups.cbor", socket[0], socket[1]]);
    let text = "restored 0 messages and 0 routes, with the rules of 1 group, from groups.cbor\n";
    assert_eq!(restored, text);
    state(&["restore", "good.cbor", socket[0], socket[1]]);

    let words = ["state", "save", "none/x.cbor", socket[0], socket[1]];
    assert_eq!(
        fail(directory, &words),
        "error: cannot write the snapshot none/x.cbor: the directory for it does not exist; make that \
         first, or name another place\n"
    );

    let good = fs::read(directory.join("good.cbor")).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cases: [(&[u8], &str); 3] = [
        (
            &good[..good.len() - 1],
            "entry 1: the snapshot ends here, it is truncated",
        ),
        (&flipped, "entry 1: the checksum does not match"),
        (b"hello", "not a snapshot of a tuyau router"),
    ];
    for (bytes, expected) in cases {
        fs::write(directory.join("bad.cbor"), bytes).unwrap();
        for words in [
            &["state", "restore", "bad.cbor", socket[0], socket[1]][..],
            &["state", "inspect", "bad.cbor"],
        ] {
            let error = fail(directory, words);
            assert!(
                error.contains(expected) && error.contains("bad.cbor"),
                "{error}"
            );
        }
    }
    let after = state(&["show", "--json", socket[0], socket[1]]);
    let after: Value = serde_json::from_str(&after).unwrap();
    assert_eq!(after["routes"], shown["routes"]);
}

#[test]
fn says_how_to_start_a_router_when_none_runs() {
    let directory = tempfile::tempdir().unwrap();
    let error = fail(directory.path(), &["state", "show"]);
    assert!(
        error.contains("cannot reach a router at state/router/admin.sock"),
        "{error}"
    );
    assert!(error.contains("tuyau router"), "{error}");
    let error = fail(directory.path(), &["state", "inspect", "missing.cbor"]);
    assert!(
        error.contains("cannot read the snapshot missing.cbor: there is no such file; check"),
        "{error}"
    );
}
