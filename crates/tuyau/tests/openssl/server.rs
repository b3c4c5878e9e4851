//! `s_server`, which our connector dials.

use rustls::ProtocolVersion;
use tuyau::{tcp, tls};
use tuyau_core::FlowExt;

use crate::support::{Files, dial, serve};

/// Asks for the page and reads how the answer begins.
async fn ask(flow: &mut tls::Flow<tcp::Flow>) {
    flow.write_all(b"GET / HTTP/1.0\r\n\r\n").await.unwrap();
    flow.flush().await.unwrap();
    let mut answer = [0; 12];
    flow.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.0 200");
}

pub(crate) async fn its_certificates_of_every_kind_are_accepted() {
    let p384: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];
    for files in [
        Files::p256("example.org"),
        Files::make(p384, "example.org"),
        Files::make(&["rsa:2048"], "example.org"),
        Files::make(&["ed25519"], "example.org"),
    ] {
        let (_server, address) = serve(&files, &[]);
        let settings = tls::Settings::anonymous(files.authenticator());
        let mut flow = dial(settings, address, "example.org").await.unwrap();
        assert_eq!(flow.negotiated().version, ProtocolVersion::TLSv1_3);
        ask(&mut flow).await;
    }
}

pub(crate) async fn it_speaks_tls_1_2_only() {
    let files = Files::make(&["rsa:2048"], "example.org");
    let (_server, address) = serve(&files, &["-tls1_2"]);
    let settings = tls::Settings::anonymous(files.authenticator());
    let error = dial(settings.clone(), address, "example.org").await;
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::VersionTooOld), "{error}");
    let settings = settings.allow_tls12();
    let mut flow = dial(settings, address, "example.org").await.unwrap();
    assert_eq!(flow.negotiated().version, ProtocolVersion::TLSv1_2);
    ask(&mut flow).await;
}

pub(crate) async fn its_certificate_for_another_name_is_refused() {
    let files = Files::p256("example.net");
    let (_server, address) = serve(&files, &[]);
    let settings = tls::Settings::anonymous(files.authenticator());
    let error = dial(settings, address, "example.org").await.unwrap_err();
    let text =
        "the server's certificate is not for example.org, but for example.net; check the name";
    assert!(error.to_string().starts_with(text), "{error}");
    assert!(
        error.to_string().contains("issued by \"CN=a test\""),
        "{error}"
    );
}

pub(crate) async fn it_asks_for_our_certificate() {
    let (files, ours) = (Files::p256("example.org"), Files::p256("alice"));
    let roots = ours.certificate.to_str().unwrap();
    let (_server, address) = serve(&files, &["-Verify", "1", "-CAfile", roots]);
    let settings = tls::Settings::certified(ours.credentials());
    let settings = settings.authenticator(files.authenticator());
    let mut flow = dial(settings, address, "example.org").await.unwrap();
    ask(&mut flow).await;
    // It serves one after the other.
    drop(flow);
    let settings = tls::Settings::anonymous(files.authenticator());
    let mut flow = dial(settings, address, "example.org").await.unwrap();
    let error = flow.read(&mut [0; 8]).await.unwrap_err();
    let text = tuyau_core::Chain(&error).to_string();
    assert!(text.contains("certificate_required"), "{text}");
}
