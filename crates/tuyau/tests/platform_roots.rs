//! The authorities that the operating system trusts. Others are named by an environment variable, so the
//! test runs in a process of its own.
#![cfg(all(feature = "mem", feature = "tls"))]

use std::{env, fs, path::Path, process::Command};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tuyau::{mem, tls};
use tuyau_core::{Acceptor, Attempt, Layer, Stage, Target};

/// Tells the process of its own where its files are.
const FILES: &str = "TUYAU_TEST_FILES";

#[tokio::test]
async fn the_platforms_authorities_vouch_for_servers_and_no_others_do() {
    if let Some(files) = env::var_os(FILES) {
        return with_these_roots(files.as_ref()).await;
    }
    let directory = tempfile::tempdir().unwrap();
    let (roots, credentials) = authority();
    fs::write(directory.path().join("roots.pem"), roots).unwrap();
    fs::write(directory.path().join("chain.pem"), credentials.0).unwrap();
    fs::write(directory.path().join("key.pem"), credentials.1).unwrap();
    let inner = Command::new(env::current_exe().unwrap())
        .arg("the_platforms_authorities")
        .env("SSL_CERT_FILE", directory.path().join("roots.pem"))
        .env_remove("SSL_CERT_DIR")
        .env(FILES, directory.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&inner.stdout);
    assert!(
        inner.status.success() && text.contains("1 passed"),
        "{text}"
    );
}

async fn with_these_roots(files: &Path) {
    let (chain, key) = (files.join("chain.pem"), files.join("key.pem"));
    let vouched_for = tls::Credentials::from_files(chain, key).unwrap();
    visit(vouched_for).await.unwrap();

    let (_, (chain, key)) = authority();
    let another = tls::Credentials::from_pem(chain.as_bytes(), key.as_bytes()).unwrap();
    visit(another).await.unwrap_err();
}

/// Dials a server as the web is dialled.
async fn visit(credentials: tls::Credentials) -> Result<tls::Flow<mem::Flow>, tls::Error> {
    let authenticator = tls::Authenticator::platform().unwrap();
    let connector = tls::Settings::anonymous(authenticator).connector().unwrap();
    let acceptor = tls::Settings::certified(credentials).acceptor().unwrap();
    let (near, far) = mem::pair();
    let peer = tls::Peer::of(&Target::name("example.org")).unwrap();
    let attempt = Attempt::new(Stage::new("tls"));
    let connecting = connector.connect(near, &peer, &attempt);
    tokio::join!(connecting, acceptor.accept(far)).0
}

/// An authority, and a certificate and a key that it vouches for, all in PEM.
fn authority() -> (String, (String, String)) {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let params = CertificateParams::new(vec!["example.org".to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &issuer).unwrap();
    (issuer.pem(), (certificate.pem(), key.serialize_pem()))
}
