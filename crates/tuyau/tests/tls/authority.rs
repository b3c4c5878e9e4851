//! Certificates that chain to an authority.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa};
use rustls::{pki_types::PrivateKeyDer, sign::CertifiedKey};
use tuyau::tls;
use tuyau_core::{Acceptor, Address, ErrorKind, FlowExt, Target};

use crate::support::{acceptor, cause, connector, dial, key, shake, tcp_pair};

pub(crate) struct Organisation(CertifiedIssuer<'static, rcgen::KeyPair>);

/// A key and settings in which an organisation vouches for it.
pub(crate) struct Member {
    key: tls::KeyPair,
    pub(crate) settings: tls::Settings,
}

impl Organisation {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // The authority's own key is of another kind, which is its own affair.
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    fn authority(&self, key: &rcgen::KeyPair, name: &str) -> tls::Authority {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(key, &self.0).unwrap();
        let (chain, root) = (certificate.pem(), self.0.pem());
        tls::Authority::from_pem(chain.as_bytes(), root.as_bytes()).unwrap()
    }

    /// A member for a TLS library alone.
    pub(crate) fn certify(&self, name: &str) -> CertifiedKey {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&pair, &self.0).unwrap();
        let der = PrivateKeyDer::Pkcs8(pair.serialize_der().into());
        let signer = tls::default_provider().key_provider.load_private_key(der);
        CertifiedKey::new(vec![certificate.der().clone()], signer.unwrap())
    }

    pub(crate) fn member(&self, name: &str) -> Member {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let key = tls::KeyPair::from_pkcs8_der(&pair.serialize_der()).unwrap();
        let authority = self.authority(&pair, name);
        let settings = tls::Settings::new(key.clone()).authority(authority);
        Member { key, settings }
    }
}

fn named(host: &str) -> tls::Peer {
    let address: Address = format!("tls://{host}:6000").parse().unwrap();
    tls::Peer::of(&Target::from(address)).unwrap()
}

#[tokio::test]
async fn members_accept_each_other_by_name_or_by_key() {
    let organisation = Organisation::new();
    let alice = organisation.member("alice.example.org");
    let bob = organisation.member("bob.example.org");
    let connector = alice.settings.connector().unwrap();
    // With a key expected, the name is not asked for.
    for peer in [
        named("bob.example.org"),
        tls::Peer::key(bob.key.public_key()),
    ] {
        let acceptor = bob.settings.acceptor().unwrap();
        let (near, far) = shake(&connector, peer, acceptor).await;
        let (near, far) = (near.unwrap(), far.unwrap());
        assert_eq!(near.peer_key(), Some(bob.key.public_key()));
        assert_eq!(far.peer_key(), Some(alice.key.public_key()));
        assert_eq!(far.certificate_form(), Some(tls::CertificateForm::X509));
    }
}

#[tokio::test]
async fn a_member_of_another_name_or_key_is_refused() {
    let organisation = Organisation::new();
    let alice = organisation.member("alice.example.org");
    let bob = organisation.member("bob.example.org");
    let connector = alice.settings.connector().unwrap();

    let acceptor = bob.settings.acceptor().unwrap();
    let (near, _far) = shake(&connector, named("carol.example.org"), acceptor).await;
    let error = near.unwrap_err();
    assert!(matches!(error.kind(), tls::Kind::BadCertificate(_)));
    let text = "certificate is not for carol.example.org, but for bob.example.org; check the name";
    assert!(error.to_string().contains(text), "{error}");

    let acceptor = bob.settings.acceptor().unwrap();
    let peer = tls::Peer::key(alice.key.public_key());
    let (near, _far) = shake(&connector, peer, acceptor).await;
    assert!(matches!(
        near.unwrap_err().kind(),
        tls::Kind::WrongKey { .. }
    ));
}

#[tokio::test]
async fn a_server_outside_the_organisation_is_refused() {
    let alice = Organisation::new().member("alice.example.org");
    let bob = Organisation::new().member("bob.example.org");
    let connector = alice.settings.connector().unwrap();
    for acceptor in [bob.settings.acceptor().unwrap(), acceptor(&bob.key)] {
        let peer = tls::Peer::key(bob.key.public_key());
        let (near, far) = shake(&connector, peer, acceptor).await;
        let error = near.unwrap_err();
        assert!(
            matches!(error.kind(), tls::Kind::BadCertificate(_)),
            "{error}"
        );
        assert!(matches!(far.unwrap_err().kind(), tls::Kind::PeerAlert(_)));
    }
}

#[tokio::test]
async fn a_client_outside_the_organisation_reads_why_it_was_refused() {
    let bob = Organisation::new().member("bob.example.org");
    let settings = bob.settings.farewell(tuyau::tokio::TokioTimer::new());
    let (near, far) = tcp_pair().await;
    let outsider = tls::Settings::new(key()).form(tls::CertificateForm::X509);
    let connector = outsider.connector().unwrap();
    let talking = async {
        let peer = tls::Peer::key(bob.key.public_key());
        let mut flow = dial(&connector, near, peer).await.unwrap();
        // What it sends before it knows must not keep it from knowing.
        flow.write_all(&[1; 200_000]).await.unwrap();
        flow.flush().await.unwrap();
        flow.read(&mut [0; 8]).await.unwrap_err()
    };
    let accepting = settings.acceptor().unwrap().accept(far);
    let (error, accepted) = tokio::join!(talking, accepting);
    assert!(matches!(
        accepted.unwrap_err().kind(),
        tls::Kind::BadCertificate(_)
    ));
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let error: &tls::Error = cause(&error);
    assert_eq!(
        error.to_string(),
        "the server refused with the alert unknown_ca: our certificate does not chain to an \
         authority that it trusts, check the roots on its side and the chain on ours"
    );
}

#[tokio::test]
async fn a_client_that_only_writes_learns_why_it_was_refused() {
    let bob = Organisation::new().member("bob.example.org");
    let (near, far) = tcp_pair().await;
    let outsider = tls::Settings::new(key()).form(tls::CertificateForm::X509);
    let connector = outsider.connector().unwrap();
    let talking = async {
        let peer = tls::Peer::key(bob.key.public_key());
        let mut flow = dial(&connector, near, peer).await.unwrap();
        loop {
            if let Err(error) = flow.write_all(&[1; 1000]).await {
                break error;
            }
            if let Err(error) = flow.flush().await {
                break error;
            }
            tokio::task::yield_now().await;
        }
    };
    let accepting = bob.settings.acceptor().unwrap().accept(far);
    let (error, accepted) = tokio::join!(talking, accepting);
    assert!(accepted.is_err());
    let error: &tls::Error = cause(&error);
    assert!(matches!(error.kind(), tls::Kind::PeerAlert(_)), "{error}");
}

#[tokio::test]
async fn a_client_with_a_raw_key_cannot_enter_an_organisation() {
    let bob = Organisation::new().member("bob.example.org");
    let peer = tls::Peer::key(bob.key.public_key());
    let acceptor = bob.settings.acceptor().unwrap();
    let (near, far) = shake(&connector(&key()), peer, acceptor).await;
    assert!(matches!(near.unwrap_err().kind(), tls::Kind::PeerAlert(_)));
    let error = far.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the client does not take this form of key; try the other one, raw key or X.509"
    );
    assert!(error.may_want_other_form());
}

#[test]
fn a_certificate_for_another_key_is_found_at_set_up() {
    let organisation = Organisation::new();
    let other = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let authority = organisation.authority(&other, "alice.example.org");
    let settings = tls::Settings::new(key()).authority(authority);
    let error = settings.connector().unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::ForeignCertificate);
    let error = settings.acceptor().unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::ForeignCertificate);
    let error = tls::Authority::from_pem(b"", b"").unwrap_err();
    assert_eq!(error.kind(), tls::SetupErrorKind::Chain);
}
