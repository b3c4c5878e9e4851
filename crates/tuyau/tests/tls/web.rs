//! Servers with ordinary certificates, as the web has them.

use std::sync::Arc;

use rcgen::{PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};
use rustls::{
    ProtocolVersion, ServerConfig, ServerConnection, sign::SingleCertAndKey, version::TLS12,
};
use tuyau::{mem, tls};
use tuyau_core::{Acceptor, FlowExt, Layer, Security, Target};

use crate::{
    pki::{Issuer, Leaf},
    support::{Side, client, dial, drive, shake, stranger},
};

pub(crate) fn named(host: &str) -> tls::Peer {
    tls::Peer::of(&Target::name(host)).unwrap()
}

pub(crate) fn server(credentials: tls::Credentials) -> tls::Acceptor {
    tls::Settings::certified(credentials).acceptor().unwrap()
}

/// Dials without a certificate.
pub(crate) async fn visit(
    authenticator: tls::Authenticator,
    peer: tls::Peer,
    acceptor: tls::Acceptor,
) -> (Side, Side) {
    let connector = tls::Settings::anonymous(authenticator).connector().unwrap();
    shake(&connector, peer, acceptor).await
}

#[tokio::test]
async fn an_authority_vouches_for_names_and_addresses_with_keys_of_any_kind() {
    let issuer = Issuer::new("an authority");
    for algorithm in [
        &PKCS_ECDSA_P256_SHA256,
        &PKCS_ECDSA_P384_SHA384,
        &PKCS_ED25519,
    ] {
        let names = ["example.org", "*.example.net", "192.0.2.7", "2001:db8::7"];
        let credentials = issuer.sign(&Leaf::with_key(&names, algorithm));
        for host in [
            "example.org",
            "EXAMPLE.org.",
            "www.example.net",
            "192.0.2.7",
            "2001:db8::7",
        ] {
            let acceptor = server(credentials.clone());
            let (near, far) = visit(issuer.authenticator(), named(host), acceptor).await;
            let (near, far) = (near.unwrap(), far.unwrap());
            assert_eq!(near.peer_key().is_some(), algorithm == &PKCS_ED25519);
            assert_eq!(near.certificate_form(), Some(tls::CertificateForm::X509));
            assert_eq!((far.peer_key(), far.certificate_form()), (None, None));
        }
    }
}

#[tokio::test]
async fn what_the_certificate_says_is_known_of_the_flow() {
    let issuer = Issuer::new("an authority");
    let leaf = Leaf::new(&["example.org", "192.0.2.7"]).valid(2020, 4000);
    let acceptor = server(issuer.sign(&leaf));
    let (near, _far) = visit(issuer.authenticator(), named("example.org"), acceptor).await;
    let near = tuyau_core::AnyFlow::new(near.unwrap());
    let certificates = near.info::<tls::PeerCertificates>().unwrap();
    let description = certificates.describe().unwrap();
    assert_eq!(description.subject(), "CN=a test");
    assert_eq!(description.issuer(), "CN=an authority");
    let names: Vec<_> = description.names().collect();
    assert_eq!(names, ["example.org", "192.0.2.7"]);
    assert_eq!(description.validity(), (1_577_836_800, 64_060_588_800));
    assert_eq!(description.pin(), leaf.pin());
}

#[tokio::test]
async fn a_pinned_key_is_enough_whoever_made_the_certificate() {
    // For another name, and expired.
    let leaf = Leaf::new(&["elsewhere.example"]).valid(2000, 2001);
    let target = Target::name("example.org").with(leaf.pin());
    let peer = tls::Peer::of(&target).unwrap();
    let acceptor = server(leaf.self_signed());
    let (near, far) = visit(tls::Authenticator::pinned_key(), peer, acceptor).await;
    near.unwrap();
    far.unwrap();
}

#[tokio::test]
async fn an_authority_and_a_pin_are_both_demanded() {
    let (issuer, leaf) = (Issuer::new("an authority"), Leaf::new(&["example.org"]));
    let peer = || tls::Peer::of(&Target::name("example.org").with(leaf.pin())).unwrap();
    let acceptor = server(issuer.sign(&leaf));
    let (near, _far) = visit(issuer.authenticator(), peer(), acceptor).await;
    near.unwrap();
    let acceptor = server(leaf.self_signed());
    let (near, _far) = visit(issuer.authenticator(), peer(), acceptor).await;
    let error = near.unwrap_err();
    assert!(
        matches!(error.kind(), tls::Kind::BadCertificate(_)),
        "{error}"
    );
    let acceptor = server(issuer.issue(&["example.org"]));
    let (near, _far) = visit(issuer.authenticator(), peer(), acceptor).await;
    let error = near.unwrap_err();
    assert!(
        matches!(error.kind(), tls::Kind::WrongPin { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_key_and_a_pin_are_both_demanded() {
    let (bob, eve) = (
        tls::KeyPair::generate().unwrap(),
        Leaf::new(&["eve.example"]),
    );
    let pin_of = |key: &tls::KeyPair| {
        // RFC 8410, section 4: an Ed25519 key as SubjectPublicKeyInfo.
        let head = [
            0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
        ];
        tls::Pin::of_spki_der(&[&head[..], &key.public_key().0].concat())
    };
    let shake = async |key: &tls::KeyPair, pin: tls::Pin| {
        let target = Target::name("example.org").with(tls::ExpectedPeer(key.public_key()));
        let peer = tls::Peer::of(&target.with(pin)).unwrap();
        let settings = tls::Settings::new(bob.clone()).clients(tls::ClientCertificates::None);
        let acceptor = settings.acceptor().unwrap();
        visit(tls::Authenticator::raw_key(), peer, acceptor).await.0
    };
    shake(&bob, pin_of(&bob)).await.unwrap();
    let error = shake(&bob, eve.pin()).await.unwrap_err();
    assert!(
        matches!(error.kind(), tls::Kind::WrongPin { .. }),
        "{error}"
    );
    let other = tls::KeyPair::generate().unwrap();
    let error = shake(&other, pin_of(&bob)).await.unwrap_err();
    assert!(
        matches!(error.kind(), tls::Kind::WrongKey { .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_host_that_no_certificate_can_be_for_is_named() {
    let issuer = Issuer::new("an authority");
    for host in [
        "",
        "a b",
        "exa\u{1b}mple",
        "-a.example",
        "a..b",
        &"x".repeat(64),
    ] {
        let acceptor = server(issuer.issue(&["example.org"]));
        let (near, _far) = visit(issuer.authenticator(), named(host), acceptor).await;
        let error = near.unwrap_err();
        let tls::Kind::BadName(found) = error.kind() else {
            panic!("{host:?}: {error}");
        };
        assert_eq!(&**found, host);
        let begin = format!("no certificate can be for {host:?}; expected an IP address or a DNS");
        assert!(error.to_string().starts_with(&begin), "{error}");
    }
    // Where a key is expected nobody vouches for the name.
    let leaf = Leaf::new(&["example.org"]);
    let target = Target::name("a b").with(leaf.pin());
    let peer = tls::Peer::of(&target).unwrap();
    let acceptor = server(issuer.sign(&leaf));
    let (near, _far) = visit(issuer.authenticator(), peer, acceptor).await;
    near.unwrap();
}

#[tokio::test]
async fn the_zone_of_an_address_is_no_part_of_its_name() {
    let issuer = Issuer::new("an authority");
    let acceptor = server(issuer.issue(&["fe80::7"]));
    let (near, _far) = visit(issuer.authenticator(), named("fe80::7%eth0"), acceptor).await;
    near.unwrap();
}

#[tokio::test]
async fn a_raw_key_needs_no_certificate_on_either_side() {
    let bob = tls::KeyPair::generate().unwrap();
    let settings = tls::Settings::new(bob.clone()).clients(tls::ClientCertificates::None);
    let acceptor = settings.acceptor().unwrap();
    let peer = tls::Peer::key(bob.public_key());
    let (near, far) = visit(tls::Authenticator::raw_key(), peer, acceptor).await;
    let near = near.unwrap();
    assert_eq!(near.peer_key(), Some(bob.public_key()));
    assert_eq!(near.certificate_form(), Some(tls::CertificateForm::RawKey));
    assert_eq!(far.unwrap().peer_key(), None);
}

#[tokio::test]
async fn accepting_anyone_is_no_authentication() {
    let settings = tls::Settings::anonymous(tls::Authenticator::danger_accept_anyone());
    let connector = settings.connector().unwrap();
    assert_eq!(
        Layer::<mem::Flow>::security(&connector),
        Security::Encrypted
    );
    let leaf = Leaf::new(&["elsewhere.example"]).valid(2000, 2001);
    let (near, _far) = shake(&connector, tls::Peer::default(), server(leaf.self_signed())).await;
    near.unwrap();

    let safe = [
        Issuer::new("an authority").authenticator(),
        tls::Authenticator::pinned_key(),
        tls::Authenticator::raw_key(),
    ];
    for authenticator in safe {
        let connector = tls::Settings::anonymous(authenticator).connector().unwrap();
        let security = Layer::<mem::Flow>::security(&connector);
        assert_eq!(security, Security::Authenticated);
    }
}

#[tokio::test]
async fn the_application_protocol_is_agreed_on() {
    let issuer = Issuer::new("an authority");
    let both: &[&str] = &["h2", "http/1.1"];
    let (one, none): (&[&str], &[&str]) = (&["http/1.1"], &[]);
    for (ours, theirs, agreed) in [
        (both, both, Some(&b"h2"[..])),
        (one, both, Some(b"http/1.1")),
        (none, both, None),
        (both, none, None),
    ] {
        let settings = tls::Settings::anonymous(issuer.authenticator()).alpn(ours);
        let connector = settings.connector().unwrap();
        let settings = tls::Settings::certified(issuer.issue(&["example.org"])).alpn(theirs);
        let acceptor = settings.acceptor().unwrap();
        let (near, far) = shake(&connector, named("example.org"), acceptor).await;
        for side in [near.unwrap(), far.unwrap()] {
            assert_eq!(side.negotiated().alpn.as_deref(), agreed);
        }
    }
}

#[tokio::test]
async fn a_server_of_another_application_protocol_refuses() {
    let issuer = Issuer::new("an authority");
    let settings = tls::Settings::anonymous(issuer.authenticator()).alpn(["h2"]);
    let connector = settings.connector().unwrap();
    let settings = tls::Settings::certified(issuer.issue(&["example.org"])).alpn(["imap"]);
    let acceptor = settings.acceptor().unwrap();
    let (near, far) = shake(&connector, named("example.org"), acceptor).await;
    assert_eq!(
        near.unwrap_err().to_string(),
        "the server refused with the alert no_application_protocol: \
         it serves another application protocol, check the port"
    );
    far.unwrap_err();
}

/// A raw server of one version.
async fn old_server(issuer: &Issuer, flow: &mut mem::Flow) {
    let key = issuer.certify(&Leaf::new(&["example.org"]));
    let config = ServerConfig::builder_with_provider(tls::default_provider())
        .with_protocol_versions(&[&TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    let _ = drive(ServerConnection::new(Arc::new(config)).unwrap(), flow).await;
}

#[tokio::test]
async fn a_tls_1_2_server_is_spoken_to_only_when_that_was_allowed() {
    let issuer = Issuer::new("an authority");
    let settings = tls::Settings::anonymous(issuer.authenticator());

    let (near, mut far) = mem::pair();
    let connector = settings.clone().allow_tls12().connector().unwrap();
    let dialling = async {
        let mut flow = dial(&connector, near, named("example.org")).await.unwrap();
        flow.close_write().await.unwrap();
        flow.negotiated().version
    };
    let (version, ()) = tokio::join!(dialling, old_server(&issuer, &mut far));
    assert_eq!(version, ProtocolVersion::TLSv1_2);

    let (near, mut far) = mem::pair();
    let connector = settings.connector().unwrap();
    let dialling = dial(&connector, near, named("example.org"));
    let (refused, ()) = tokio::join!(dialling, old_server(&issuer, &mut far));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the server does not speak TLS 1.3, which is required; \
         update its TLS library, or allow TLS 1.2 on this side"
    );
}

#[tokio::test]
async fn a_tls_1_2_client_is_served_only_when_that_was_allowed() {
    let issuer = Issuer::new("an authority");
    let settings = tls::Settings::certified(issuer.issue(&["example.org"]));
    let serve = async |settings: tls::Settings| {
        let (mut near, far) = mem::pair();
        let config = stranger(&TLS12, false).with_no_client_auth();
        let accepting = async {
            let flow = settings.acceptor().unwrap().accept(far).await?;
            Ok::<_, tls::Error>(flow.negotiated().version)
        };
        tokio::join!(drive(client(config), &mut near), accepting).1
    };
    let version = serve(settings.clone().allow_tls12()).await.unwrap();
    assert_eq!(version, ProtocolVersion::TLSv1_2);
    let error = serve(settings).await.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::VersionTooOld), "{error}");
}

#[tokio::test]
async fn tls_1_3_is_taken_when_both_know_it() {
    let issuer = Issuer::new("an authority");
    let settings = tls::Settings::anonymous(issuer.authenticator()).allow_tls12();
    let connector = settings.connector().unwrap();
    let settings = tls::Settings::certified(issuer.issue(&["example.org"])).allow_tls12();
    let acceptor = settings.acceptor().unwrap();
    let (near, _far) = shake(&connector, named("example.org"), acceptor).await;
    assert_eq!(near.unwrap().negotiated().version, ProtocolVersion::TLSv1_3);
}

#[test]
fn tls_1_2_is_not_for_identities() {
    let settings = tls::Settings::new(tls::KeyPair::generate().unwrap()).allow_tls12();
    let error = settings.connector().unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::Tls12);
}

#[tokio::test]
async fn bytes_go_both_ways() {
    let issuer = Issuer::new("an authority");
    let acceptor = server(issuer.issue(&["example.org"]));
    let (near, far) = visit(issuer.authenticator(), named("example.org"), acceptor).await;
    let (mut near, mut far) = (near.unwrap(), far.unwrap());
    for _ in 0..2 {
        near.write_all(b"ping").await.unwrap();
        near.flush().await.unwrap();
        let mut ping = [0; 4];
        far.read_exact(&mut ping).await.unwrap();
        assert_eq!(&ping, b"ping");
        std::mem::swap(&mut near, &mut far);
    }
}

#[test]
fn a_server_must_prove_something() {
    let settings = tls::Settings::anonymous(tls::Authenticator::pinned_key());
    let error = settings.acceptor().unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::NothingToProve);
}
