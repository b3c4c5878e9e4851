//! Judging what a peer presents.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, DistinguishedName, PeerIncompatible, PeerMisbehaved, RootCertStore,
    SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{Expected, Pin, Refusal, witness};
use crate::tls::{CertificateForm, PublicKey, proof::spki_of};

/// What the key of a peer must be, on either side.
#[derive(Clone, Debug)]
pub(in crate::tls) struct Demand {
    pub(in crate::tls) provider: Arc<CryptoProvider>,
    pub(in crate::tls) form: CertificateForm,
    /// Whether it must be a sound Ed25519 key.
    pub(in crate::tls) identity: bool,
    /// The only key that is accepted, when one is expected.
    pub(in crate::tls) expected: Option<Expected>,
    schemes: Arc<[SignatureScheme]>,
}

/// What a peer with a key that is no identity signs with, most likely.
const OTHERS: [SignatureScheme; 2] = [
    SignatureScheme::ECDSA_NISTP256_SHA256,
    SignatureScheme::RSA_PSS_SHA256,
];

impl Demand {
    /// `lone` is a key that nothing but itself vouches for.
    ///
    /// Signatures are accepted by the schemes of the provider, Ed25519 first. Where only that one is
    /// accepted some others are offered too, so that a peer with another kind of key presents it and can
    /// be told what is wrong.
    pub(in crate::tls) fn new(
        provider: Arc<CryptoProvider>,
        form: CertificateForm,
        identity: bool,
        lone: bool,
    ) -> Self {
        let mut schemes = provider
            .signature_verification_algorithms
            .supported_schemes();
        // Stable: the others stay in the provider's order.
        schemes.sort_by_key(|scheme| *scheme != SignatureScheme::ED25519);
        if identity && lone {
            let offered = |it: &_| *it == SignatureScheme::ED25519 || OTHERS.contains(it);
            schemes.retain(offered);
        }
        Self {
            provider,
            form,
            identity,
            expected: None,
            schemes: schemes.into(),
        }
    }

    fn key<'a>(&self, presented: &'a CertificateDer<'_>) -> Result<Key<'a>, rustls::Error> {
        let spki = spki_of(presented, self.form)?;
        match PublicKey::from_spki_der(&spki) {
            Some(key) if key.is_weak() => Err(Refusal::UnsupportedKey.into()),
            None if self.identity => Err(Refusal::UnsupportedKey.into()),
            ed25519 => Ok(Key { spki, ed25519 }),
        }
    }

    fn check_key(&self, presented: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let found = self.key(presented)?;
        let Expected { key, pin } = self.expected.unwrap_or_default();
        match (key, found.ed25519) {
            (Some(_), None) => return Err(Refusal::UnsupportedKey.into()),
            (Some(expected), Some(found)) if expected != found => {
                return Err(Refusal::WrongKey { expected, found }.into());
            }
            _ => {}
        }
        match pin.map(|expected| (expected, Pin::of_spki_der(&found.spki))) {
            Some((expected, found)) if expected != found => {
                Err(Refusal::WrongPin { expected, found }.into())
            }
            _ => Ok(()),
        }
    }

    /// Verifies that the peer holds the key: its signature over the handshake (RFC 8446, 4.4.3).
    fn check_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.identity && signature.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        let key = self.key(presented)?.spki;
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    /// The same in TLS 1.2 (RFC 5246, section 7.4.3), which knows neither raw keys nor identities here.
    fn check_old_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        if self.identity || self.form == CertificateForm::RawKey {
            return Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into());
        }
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, presented, signature, algorithms)
    }
}

/// The key that a peer presents.
struct Key<'a> {
    spki: SubjectPublicKeyInfoDer<'a>,
    ed25519: Option<PublicKey>,
}

/// What both of rustls' verifiers ask about signatures, answered by their [`Demand`].
macro_rules! signatures_by_demand {
    () => {
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            presented: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let verdict = self
                .demand
                .check_old_signature(message, presented, signature);
            witness::of(presented, verdict)
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            presented: &CertificateDer<'_>,
            signature: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            let verdict = self.demand.check_signature(message, presented, signature);
            witness::of(presented, verdict)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.demand.schemes.to_vec()
        }

        fn requires_raw_public_keys(&self) -> bool {
            self.demand.form == CertificateForm::RawKey
        }
    };
}

/// Judges a server by its key, and by its chain and name where there are roots.
#[derive(Clone, Debug)]
pub(in crate::tls) struct ServerVerifier {
    pub(in crate::tls) demand: Demand,
    pub(in crate::tls) roots: Option<Arc<RootCertStore>>,
}

impl ServerVerifier {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        self.demand.check_key(leaf)?;
        let Some(roots) = &self.roots else {
            return Ok(());
        };
        let parsed = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.demand.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        match self.demand.expected {
            Some(_) => Ok(()),
            None => verify_server_name(&parsed, name),
        }
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        witness::of(leaf, self.check(leaf, intermediates, name, now))?;
        Ok(ServerCertVerified::assertion())
    }

    signatures_by_demand!();
}

/// Judges a client by its key, and by its chain where there are roots.
#[derive(Clone, Debug)]
pub(in crate::tls) struct ClientVerifier {
    pub(in crate::tls) demand: Demand,
    /// What judges chains.
    pub(in crate::tls) chain: Option<Arc<dyn ClientCertVerifier>>,
    /// Whether a client without certificate is refused.
    pub(in crate::tls) mandatory: bool,
}

impl ClientVerifier {
    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        self.demand.check_key(leaf)?;
        match &self.chain {
            Some(chain) => chain
                .verify_client_cert(leaf, intermediates, now)
                .map(|_| ()),
            None => Ok(()),
        }
    }
}

impl ClientCertVerifier for ClientVerifier {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.chain {
            Some(chain) => chain.root_hint_subjects(),
            None => &[],
        }
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        witness::of(leaf, self.check(leaf, intermediates, now))?;
        Ok(ClientCertVerified::assertion())
    }

    signatures_by_demand!();
}
