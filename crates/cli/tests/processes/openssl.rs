//! Another TLS library gets as far as our own.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::program::{Program, left_out, run};

fn openssl(directory: &Path, words: &[&str]) -> Option<Output> {
    let mut command = Command::new("openssl");
    command
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null());
    match command.output() {
        Ok(output) => Some(output),
        Err(error) => {
            left_out(&format!("openssl cannot be started: {error}"));
            None
        }
    }
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr[..]]
        .map(String::from_utf8_lossy)
        .concat()
}

/// Whether these bytes come before the stream ends.
fn read_until(mut stream: impl Read, expected: &[u8]) -> bool {
    let (mut seen, mut chunk) = (Vec::new(), [0; 1024]);
    while let Ok(count @ 1..) = stream.read(&mut chunk) {
        seen.extend_from_slice(&chunk[..count]);
        if seen
            .windows(expected.len())
            .any(|window| window == expected)
        {
            return true;
        }
    }
    false
}

#[test]
fn openssl_completes_a_handshake_with_a_key_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let host = address.strip_prefix("tls://").unwrap();
    assert!(
        run(directory, &["key", "new", "--out", "key.pem"])
            .status
            .success()
    );
    let words = [
        "req", "-x509", "-key", "key.pem", "-subj", "/CN=test", "-days", "1", "-out", "cert.pem",
    ];
    let Some(made) = openssl(directory, &words) else {
        return;
    };
    assert!(made.status.success(), "{}", text(&made));

    // The router says hello only to a client whose certificate it has accepted.
    let words = [
        "s_client", "-connect", host, "-tls1_3", "-quiet", "-cert", "cert.pem", "-key", "key.pem",
    ];
    let mut client = Command::new("openssl")
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let hello = read_until(client.stdout.take().unwrap(), b"tuyau-router/");
    client.kill().unwrap();
    client.wait().unwrap();
    assert!(hello, "the router says hello");

    let words = ["s_client", "-connect", host, "-tls1_2", "-brief"];
    let Some(old) = openssl(directory, &words) else {
        return;
    };
    assert!(
        !text(&old).contains("CONNECTION ESTABLISHED"),
        "{}",
        text(&old)
    );
    let failed = router.event("handshake-failed", |event| {
        event["text"]
            .as_str()
            .is_some_and(|text| text.contains("TLS 1.3, which is required"))
    });
    assert!(
        failed["text"]
            .as_str()
            .unwrap()
            .contains("update its TLS library"),
        "{failed}"
    );
}

#[test]
fn openssl_reads_our_keys_and_we_read_its() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let words = ["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"];
    let Some(made) = openssl(directory, &words) else {
        return;
    };
    assert!(made.status.success(), "{}", text(&made));
    let mut permissions = fs::metadata(directory.join("theirs.pem"))
        .unwrap()
        .permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    fs::set_permissions(directory.join("theirs.pem"), permissions).unwrap();
    let shown = run(directory, &["key", "show", "theirs.pem"]);
    assert!(shown.status.success(), "{}", text(&shown));
    assert!(
        run(directory, &["key", "new", "--out", "ours.pem"])
            .status
            .success()
    );
    let Some(read) = openssl(directory, &["pkey", "-in", "ours.pem", "-noout", "-text"]) else {
        return;
    };
    assert!(
        text(&read).contains("ED25519 Private-Key"),
        "{}",
        text(&read)
    );
}
