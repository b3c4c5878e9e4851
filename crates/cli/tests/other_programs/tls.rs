//! Other TLS libraries get as far as our own: OpenSSL with a certificate, and with a raw public key
//! where it knows them (3.2 or later), GnuTLS with a raw public key.

use std::{
    fs,
    io::Read,
    path::Path,
    process::{Command, Output, Stdio},
};

use crate::{
    program::{Program, run},
    without,
};

pub(crate) fn without_openssl() -> Option<String> {
    without("openssl", "version")
}

/// Raw public keys came with OpenSSL 3.2, which not every system has.
pub(crate) fn without_raw_keys() -> Option<String> {
    let missing = || {
        let help = openssl(Path::new("."), &["s_client", "-help"]);
        let known = text(&help).contains("-enable_client_rpk");
        (!known).then(|| "raw public keys take OpenSSL 3.2 or later".to_owned())
    };
    without_openssl().or_else(missing)
}

pub(crate) fn without_gnutls() -> Option<String> {
    without_openssl().or_else(|| without("gnutls-cli", "--version"))
}

fn openssl(directory: &Path, words: &[&str]) -> Output {
    let mut command = Command::new("openssl");
    command
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null());
    command.output().expect("openssl can be started")
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

pub(crate) fn gnutls_completes_a_handshake_with_a_raw_public_key_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let (host, port) = address["tls://".len()..].rsplit_once(':').unwrap();
    assert!(
        run(directory, &["key", "new", "--out", "key.pem"])
            .status
            .success()
    );
    let words = ["pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"];
    let made = openssl(directory, &words);
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

/// A router, its address without the scheme, and a certificate with a key of ours in the directory.
fn router_and_certificate(directory: &Path) -> (Program, String) {
    let mut router = Program::router(directory, "tls://127.0.0.1:0");
    let address = router.listening();
    let host = address.strip_prefix("tls://").unwrap().to_owned();
    let made = run(directory, &["key", "new", "--out", "key.pem"]);
    assert!(made.status.success(), "{}", text(&made));
    let words = [
        "req", "-x509", "-key", "key.pem", "-subj", "/CN=test", "-days", "1", "-out", "cert.pem",
    ];
    let made = openssl(directory, &words);
    assert!(made.status.success(), "{}", text(&made));
    (router, host)
}

/// OpenSSL as a client with that certificate.
fn openssl_client(directory: &Path, host: &str) -> Command {
    let words = [
        "s_client", "-connect", host, "-tls1_3", "-quiet", "-cert", "cert.pem", "-key", "key.pem",
    ];
    let mut client = Command::new("openssl");
    client.args(words).current_dir(directory);
    client
}

pub(crate) fn openssl_completes_a_handshake_with_a_key_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let (_router, host) = router_and_certificate(directory.path());
    assert!(hears_hello(&mut openssl_client(directory.path(), &host)));
}

pub(crate) fn openssl_completes_a_handshake_with_a_raw_public_key_of_ours() {
    let directory = tempfile::tempdir().unwrap();
    let (_router, host) = router_and_certificate(directory.path());
    let mut client = openssl_client(directory.path(), &host);
    client.args(["-enable_server_rpk", "-enable_client_rpk"]);
    assert!(hears_hello(&mut client));
}

pub(crate) fn openssl_with_an_older_tls_is_told_to_update() {
    let directory = tempfile::tempdir().unwrap();
    let (mut router, host) = router_and_certificate(directory.path());
    let words = ["s_client", "-connect", &host, "-tls1_2", "-brief"];
    let old = openssl(directory.path(), &words);
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

pub(crate) fn openssl_reads_our_keys_and_we_read_its() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let words = ["genpkey", "-algorithm", "ed25519", "-out", "theirs.pem"];
    let made = openssl(directory, &words);
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
    let read = openssl(directory, &["pkey", "-in", "ours.pem", "-noout", "-text"]);
    assert!(
        text(&read).contains("ED25519 Private-Key"),
        "{}",
        text(&read)
    );
}
