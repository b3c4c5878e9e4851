//! The demo without a terminal; `other_programs` has it on one.

use std::path::Path;

use serde_json::Value;

use crate::program::{fail, run};

#[test]
fn the_headless_story_holds() {
    let directory = tempfile::tempdir().unwrap();
    let output = run(directory.path(), &["demo", "--headless", "--json"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    let out = String::from_utf8(output.stdout).unwrap();
    let steps: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let names: Vec<_> = steps
        .iter()
        .map(|step| step["step"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["start", "m", "M", "n", "s", "r", "1", "2", "1", "2"]
    );
    assert!(steps.iter().all(|step| step["ok"] == true), "{out}");
    assert!(directory.path().join("state/demo/snapshot.cbor").exists());
}

#[test]
fn the_headless_story_fails_when_it_does_not_hold() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("empty.yaml"),
        "listen: [\"tls://127.0.0.1:0\"]\n",
    )
    .unwrap();
    let output = run(
        directory.path(),
        &[
            "demo",
            "--headless",
            "--config",
            "empty.yaml",
            "--state-dir",
            "s",
        ],
    );
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("expected two static routes"), "{error}");
}

#[test]
fn a_directory_in_use_is_refused_to_demos_and_services() {
    let directory = tempfile::tempdir().unwrap();
    for (state, words) in [
        ("state/demo", &["demo", "--headless"][..]),
        (
            "elsewhere",
            &["demo", "--headless", "--state-dir", "elsewhere"],
        ),
    ] {
        let _lock = lock(&directory.path().join(state));
        let error = fail(directory.path(), words);
        assert!(
            error.contains(&format!("{state}: in use by a router or another demo"))
                && error.contains("--state-dir"),
            "{error}"
        );
    }
    let router = tuyau_wire::SecretKey::generate().unwrap().identity();
    let setting = format!("router.identity={router}");
    let _lock = lock(&directory.path().join("mine"));
    let error = fail(
        directory.path(),
        &["service", "--state-dir", "mine", "--set", &setting],
    );
    assert!(
        error.contains("mine: in use by another service") && error.contains("stop that one"),
        "{error}"
    );
}

fn lock(directory: &Path) -> tuyau_client::state_dir::Lock {
    tuyau_client::state_dir::create(directory).unwrap();
    tuyau_client::state_dir::lock(directory).unwrap()
}

#[test]
fn without_a_terminal_the_demo_names_the_other_way() {
    let directory = tempfile::tempdir().unwrap();
    let error = fail(directory.path(), &["demo"]);
    assert!(error.contains("tuyau demo --headless"), "{error}");
}
