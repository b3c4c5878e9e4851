//! Raw keys and X.509 on either side.

use std::sync::Arc;

use rustls::{
    client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert},
    pki_types::CertificateDer,
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use tuyau::{mem, tls};
use tuyau_core::{Acceptor, Layer, Security};

use crate::support::{acceptor, certified, client, connector, drive, key, shake, stranger};

#[tokio::test]
async fn both_sides_learn_the_key_of_the_other_in_either_form() {
    let (alice, bob) = (key(), key());
    for form in [tls::CertificateForm::RawKey, tls::CertificateForm::X509] {
        let settings = tls::Settings::new(alice.clone());
        let connector = settings.subject("alice").form(form).connector().unwrap();
        let peer = tls::Peer::key(bob.public_key());
        let (near, far) = shake(&connector, peer, acceptor(&bob)).await;
        let (near, far) = (near.unwrap(), far.unwrap());
        assert_eq!(near.peer_key(), Some(bob.public_key()));
        assert_eq!(far.peer_key(), Some(alice.public_key()));
        assert_eq!(
            (near.certificate_form(), far.certificate_form()),
            (Some(form), Some(form))
        );
    }
}

#[tokio::test]
async fn the_two_sides_may_use_different_forms() {
    for (raw_server, raw_client) in [(true, true), (true, false), (false, true), (false, false)] {
        let pair = rcgen_key();
        let resolver: Arc<dyn ResolvesClientCert> = match raw_client {
            true => Arc::new(AlwaysResolvesClientRawPublicKeys::new(raw(&pair))),
            false => Arc::new(SingleCertAndKey::from(pair)),
        };
        let config = stranger(&TLS13, raw_server).with_client_cert_resolver(resolver);
        let (mut near, far) = mem::pair();
        let bob = key();
        let accepting = async {
            let flow = acceptor(&bob).accept(far).await.unwrap();
            flow.certificate_form()
        };
        let (connection, seen) = tokio::join!(drive(client(config), &mut near), accepting);
        let presented = connection.unwrap().peer_certificates().unwrap()[0].len();
        assert_eq!(
            presented == bob.public_key().to_spki_der().len(),
            raw_server
        );
        assert_eq!(seen == Some(tls::CertificateForm::RawKey), raw_client);
    }
}

fn rcgen_key() -> CertifiedKey {
    certified(&rcgen::PKCS_ED25519)
}

fn raw(pair: &CertifiedKey) -> Arc<CertifiedKey> {
    let spki = pair.key.public_key().unwrap();
    let spki = CertificateDer::from(spki.to_vec());
    Arc::new(CertifiedKey::new(vec![spki], pair.key.clone()))
}

#[tokio::test]
async fn any_key_is_accepted_only_when_the_danger_is_asked_for() {
    let bob = key();
    let (near, far) = shake(&connector(&key()), tls::Peer::default(), acceptor(&bob)).await;
    let error = near.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::NoExpectedKey));
    assert_eq!(
        error.to_string(),
        "nobody said which key to expect of the server; give its identity"
    );
    assert!(matches!(far.unwrap_err().kind(), tls::Kind::Truncated));

    let settings =
        tls::Settings::new(key()).authenticator(tls::Authenticator::danger_accept_anyone());
    let careless = settings.connector().unwrap();
    let security = Layer::<mem::Flow>::security(&careless);
    assert_eq!(security, Security::Encrypted);
    let (near, far) = shake(&careless, tls::Peer::default(), acceptor(&bob)).await;
    assert_eq!(near.unwrap().peer_key(), Some(bob.public_key()));
    far.unwrap();
    let security = Layer::<mem::Flow>::security(&connector(&bob));
    assert_eq!(security, Security::Authenticated);
}

#[tokio::test]
async fn a_key_that_is_expected_is_still_demanded_by_the_careless() {
    let settings =
        tls::Settings::new(key()).authenticator(tls::Authenticator::danger_accept_anyone());
    let careless = settings.connector().unwrap();
    let peer = tls::Peer::key(key().public_key());
    let (near, _far) = shake(&careless, peer, acceptor(&key())).await;
    assert!(matches!(
        near.unwrap_err().kind(),
        tls::Kind::WrongKey { .. }
    ));
}
