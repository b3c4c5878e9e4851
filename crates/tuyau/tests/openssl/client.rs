//! `s_client`, which dials our acceptor.

use std::{
    io::Read,
    path::Path,
    process::{Command, Stdio},
};

use tuyau::{tcp, tls};
use tuyau_core::{Acceptor, Flow, FlowExt, Listener, ListenerExt};

use crate::support::{Files, Running};

/// Lets `s_client` read a line of ours, and gives what it printed and our side.
async fn greet(settings: tls::Settings, arguments: &[&str]) -> (String, tls::Flow<tcp::Flow>) {
    let mut listener = tcp::Listener::bind_socket("127.0.0.1:0".parse().unwrap()).unwrap();
    let mut openssl = Command::new("openssl");
    let address = listener.address().socket().unwrap().to_string();
    openssl.args(["s_client", "-no_ign_eof", "-connect", &address]);
    openssl.args(arguments).stdin(Stdio::piped());
    let child = openssl.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Running(child.spawn().unwrap());
    let inner = listener.accept().await.unwrap().handshake.await.unwrap();
    let mut flow = settings.acceptor().unwrap().accept(inner).await.unwrap();
    flow.write_all(b"hi there").await.unwrap();
    flow.close_write().await.unwrap();
    let mut said = String::new();
    let stdout = child.0.stdout.as_mut().unwrap();
    stdout.read_to_string(&mut said).unwrap();
    assert!(said.contains("hi there"), "{said}");
    drop(child.0.stdin.take());
    flow.abort();
    (said, flow)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

pub(crate) async fn it_proves_a_key_in_a_certificate() {
    let files = Files::make(&["ed25519"], "alice");
    let settings = tls::Settings::new(tls::KeyPair::generate().unwrap());
    let (key, certificate) = (text(&files.key), text(&files.certificate));
    let proof = ["-tls1_3", "-quiet", "-key", key, "-cert", certificate];
    let (said, flow) = greet(settings, &proof).await;
    assert_eq!(said, "hi there");
    assert_eq!(flow.certificate_form(), Some(tls::CertificateForm::X509));
    assert!(flow.peer_key().is_some());
}

pub(crate) async fn it_accepts_our_certificate_for_its_name_and_agrees_on_alpn() {
    let files = Files::p256("example.org");
    let settings = tls::Settings::certified(files.credentials()).alpn(["h2", "http/1.1"]);
    let roots = text(&files.certificate);
    let strict = ["-verify_return_error", "-verify_hostname", "example.org"];
    let asked = ["-CAfile", roots, "-alpn", "http/1.1"];
    let (said, flow) = greet(settings, &[&strict[..], &asked].concat()).await;
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
    assert!(said.contains("ALPN protocol: http/1.1"), "{said}");
    assert_eq!(flow.negotiated().alpn.as_deref(), Some(&b"http/1.1"[..]));
    assert_eq!(flow.certificate_form(), None);
}

pub(crate) async fn it_resumes_a_session_with_our_tickets() {
    let files = Files::p256("example.org");
    let directory = tempfile::tempdir().unwrap();
    let session = directory.path().join("session.pem");
    let acceptor = tls::Settings::certified(files.credentials()).acceptor();
    let acceptor = acceptor.unwrap();
    let mut resumed = Vec::new();
    for way in ["-sess_out", "-sess_in"] {
        let mut listener = tcp::Listener::bind_socket("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.address().socket().unwrap().to_string();
        let mut openssl = Command::new("openssl");
        openssl.args(["s_client", "-no_ign_eof", "-connect", &address, way]);
        openssl.arg(&session).stdin(Stdio::piped());
        let child = openssl.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = Running(child.spawn().unwrap());
        let inner = listener.accept().await.unwrap().handshake.await.unwrap();
        let mut flow = acceptor.clone().accept(inner).await.unwrap();
        flow.write_all(b"hi there").await.unwrap();
        flow.close_write().await.unwrap();
        let mut said = String::new();
        let stdout = child.0.stdout.as_mut().unwrap();
        stdout.read_to_string(&mut said).unwrap();
        resumed.push((said.contains("Reused, TLSv1.3"), flow.negotiated().resumed));
    }
    assert_eq!(resumed, [(false, false), (true, true)]);
}

pub(crate) async fn it_speaks_tls_1_2_where_that_is_allowed() {
    let files = Files::p256("example.org");
    let settings = tls::Settings::certified(files.credentials()).allow_tls12();
    let (_, flow) = greet(settings, &["-tls1_2", "-quiet"]).await;
    let version = flow.negotiated().version;
    assert_eq!(version, rustls::ProtocolVersion::TLSv1_2);
}
