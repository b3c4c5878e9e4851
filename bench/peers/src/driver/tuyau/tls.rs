//! Keys, and TLS in which each side proves its own.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        AlwaysResolvesClientRawPublicKeys, Resumption,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, ring::sign::any_eddsa_type,
        verify_tls13_signature_with_raw_key,
    },
    pki_types::{
        CertificateDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
    },
    sign::{CertifiedKey, SigningKey},
};
use tuyau_wire::SecretKey;

use crate::{Name, keys};

/// The router's key.
pub(super) fn router() -> SecretKey {
    SecretKey::from_seed([9; 32])
}

/// The key of a client, or of a group.
pub(super) fn key(name: Name) -> SecretKey {
    let (kind, number) = match name {
        Name::One(number) => (1, number),
        Name::Group(number) => (2, number),
    };
    let mut seed = [kind; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    SecretKey::from_seed(seed)
}

/// How a client proves its key and asks for the router's; made once for each.
pub(super) fn config(name: Name) -> Arc<ClientConfig> {
    static MADE: LazyLock<Mutex<HashMap<Name, Arc<ClientConfig>>>> = LazyLock::new(Mutex::default);
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| keys::provider().into());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let config = made
        .entry(name)
        .or_insert_with(|| make(&PROVIDER, &key(name)));
    config.clone()
}

fn make(provider: &Arc<CryptoProvider>, key: &SecretKey) -> Arc<ClientConfig> {
    let verifier = Router {
        key: raw(&router()).0,
        algorithms: provider.signature_verification_algorithms,
    };
    let (certificate, signer) = raw(key);
    let resolver =
        AlwaysResolvesClientRawPublicKeys::new(CertifiedKey::new(vec![certificate], signer).into());
    let mut config = ClientConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .expect("the provider has what TLS 1.3 needs")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(resolver));
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// A key as TLS shows it (RFC 7250), and what signs with it.
fn raw(key: &SecretKey) -> (CertificateDer<'static>, Arc<dyn SigningKey>) {
    let der = PrivatePkcs8KeyDer::from(key.to_pkcs8_der().to_vec());
    let signer = any_eddsa_type(&der).expect("an Ed25519 key");
    let public = signer.public_key().expect("the public half of it");
    (CertificateDer::from(public.to_vec()), signer)
}

/// Takes the router's key and no other.
#[derive(Debug)]
struct Router {
    key: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Router {
    fn verify_server_cert(
        &self,
        key: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match *key == self.key {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("TLS 1.3 alone is spoken".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        key: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(key.as_ref());
        verify_tls13_signature_with_raw_key(message, &key, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
