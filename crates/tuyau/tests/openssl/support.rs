//! OpenSSL's programs, and certificates for both sides.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use tempfile::TempDir;
use tuyau::{tcp, tls};
use tuyau_core::{Attempt, Layer, Protocol, Target};

/// A certificate and its key, in files.
pub(crate) struct Files {
    _directory: TempDir,
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
}

impl Files {
    /// A self-signed certificate for `host`, which is no authority, made by OpenSSL; `key` is as for
    /// `openssl req -newkey`.
    pub(crate) fn make(key: &[&str], host: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Self {
            key: directory.path().join("key.pem"),
            certificate: directory.path().join("certificate.pem"),
            _directory: directory,
        };
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-nodes", "-days", "1", "-newkey"]);
        openssl.args(key).args(["-subj", "/CN=a test"]);
        openssl
            .arg("-addext")
            .arg(format!("subjectAltName=DNS:{host}"));
        openssl.args(["-addext", "basicConstraints=critical,CA:FALSE"]);
        openssl.arg("-keyout").arg(&files.key);
        openssl.arg("-out").arg(&files.certificate);
        assert!(openssl.stderr(Stdio::null()).status().unwrap().success());
        files
    }

    pub(crate) fn p256(host: &str) -> Self {
        Self::make(&["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], host)
    }

    pub(crate) fn credentials(&self) -> tls::Credentials {
        tls::Credentials::from_files(&self.certificate, &self.key).unwrap()
    }

    pub(crate) fn authenticator(&self) -> tls::Authenticator {
        tls::Authenticator::ca_file(&self.certificate).unwrap()
    }
}

/// A program that is ended with the test.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `s_server` with a certificate; it answers requests of HTTP with a page.
pub(crate) fn serve(files: &Files, arguments: &[&str]) -> (Running, SocketAddr) {
    let mut openssl = Command::new("openssl");
    openssl.args(["s_server", "-www", "-accept", "127.0.0.1:0"]);
    openssl.arg("-key").arg(&files.key);
    openssl.arg("-cert").arg(&files.certificate).args(arguments);
    openssl.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = openssl.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let address = loop {
        let line = line(&mut lines);
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            break address.trim().parse().unwrap();
        }
    };
    child.stdout = Some(lines.into_inner());
    (Running(child), address)
}

fn line(lines: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    let length = lines.read_line(&mut line).unwrap();
    assert_ne!(length, 0, "s_server ended");
    line
}

/// Dials `address` as `host`.
pub(crate) async fn dial(
    settings: tls::Settings,
    address: SocketAddr,
    host: &str,
) -> Result<tls::Flow<tcp::Flow>, tls::Error> {
    let attempt = Attempt::new(tcp::Tcp::STAGE);
    let flow = tcp::Tcp::new().connect(&address, &attempt).await.unwrap();
    let peer = tls::Peer::of(&Target::name(host)).unwrap();
    let connector = settings.connector().unwrap();
    connector.connect(flow, &peer, &attempt).await
}
