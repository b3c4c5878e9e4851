//! Other TLS libraries get as far as our own: OpenSSL with a certificate, and with a raw public key
//! where it knows them (3.2 or later), GnuTLS with a raw public key.

use std::{
    fs,
    io::{self, Read, Write},
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

/// Whether a TLS client gets as far as the router's hello, which comes only to a client whose key
/// the router has accepted.
fn hears_hello(client: &mut Command) -> bool {
    client
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut client = client.spawn().unwrap();
    let (mut stdout, mut seen, mut chunk) = (client.stdout.take().unwrap(), Vec::new(), [0; 1024]);
    let expected = b"tuyau-router/";
    let mut heard = false;
    while !heard && let Ok(count @ 1..) = stdout.read(&mut chunk) {
        seen.extend_from_slice(&chunk[..count]);
        heard = seen
            .windows(expected.len())
            .any(|window| window == expected);
    }
    client.kill().unwrap();
    client.wait().unwrap();
    heard
}

fn openssl_knows_raw_keys(directory: &Path) -> bool {
    let help = openssl(directory, &["s_client", "-help"]);
    help.is_some_and(|help| text(&help).contains("-enable_client_rpk"))
}

#[test]
fn gnutls_completes_a_handshake_with_a_raw_public_key_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    if Command::new("gnutls-cli")
        .arg("--version")
        .output()
        .is_err()
    {
        return left_out("gnutls-cli cannot be started");
    }
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let (host, port) = address["tls://".len()..].rsplit_once(':').unwrap();
    assert!(
        run(directory, &["key", "new", "--out", "key.pem"])
            .status
            .success()
    );
    let words = ["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"];
    let Some(made) = openssl(directory, &words) else {
        return;
    };
    assert!(made.status.success(), "{}", text(&made));
    let mut client = Command::new("gnutls-cli");
    client.args(["--port", port, host, "--no-ca-verification"]);
    client.args([
        "--priority",
        "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CTYPE-ALL:+CTYPE-RAWPK",
    ]);
    client.args(["--rawpkfile", "public.pem", "--rawpkkeyfile", "key.pem"]);
    assert!(hears_hello(client.current_dir(directory)));
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

    let words = [
        "s_client", "-connect", host, "-tls1_3", "-quiet", "-cert", "cert.pem", "-key", "key.pem",
    ];
    let mut client = Command::new("openssl");
    client.args(words).current_dir(directory);
    assert!(hears_hello(&mut client), "with a certificate");
    if openssl_knows_raw_keys(directory) {
        client.args(["-enable_server_rpk", "-enable_client_rpk"]);
        assert!(hears_hello(&mut client), "with a raw public key");
    } else {
        let why = "not run with a raw public key: it takes OpenSSL 3.2 or later";
        let _ = writeln!(io::stderr(), "{why}");
    }

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
