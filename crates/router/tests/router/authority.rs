//! Routers and services that an authority vouches for.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa};
use rustls::AlertDescription;
use tuyau::{stack::Stack, tls};

use crate::support::{
    TestRouter, key, raw::refused_by_tls, stack, stack_with, start, witness::Witness,
};

struct Organisation(CertifiedIssuer<'static, rcgen::KeyPair>);

impl Organisation {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    /// The key of a seed with a certificate of this organisation, and whom that key trusts.
    fn vouch(&self, seed: u8, trusts: &Self) -> tls::Authority {
        let pair = rcgen::KeyPair::try_from(&key(seed).to_pkcs8_der()[..]).unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".into()]).unwrap();
        let certificate = params.signed_by(&pair, &self.0).unwrap();
        let (chain, roots) = (certificate.pem(), trusts.0.pem());
        tls::Authority::from_pem(chain.as_bytes(), roots.as_bytes()).unwrap()
    }

    async fn router(&self) -> TestRouter {
        start(|settings| settings.authority = Some(self.vouch(100, self))).await
    }

    fn member(&self, seed: u8) -> Stack {
        stack_with(seed, |settings| settings.authority(self.vouch(seed, self)))
    }
}

#[tokio::test]
async fn members_are_served() {
    let organisation = Organisation::new("ours");
    let router = organisation.router().await;
    let mut peer = router.greet(1, &organisation.member(1)).await;
    let record = peer.record("tls://127.0.0.1:9");
    assert_eq!(peer.listen(record).await, None);
    assert_eq!(router.state().await, (1, vec![key(1).identity()]));
}

/// A stranger is refused, and members go on.
async fn refused(stranger: impl AsyncFnOnce(&TestRouter) -> String, told: &str) {
    let organisation = Organisation::new("ours");
    let mut router = organisation.router().await;
    let (sender, recipient) = (organisation.member(201), organisation.member(202));
    let mut witness = Witness::with(&router, &sender, &recipient).await;
    let alert = stranger(&router).await;
    witness.talk().await;
    let event = router
        .event(|event| (event.name() == "handshake-failed").then(|| event.to_string()))
        .await;
    assert!(event.contains(told), "{event}; the peer was told {alert}");
    witness.check(&router).await;
}

#[tokio::test]
async fn a_member_of_another_organisation_is_refused() {
    let stranger = async |router: &TestRouter| {
        let other = Organisation::new("theirs");
        let params = CertificateParams::new(vec!["peer.test".into()]).unwrap();
        let signing_key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let cert = params.signed_by(&signing_key, &other.0).unwrap();
        let certified = rcgen::CertifiedKey { cert, signing_key };
        let (error, _) = refused_by_tls(router, Some(certified)).await;
        let alert = AlertDescription::UnknownCA;
        assert_eq!(error, rustls::Error::AlertReceived(alert));
        error.to_string()
    };
    refused(stranger, "does not chain to a trusted authority").await;
}

#[tokio::test]
async fn a_peer_without_certificate_is_refused() {
    let stranger = async |router: &TestRouter| {
        let (error, _) = refused_by_tls(router, None).await;
        let alert = AlertDescription::CertificateRequired;
        assert_eq!(error, rustls::Error::AlertReceived(alert));
        error.to_string()
    };
    refused(stranger, "the client presented no certificate").await;
}

#[tokio::test]
async fn a_raw_key_is_not_enough() {
    let stranger = async |router: &TestRouter| {
        let error = router.try_connect(1, &stack(1)).await.err().unwrap();
        assert!(
            error.contains("the server refused with the alert"),
            "{error}"
        );
        error
    };
    let told = "the client does not take this form of key; try the other one, raw key or X.509";
    refused(stranger, told).await;
}

#[tokio::test]
async fn a_certificate_that_nobody_signed_is_not_enough() {
    let stranger = async |router: &TestRouter| {
        let certificate = rcgen::generate_simple_self_signed(vec!["peer.test".into()]).unwrap();
        let (error, _) = refused_by_tls(router, Some(certificate)).await;
        error.to_string()
    };
    refused(stranger, "the client's key is not a sound Ed25519 key").await;
}
