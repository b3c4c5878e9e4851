//! What can be wrong before a router serves: each message says where, what and what to do.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::program::{Program, fail, run};

/// Starts a router that must fail.
fn fail_router(directory: &Path, listen: &str) -> String {
    fail(
        directory,
        &["router", "--listen", listen, "--state-dir", "router"],
    )
}

#[test]
fn a_port_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let mut router = Program::router(directory.path(), "tls://127.0.0.1:0");
    let address = router.listening();
    let words = ["router", "--listen", &address, "--state-dir", "other"];
    let error = fail(directory.path(), &words);
    assert!(
        error.contains(&address) && error.contains("in use"),
        "{error}"
    );
    let output = run(
        directory.path(),
        &["state", "show", "--socket", "router/admin.sock"],
    );
    assert!(output.status.success(), "the first router is undisturbed");
    let shown = |file| run(directory.path(), &["key", "show", file]).stdout;
    let identity = shown("other/identity.pub");
    assert!(identity.starts_with(b"tuyau1"));
    assert_eq!(identity, shown("other/identity.pem"));
}

#[test]
fn a_state_directory_of_another_router() {
    let directory = tempfile::tempdir().unwrap();
    let mut router = Program::router(directory.path(), "tls://127.0.0.1:0");
    router.listening();
    let identity_file = directory.path().join("router/identity.pub");
    let identity = fs::read(&identity_file).unwrap();
    let error = fail_router(directory.path(), "tls://127.0.0.1:0");
    assert!(error.contains("in use by another router"), "{error}");
    let made = run(directory.path(), &["key", "new", "--out", "other.pem"]);
    assert!(made.status.success());
    let words = [
        "router",
        "--state-dir",
        "router",
        "--listen",
        "tls://127.0.0.1:0",
    ];
    let error = fail(
        directory.path(),
        &[&words[..], &["--set", "key_file=other.pem"]].concat(),
    );
    assert!(error.contains("in use by another router"), "{error}");
    assert_eq!(
        fs::read(&identity_file).unwrap(),
        identity,
        "services still find the router that runs"
    );
    let output = run(
        directory.path(),
        &["state", "show", "--socket", "router/admin.sock"],
    );
    assert!(output.status.success(), "the first router is undisturbed");
}

#[test]
fn a_key_file_that_others_can_read() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        run(directory.path(), &["key", "new", "--out", "identity.pem"])
            .status
            .success()
    );
    fs::create_dir(directory.path().join("router")).unwrap();
    let key = directory.path().join("router/identity.pem");
    fs::rename(directory.path().join("identity.pem"), &key).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let before = fs::read(&key).unwrap();
    let error = fail_router(directory.path(), "tls://127.0.0.1:0");
    assert!(
        error.contains("identity.pem") && error.contains("chmod 600"),
        "{error}"
    );
    assert_eq!(fs::read(&key).unwrap(), before);
}

#[test]
fn a_corrupt_key_file_is_told_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("router")).unwrap();
    let key = directory.path().join("router/identity.pem");
    fs::write(
        &key,
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let error = fail_router(directory.path(), "tls://127.0.0.1:0");
    assert!(
        error.contains("router/identity.pem: the content is not that of a key file")
            && error.contains("restore it from a copy"),
        "{error}"
    );
    assert!(fs::read_to_string(&key).unwrap().contains("AAAA"));
}

#[test]
fn a_damaged_state() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("router")).unwrap();
    let state = directory.path().join("router/state.cbor");
    fs::write(&state, b"\x82\x41\x00\x00").unwrap();
    let error = fail_router(directory.path(), "tls://127.0.0.1:0");
    let said = "router/state.cbor that is to be taken over is damaged";
    assert!(error.contains(said), "{error}");
    assert!(
        error.contains("move it away") && error.contains("byte 0, header"),
        "{error}"
    );
    assert_eq!(fs::read(&state).unwrap(), b"\x82\x41\x00\x00");
}

#[test]
fn a_state_directory_that_is_a_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("router"), "a file").unwrap();
    let error = fail_router(directory.path(), "tls://127.0.0.1:0");
    assert!(
        error.contains("state directory router: expected a directory"),
        "{error}"
    );
    assert_eq!(
        fs::read_to_string(directory.path().join("router")).unwrap(),
        "a file"
    );
}

#[test]
fn an_address_that_is_plain_or_no_address() {
    let directory = tempfile::tempdir().unwrap();
    let error = fail_router(directory.path(), "tcp://127.0.0.1:0");
    assert!(
        error.contains("--listen") && error.contains("tls://"),
        "{error}"
    );
    let error = fail_router(directory.path(), "127.0.0.1:6000");
    assert!(
        error.contains("--listen") && error.contains("://"),
        "{error}"
    );
}

#[test]
fn a_state_directory_that_is_gone_when_the_router_ends() {
    let directory = tempfile::tempdir().unwrap();
    let mut router = Program::router(directory.path(), "tls://127.0.0.1:0");
    router.listening();
    let state = directory.path().join("router");
    fs::rename(&state, directory.path().join("elsewhere")).unwrap();
    // A change, so that there is something to write.
    let socket = directory.path().join("elsewhere/admin.sock");
    let socket = socket.to_str().unwrap();
    let saved = run(
        directory.path(),
        &["state", "save", "saved.cbor", "--socket", socket],
    );
    assert!(saved.status.success());
    let restored = run(
        directory.path(),
        &["state", "restore", "saved.cbor", "--socket", socket],
    );
    assert!(restored.status.success());
    router.signal("TERM");
    assert_eq!(router.wait().code(), Some(1));
    let error = router.kill();
    assert!(
        error.contains("the store could not be written, as the log says"),
        "{error}"
    );
}
