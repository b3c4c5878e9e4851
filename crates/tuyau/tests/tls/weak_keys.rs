//! Ed25519 keys for which anyone can sign: points of small order are nobody's identity.

use std::sync::Arc;

use rustls::{
    SignatureAlgorithm, SignatureScheme,
    client::AlwaysResolvesClientRawPublicKeys,
    pki_types::CertificateDer,
    server::AlwaysResolvesServerRawPublicKeys,
    sign::{CertifiedKey, Signer, SigningKey},
    version::TLS13,
};
use tuyau::{
    mem,
    tls::{self, Authenticator, PublicKey, Settings},
};
use tuyau_core::Acceptor as _;

use crate::support::{acceptor, client, connector, dial, drive, key, server, stranger};

/// The neutral element (RFC 8032, section 5.1.2).
const NEUTRAL: [u8; 32] = {
    let mut point = [0; 32];
    point[0] = 1;
    point
};

/// Signs whatever it is for the neutral element, without any secret: with it as both the key and the point
/// of the signature, and the number 0, the equation of RFC 8032, section 5.1.7, holds for every message.
#[derive(Debug)]
struct Nobody;

impl SigningKey for Nobody {
    fn choose_scheme(&self, _offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        Some(Box::new(Self))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::ED25519
    }
}

impl Signer for Nobody {
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        Ok([NEUTRAL, [0; 32]].concat())
    }

    fn scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}

/// The weak key as a raw one (RFC 8410, section 4).
fn nobody() -> Arc<CertifiedKey> {
    let spki = [&key().public_key().to_spki_der()[..12], &NEUTRAL].concat();
    let raw = CertificateDer::from(spki);
    Arc::new(CertifiedKey::new(vec![raw], Arc::new(Nobody)))
}

/// Were the signature not valid for the key, the other tests would pass without any guard.
#[test]
fn the_signature_of_nobody_is_valid() {
    let signature = [NEUTRAL, [0; 32]].concat().try_into().unwrap();
    let signature = ed25519_dalek::Signature::from_bytes(&signature);
    let key = ed25519_dalek::VerifyingKey::from_bytes(&NEUTRAL).unwrap();
    ed25519_dalek::Verifier::verify(&key, b"whatever", &signature).unwrap();
}

#[tokio::test]
async fn a_server_with_a_key_that_anyone_can_sign_for_is_refused() {
    let careless = Settings::new(key()).authenticator(Authenticator::danger_accept_anyone());
    for (connector, peer) in [
        (connector(&key()), tls::Peer::key(PublicKey(NEUTRAL))),
        (careless.connector().unwrap(), tls::Peer::default()),
    ] {
        let (near, mut far) = mem::pair();
        let resolver = Arc::new(AlwaysResolvesServerRawPublicKeys::new(nobody()));
        let serving = drive(server(&TLS13, true, resolver), &mut far);
        let dialling = async { dial(&connector, near, peer).await.map(drop) };
        let (refused, _) = tokio::join!(dialling, serving);
        let error = refused.unwrap_err();
        assert!(matches!(error.kind(), tls::Kind::UnsupportedKey), "{error}");
    }
}

#[tokio::test]
async fn a_client_with_a_key_that_anyone_can_sign_for_is_refused() {
    let resolver = Arc::new(AlwaysResolvesClientRawPublicKeys::new(nobody()));
    let config = stranger(&TLS13, true).with_client_cert_resolver(resolver);
    let (mut near, far) = mem::pair();
    let accepting = async { acceptor(&key()).accept(far).await.unwrap_err() };
    let (_, error) = tokio::join!(drive(client(config), &mut near), accepting);
    assert!(matches!(error.kind(), tls::Kind::UnsupportedKey), "{error}");
}
