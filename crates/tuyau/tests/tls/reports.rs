//! What a person reads when a server is not the right one: the stage, the certificate's facts and
//! what to do.

use std::{future::Future, sync::Arc, time::Duration};

use rcgen::ExtendedKeyUsagePurpose;
use rustls::{
    ServerConfig, ServerConnection, server::ClientHello, server::ResolvesServerCert,
    sign::CertifiedKey,
};
use tuyau::{mem, tls, tokio::TokioTimer};
use tuyau_core::{
    Acceptor, ConnectError, ConnectErrorKind, FlowExt, Key, ListenerExt, ProtocolExt, Registry,
    ResolverExt, Stage, Target,
};

use crate::{
    pki::{Issuer, Leaf},
    support::drive,
    web::server,
};

/// Connects to `host`, behind which `serve` is, and gives the whole error; it is one of TLS.
async fn failure<S>(
    authenticator: tls::Authenticator,
    target: Target,
    serve: impl FnOnce(mem::Flow) -> S,
) -> ConnectError
where
    S: Future<Output = ()>,
{
    let hub = mem::Hub::new();
    let mut listener = hub.listen(target.host().unwrap()).unwrap();
    let connector = tls::Settings::anonymous(authenticator).connector().unwrap();
    let mut registry = Registry::new();
    registry.protocol(Key::new(), mem::Protocol::new(hub).layer(connector));
    let resolver = mem::NameResolver.configure::<tls::TlsKey, _>(tls::Peer::of);
    registry.resolver(Key::new(), 0, resolver);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(target).deadline(Duration::from_secs(10));
    let serving = async {
        serve(listener.accept().await.unwrap().handshake.await.unwrap()).await;
    };
    let (connected, ()) = tokio::join!(connect.open(), serving);
    let error = connected.unwrap_err();
    let attempt = &error.report().attempts[0];
    assert_eq!(attempt.stage, Stage::new("tls"), "{error}");
    error
}

/// Dials example.org, which presents `credentials`, and gives the report.
async fn report(authenticator: tls::Authenticator, credentials: tls::Credentials) -> String {
    let target = Target::name("example.org");
    let serve = |flow| async {
        let _ = server(credentials).accept(flow).await;
    };
    failure(authenticator, target, serve).await.to_string()
}

#[track_caller]
fn assert_says(report: &str, parts: &[&str]) {
    for part in parts {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
}

/// Law 7: the error of a failed connect says what to fix.
#[tokio::test]
async fn an_expired_certificate() {
    let issuer = Issuer::new("an authority");
    let leaf = Leaf::new(&["example.org"]).valid(2001, 2002);
    let report = report(issuer.authenticator(), issuer.sign(&leaf)).await;
    assert_says(
        &report,
        &[
            "cannot connect to example.org: every attempt failed",
            "example.org  over tls/mem  from name  at tls:  \
             the server's certificate expired on 2002-01-01 00:00:00 UTC, and it is 2",
            " UTC here; have it renewed, or set this machine's clock \
             (it has the subject \"CN=a test\", for example.org, issued by \"CN=an authority\", \
             valid from 2001-01-01 00:00:00 UTC to 2002-01-01 00:00:00 UTC, SHA-256 ",
        ],
    );
}

#[tokio::test]
async fn a_certificate_that_is_not_valid_yet() {
    let issuer = Issuer::new("an authority");
    let leaf = Leaf::new(&["example.org"]).valid(4000, 4001);
    let report = report(issuer.authenticator(), issuer.sign(&leaf)).await;
    assert_says(
        &report,
        &[
            "the server's certificate is not valid before 4000-01-01 00:00:00 UTC, and it is 2",
            "UTC here; wait, or set this machine's clock (it has the subject",
        ],
    );
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let issuer = Issuer::new("an authority");
    let names = ["example.net", "*.example.net", "192.0.2.7"];
    let report = report(issuer.authenticator(), issuer.issue(&names)).await;
    assert_says(
        &report,
        &["the server's certificate is not for example.org, \
             but for example.net, *.example.net, 192.0.2.7; \
             check the name, or have a certificate made for it"],
    );
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority() {
    let (issuer, other) = (Issuer::new("an authority"), Issuer::new("somebody else"));
    let report = report(issuer.authenticator(), other.issue(&["example.org"])).await;
    assert_says(
        &report,
        &[
            "the server's certificate does not chain to a trusted authority: \
             it was issued by \"CN=somebody else\"; add that authority to the roots of this side, \
             or let the server send the certificates in between",
            "SHA-256 ",
        ],
    );
}

#[tokio::test]
async fn a_self_signed_certificate() {
    let credentials = Leaf::new(&["example.org"]).self_signed();
    let report = report(Issuer::new("an authority").authenticator(), credentials).await;
    assert_says(
        &report,
        &[
            "the server's certificate is self-signed and none of the trusted ones; \
             add it to the roots of this side, or expect its key (a pin)",
        ],
    );
}

#[tokio::test]
async fn a_certificate_for_clients() {
    let issuer = Issuer::new("an authority");
    let leaf = Leaf::new(&["example.org"]).only_for(ExtendedKeyUsagePurpose::ClientAuth);
    let report = report(issuer.authenticator(), issuer.sign(&leaf)).await;
    assert_says(
        &report,
        &[
            "the server's certificate is not meant for a server, but for a client; \
             have one made with the extended key usage serverAuth",
        ],
    );
}

#[tokio::test]
async fn the_certificate_of_an_authority_in_the_place_of_one_of_its_own() {
    let (own, authority) = Leaf::authority(&["example.org"]);
    let report = report(authority, own).await;
    assert_says(
        &report,
        &[
            "the server's certificate is that of an authority, which a server may not present; \
             have one made with CA:FALSE, or expect its key (a pin)",
        ],
    );
}

#[tokio::test]
async fn the_wrong_key() {
    let (expected, found) = (Leaf::new(&["example.org"]), Leaf::new(&["example.org"]));
    let target = Target::name("example.org").with(expected.pin());
    let serve = |flow| async {
        let _ = server(found.self_signed()).accept(flow).await;
    };
    let error = failure(tls::Authenticator::pinned_key(), target, serve).await;
    let text = format!(
        "the server proved the key {}, but {} was expected; \
         check the pin, and whether the address is another's",
        found.pin(),
        expected.pin()
    );
    assert_says(&error.to_string(), &[&text]);
}

#[tokio::test]
async fn nothing_that_is_expected() {
    let credentials = Leaf::new(&["example.org"]).self_signed();
    let report = report(tls::Authenticator::pinned_key(), credentials).await;
    assert_says(
        &report,
        &[
            "nobody said which key to expect of the server, and it has no name that an authority vouches for; \
             give the key or its pin",
        ],
    );
}

/// Presents a chain of no certificates.
#[derive(Debug)]
struct Empty(Arc<CertifiedKey>);

impl ResolvesServerCert for Empty {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

#[tokio::test]
async fn an_empty_chain() {
    let issuer = Issuer::new("an authority");
    let mut key = issuer.certify(&Leaf::new(&["example.org"]));
    key.cert.clear();
    let config = ServerConfig::builder_with_provider(tls::default_provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Empty(Arc::new(key))));
    let serve = |mut flow| async move {
        let session = ServerConnection::new(Arc::new(config)).unwrap();
        let _ = drive(session, &mut flow).await;
    };
    let error = failure(issuer.authenticator(), Target::name("example.org"), serve).await;
    let text = "the server presented no certificate; give it one, with its private key";
    assert_says(&error.to_string(), &[text]);
}

#[tokio::test]
async fn a_web_server_without_tls() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
    let serve = |mut flow: mem::Flow| async move {
        flow.read(&mut [0; 1024]).await.unwrap();
        flow.write_all(answer).await.unwrap();
        let _ = flow.close_write().await;
    };
    let authenticator = Issuer::new("an authority").authenticator();
    let error = failure(authenticator, Target::name("example.org"), serve).await;
    assert_says(
        &error.to_string(),
        &[
            "expected TLS, but the server sent what looks like HTTP: \"HTTP/1.1 400 Bad Request",
            "check the address and the port",
        ],
    );
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_of_the_handshake() {
    let serve = |mut flow: mem::Flow| async move {
        flow.read(&mut [0; 1024]).await.unwrap();
        flow.write_all(&[22, 3, 3, 0, 100, 2]).await.unwrap();
    };
    let authenticator = Issuer::new("an authority").authenticator();
    let error = failure(authenticator, Target::name("example.org"), serve).await;
    let text = "the server ended the stream without saying so (no close_notify); \
                it stopped, or the connection was cut";
    assert_says(&error.to_string(), &[text]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_in_the_middle_of_the_handshake() {
    // Kept open until the deadline has passed.
    let (keep, _kept) = std::sync::mpsc::channel();
    let serve = |mut flow: mem::Flow| async move {
        flow.read(&mut [0; 1024]).await.unwrap();
        flow.write_all(&[22, 3, 3, 0, 100, 2]).await.unwrap();
        keep.send(flow).unwrap();
    };
    let authenticator = Issuer::new("an authority").authenticator();
    let error = failure(authenticator, Target::name("example.org"), serve).await;
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    assert_says(&error.to_string(), &["at tls:  the deadline passed"]);
}
