//! Peers that are not accepted, or not there.

use std::{net::UdpSocket, time::Duration};

use rcgen::{CertificateParams, KeyPair};
use tuyau::{
    quic::{self, Quic},
    tls,
    tokio::TokioTimer,
};
use tuyau_core::{
    ConnectErrorKind, DatagramsExt, FlowExt, Listener, ListenerExt, Literal, Protocol, Registry,
    ResolverExt, Security, Stage, Target,
};

use crate::support::{acceptor, connector, key, listen, pair, shake};

#[tokio::test]
async fn the_wrong_identity_is_refused_at_the_stage_tls() {
    let (bob, mallory) = (key(), key());
    let mut listener = listen(&acceptor(&mallory));
    let mut registry = Registry::new();
    registry.protocol(quic::KEY, Quic::new(connector()));
    let addresses = Literal::<quic::QuicKey>::new();
    let addresses = addresses.configure::<tls::TlsKey, _>(tls::Peer::of);
    registry.resolver(quic::KEY, 0, addresses);
    let context = registry.freeze(TokioTimer::new());
    let target = Target::from(listener.address().clone());
    let target = target.with(tls::ExpectedPeer(bob.public_key()));
    let accepting = async { listener.accept().await.unwrap().handshake.await };
    let (connected, accepted) = tokio::join!(context.connect(target).open(), accepting);
    let error = connected.unwrap_err();
    let text = format!(
        "the server proved the key {}, but {} was expected; \
         check the identity, and whether the address is another's",
        mallory.public_key(),
        bob.public_key()
    );
    assert!(error.to_string().contains(&text), "{error}");
    assert_eq!(error.report().attempts[0].stage, Stage::new("tls"));
    let told = accepted.unwrap_err();
    assert_eq!(told.kind(), quic::Kind::Tls);
    assert!(told.to_string().contains("certificate_unknown"), "{told}");
}

/// A self-signed certificate for a name, valid between two years.
fn credentials(name: &str, from: i32, to: i32) -> (tls::Credentials, String) {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    let pem = params.self_signed(&key).unwrap().pem();
    let private = key.serialize_pem();
    let credentials = tls::Credentials::from_pem(pem.as_bytes(), private.as_bytes());
    (credentials.unwrap(), pem)
}

#[tokio::test]
async fn web_certificates_are_judged_as_over_tcp() {
    let named = |host| tls::Peer::of(&Target::name(host)).unwrap();
    for (name, years, refused) in [
        ("example.org", (2020, 4000), None),
        (
            "example.net",
            (2020, 4000),
            Some("is not for example.org, but for example.net"),
        ),
        (
            "example.org",
            (2001, 2002),
            Some("expired on 2002-01-01 00:00:00 UTC"),
        ),
    ] {
        let (credentials, pem) = credentials(name, years.0, years.1);
        let acceptor = tls::Settings::certified(credentials).acceptor().unwrap();
        let authenticator = tls::Authenticator::ca_pem(pem.as_bytes()).unwrap();
        let settings = tls::Settings::anonymous(authenticator);
        let connector = settings.connector().unwrap();
        let (near, _far) = shake(connector, named("example.org"), &acceptor).await;
        match refused {
            None => drop(near.unwrap()),
            Some(text) => {
                let error = near.unwrap_err();
                assert!(error.to_string().contains(text), "{error}");
                let kind = error.as_tls().unwrap().kind();
                assert!(matches!(kind, tls::Kind::BadCertificate(_)));
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_the_server_refuses_reads_why() {
    let bob = key();
    let settings = tls::Settings::new(bob.clone()).form(tls::CertificateForm::X509);
    let acceptor = settings.acceptor().unwrap();
    let settings = tls::Settings::anonymous(tls::Authenticator::pinned_key());
    let peer = tls::Peer::key(bob.public_key());
    let (near, far) = shake(settings.connector().unwrap(), peer, &acceptor).await;
    let error = far.unwrap_err();
    assert_eq!(error.kind(), quic::Kind::Protocol);
    // It thinks itself connected until it hears the answer.
    let mut near = near.unwrap();
    let error = near.read(&mut [0; 8]).await.unwrap_err();
    let text = tuyau_core::Chain(&error).to_string();
    assert!(text.contains("certificate_required"), "{text}");
}

#[tokio::test]
async fn another_application_protocol_is_refused() {
    let bob = key();
    let connector = tls::Settings::new(key())
        .alpn(["other"])
        .connector()
        .unwrap();
    let peer = tls::Peer::key(bob.public_key());
    let (near, _far) = shake(connector, peer, &acceptor(&bob)).await;
    let error = near.unwrap_err();
    assert_eq!(error.kind(), quic::Kind::Tls);
    assert!(
        error.to_string().contains("no_application_protocol"),
        "{error}"
    );
}

#[test]
fn security_is_that_of_the_authenticator() {
    assert_eq!(Quic::new(connector()).security(), Security::Authenticated);
    let settings = tls::Settings::anonymous(tls::Authenticator::danger_accept_anyone());
    let careless = Quic::new(settings.connector().unwrap());
    assert_eq!(careless.security(), Security::Encrypted);
}

/// A UDP port behind which nobody answers, and a context that dials it.
fn black_hole(options: quic::Options) -> (UdpSocket, tuyau_core::Context, Target) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = format!("quic://{}", socket.local_addr().unwrap());
    let target = Target::from(address.parse::<tuyau_core::Address>().unwrap());
    let mut registry = Registry::new();
    registry.protocol(quic::KEY, Quic::new(connector()).options(options));
    let addresses = Literal::<quic::QuicKey>::new();
    let addresses = addresses.configure::<tls::TlsKey, _>(tls::Peer::of);
    registry.resolver(quic::KEY, 0, addresses);
    let target = target.with(tls::ExpectedPeer(key().public_key()));
    (socket, registry.freeze(TokioTimer::new()), target)
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_ends_with_the_deadline() {
    let (_socket, context, target) = black_hole(quic::Options::default());
    let connect = context.connect(target).deadline(Duration::from_secs(5));
    let error = connect.open().await.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    assert!(
        error.to_string().contains("at quic:  the deadline passed"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_ends_with_the_idle_time() {
    let options = quic::Options::default().idle(Duration::from_secs(3));
    let (_socket, context, target) = black_hole(options);
    let error = context.connect(target).open().await.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::AllFailed);
    let text = "the peer does not answer; check the address and the port, \
                and that UDP is let through on the way";
    assert!(error.to_string().contains(text), "{error}");
}

#[tokio::test]
async fn a_datagram_that_is_too_large_is_refused() {
    let (near, _far) = pair().await;
    let mut datagrams = near.connection().datagrams().unwrap();
    let size = tuyau_core::Datagrams::max_size(&datagrams);
    datagrams.send(&vec![0; size]).await.unwrap();
    let error = datagrams.send(&vec![0; size + 1]).await.unwrap_err();
    assert_eq!(error.kind(), tuyau_core::ErrorKind::TooLarge);
}
