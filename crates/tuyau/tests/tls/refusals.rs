//! Peers that speak TLS and are refused, and what both sides are told.

use std::sync::Arc;

use rustls::{
    AlertDescription,
    client::AlwaysResolvesClientRawPublicKeys,
    pki_types::CertificateDer,
    server::AlwaysResolvesServerRawPublicKeys,
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use tuyau::{mem, tls};
use tuyau_core::Acceptor;

use crate::support::{
    acceptor, certified, client, connector, dial, drive, key, server, shake, stranger, tcp_pair,
};

fn alert(result: Result<rustls::Connection, rustls::Error>) -> AlertDescription {
    match result {
        Err(rustls::Error::AlertReceived(alert)) => alert,
        other => panic!("expected an alert, got {other:?}"),
    }
}

#[tokio::test]
async fn a_tls_1_2_client_is_too_old() {
    let config = stranger(&TLS12, false).with_no_client_auth();
    let (mut near, far) = tcp_pair().await;
    let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
    let (connection, error) = tokio::join!(drive(client(config), &mut near), accepting);
    assert_eq!(alert(connection), AlertDescription::ProtocolVersion);
    assert!(matches!(error.kind(), tls::Kind::VersionTooOld));
    assert_eq!(
        error.to_string(),
        "the client does not speak TLS 1.3, which is required; update its TLS library"
    );
}

#[tokio::test]
async fn a_tls_1_2_server_is_too_old() {
    let resolver = Arc::new(SingleCertAndKey::from(certified(&rcgen::PKCS_ED25519)));
    let (near, mut far) = tcp_pair().await;
    let connector = connector(&key());
    let connecting = dial(&connector, near, tls::Peer::key(key().public_key()));
    let serving = drive(server(&TLS12, false, resolver), &mut far);
    let (error, _) = tokio::join!(connecting, serving);
    let error = error.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::VersionTooOld), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("the server does not speak TLS 1.3")
    );
}

#[tokio::test]
async fn a_client_without_certificate_is_told_that_one_is_required() {
    let config = stranger(&TLS13, true).with_no_client_auth();
    let (mut near, far) = tcp_pair().await;
    let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
    let (connection, error) = tokio::join!(drive(client(config), &mut near), accepting);
    assert_eq!(alert(connection), AlertDescription::CertificateRequired);
    assert!(matches!(error.kind(), tls::Kind::NoCertificate));
    assert_eq!(
        error.to_string(),
        "the client presented no certificate; it must prove an Ed25519 key, give it a key pair"
    );
}

#[tokio::test]
async fn the_wrong_key_is_named_beside_the_expected_one() {
    let (bob, mallory) = (key(), key());
    for form in [tls::CertificateForm::RawKey, tls::CertificateForm::X509] {
        let settings = tls::Settings::new(key()).form(form);
        let connector = settings.connector().unwrap();
        let peer = tls::Peer::key(bob.public_key());
        let (near, far) = shake(&connector, peer, acceptor(&mallory)).await;
        let error = near.unwrap_err();
        let tls::Kind::WrongKey { expected, found } = error.kind() else {
            panic!("{error}");
        };
        assert_eq!(*expected, bob.public_key());
        assert_eq!(*found, mallory.public_key());
        assert!(!error.may_want_other_form());
        let text = format!(
            "the server proved the key {found}, but {expected} was expected; \
             check the identity, and whether the address is another's"
        );
        assert_eq!(error.to_string(), text);
        let tls::Kind::PeerAlert(alert) = far.as_ref().unwrap_err().kind() else {
            panic!("{far:?}");
        };
        assert_eq!(alert.to_string(), "certificate_unknown");
    }
}

#[tokio::test]
async fn keys_are_printed_as_the_application_wants() {
    let settings = tls::Settings::new(key()).key_format(|key, f| write!(f, "<{}>", key.0[0]));
    let connector = settings.connector().unwrap();
    let (bob, mallory) = (key(), key());
    let peer = tls::Peer::key(bob.public_key());
    let (near, _far) = shake(&connector, peer, acceptor(&mallory)).await;
    let (expected, found) = (bob.public_key().0[0], mallory.public_key().0[0]);
    let text = format!("proved the key <{found}>, but <{expected}> was expected");
    assert!(near.unwrap_err().to_string().contains(&text));
}

#[tokio::test]
async fn a_client_with_another_kind_of_key_is_refused() {
    let pair = certified(&rcgen::PKCS_ECDSA_P256_SHA256);
    let spki = pair.key.public_key().unwrap();
    let raw = CertifiedKey::new(vec![CertificateDer::from(spki.to_vec())], pair.key.clone());
    let raw = Arc::new(AlwaysResolvesClientRawPublicKeys::new(Arc::new(raw)));
    let x509 = Arc::new(SingleCertAndKey::from(pair));
    for config in [
        stranger(&TLS13, true).with_client_cert_resolver(raw),
        stranger(&TLS13, false).with_client_cert_resolver(x509),
    ] {
        let (mut near, far) = tcp_pair().await;
        let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
        let (connection, error) = tokio::join!(drive(client(config), &mut near), accepting);
        assert_eq!(alert(connection), AlertDescription::CertificateUnknown);
        assert!(matches!(error.kind(), tls::Kind::UnsupportedKey), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("the client's key is not a sound Ed25519 key")
        );
    }
}

#[tokio::test]
async fn a_server_with_another_kind_of_key_is_refused() {
    let resolver = SingleCertAndKey::from(certified(&rcgen::PKCS_ECDSA_P256_SHA256));
    let settings = tls::Settings::new(key()).form(tls::CertificateForm::X509);
    let connector = settings.connector().unwrap();
    let (near, mut far) = mem::pair();
    let connecting = dial(&connector, near, tls::Peer::key(key().public_key()));
    let serving = drive(server(&TLS13, false, Arc::new(resolver)), &mut far);
    let (error, served) = tokio::join!(connecting, serving);
    assert!(matches!(
        error.unwrap_err().kind(),
        tls::Kind::UnsupportedKey
    ));
    assert_eq!(alert(served), AlertDescription::CertificateUnknown);
}

/// A peer that shows a key and signs with another one.
fn impostor(claimed: &tls::KeyPair) -> Arc<CertifiedKey> {
    let own = certified(&rcgen::PKCS_ED25519).key;
    let spki = CertificateDer::from(claimed.public_key().to_spki_der());
    Arc::new(CertifiedKey::new(vec![spki], own))
}

#[tokio::test]
async fn a_client_that_shows_a_key_it_does_not_hold_is_refused() {
    let resolver = AlwaysResolvesClientRawPublicKeys::new(impostor(&key()));
    let config = stranger(&TLS13, true).with_client_cert_resolver(Arc::new(resolver));
    let (mut near, far) = mem::pair();
    let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
    let (connection, error) = tokio::join!(drive(client(config), &mut near), accepting);
    assert_eq!(alert(connection), AlertDescription::DecryptError);
    assert!(
        matches!(error.kind(), tls::Kind::BadCertificate(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_shows_a_key_it_does_not_hold_is_refused() {
    let bob = key();
    let resolver = Arc::new(AlwaysResolvesServerRawPublicKeys::new(impostor(&bob)));
    let (near, mut far) = mem::pair();
    let connector = connector(&key());
    let connecting = dial(&connector, near, tls::Peer::key(bob.public_key()));
    let (error, served) = tokio::join!(connecting, drive(server(&TLS13, true, resolver), &mut far));
    assert!(matches!(
        error.unwrap_err().kind(),
        tls::Kind::BadCertificate(_)
    ));
    assert_eq!(alert(served), AlertDescription::DecryptError);
}

#[tokio::test]
async fn a_client_that_wants_raw_keys_of_a_server_without_them_is_told() {
    let resolver = SingleCertAndKey::from(certified(&rcgen::PKCS_ED25519));
    let (near, mut far) = mem::pair();
    let connector = connector(&key());
    let connecting = dial(&connector, near, tls::Peer::key(key().public_key()));
    let serving = drive(server(&TLS13, true, Arc::new(resolver)), &mut far);
    let (error, _) = tokio::join!(connecting, serving);
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("handshake_failure") && text.contains("no raw public keys"),
        "{text}"
    );
}
