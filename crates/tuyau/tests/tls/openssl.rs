//! OpenSSL's client, where it is installed: it knows X.509, and raw keys since 3.2.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use tuyau::{tcp, tls};
use tuyau_core::{Acceptor, Flow, FlowExt, Listener, ListenerExt};

use crate::support::{acceptor, key};

#[tokio::test(flavor = "multi_thread")]
async fn openssl_completes_a_handshake_in_its_x509_form() {
    if Command::new("openssl").arg("version").output().is_err() {
        // Said even when the test passes, and where the test's output is read.
        let _ = writeln!(
            std::io::stderr(),
            "skipped: there is no openssl command here"
        );
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let [key_file, certificate] = ["key.pem", "cert.pem"].map(|it| directory.path().join(it));
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ed25519",
            "-nodes",
            "-subj",
            "/CN=openssl",
        ])
        .args(["-days", "1", "-keyout"])
        .arg(&key_file)
        .arg("-out")
        .arg(&certificate)
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());

    let mut listener = tcp::Listener::bind_socket("127.0.0.1:0".parse().unwrap()).unwrap();
    let socket = listener.address().socket().unwrap();
    let mut child = Command::new("openssl")
        .args(["s_client", "-tls1_3", "-quiet", "-no_ign_eof", "-connect"])
        .arg(socket.to_string())
        .arg("-key")
        .arg(&key_file)
        .arg("-cert")
        .arg(&certificate)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let inner = listener.accept().await.unwrap().handshake.await.unwrap();
    let mut flow = acceptor(&key()).accept(inner).await.unwrap();
    assert_eq!(flow.certificate_form(), Some(tls::CertificateForm::X509));
    flow.write_all(b"hi there").await.unwrap();
    flow.close_write().await.unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut child.stdout.take().unwrap(), &mut said).unwrap();
    assert_eq!(said, "hi there");
    drop(child.stdin.take());
    flow.abort();
    child.wait().unwrap();
}
