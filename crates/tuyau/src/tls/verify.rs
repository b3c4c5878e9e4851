//! Judging what a peer presents.

use std::{error::Error, fmt, sync::Arc};

use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, OtherError, PeerIncompatible,
    PeerMisbehaved, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls13_signature_with_raw_key},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

use super::{CertificateForm, PublicKey, certificate::key_of};

/// Accepts a peer by its Ed25519 key, in one of the two forms, and in front of that by its chain
/// where there is an authority.
#[derive(Clone, Debug)]
pub(super) struct Verifier {
    pub(super) provider: Arc<CryptoProvider>,
    pub(super) form: CertificateForm,
    /// The only key that is accepted, when one is expected.
    pub(super) expected: Option<PublicKey>,
    pub(super) chain: Chain,
}

/// What must certify a key.
#[derive(Clone, Debug)]
pub(super) enum Chain {
    /// Nothing: the key is the identity.
    None,
    /// As a client: a chain to these roots.
    Server(Arc<RootCertStore>),
    /// As a server: what this verifier demands of a chain.
    Client(Arc<dyn ClientCertVerifier>),
}

/// Why a peer's key was refused, as it travels through rustls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    UnsupportedKey,
    WrongKey {
        expected: PublicKey,
        found: PublicKey,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnsupportedKey => "unsupported key",
            Self::WrongKey { .. } => "wrong key",
        })
    }
}

impl Error for Refusal {}

impl From<Refusal> for rustls::Error {
    fn from(refusal: Refusal) -> Self {
        CertificateError::Other(OtherError(Arc::new(refusal))).into()
    }
}

impl Refusal {
    pub(super) fn of(error: &CertificateError) -> Option<Self> {
        match error {
            CertificateError::Other(OtherError(inner)) => inner.downcast_ref().copied(),
            _ => None,
        }
    }
}

impl Verifier {
    fn key(&self, presented: &CertificateDer<'_>) -> Result<PublicKey, rustls::Error> {
        let key = key_of(presented, self.form)?;
        match key {
            Some(key) if !key.is_weak() => Ok(key),
            _ => Err(Refusal::UnsupportedKey.into()),
        }
    }

    fn check_key(&self, presented: &CertificateDer<'_>) -> Result<(), rustls::Error> {
        let found = self.key(presented)?;
        match self.expected {
            Some(expected) if expected != found => {
                Err(Refusal::WrongKey { expected, found }.into())
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
        if signature.scheme != SignatureScheme::ED25519 {
            return Err(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme.into());
        }
        let key = self.key(presented)?.spki();
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    /// All schemes of the provider, ours first, although only ours is accepted: so that a peer with
    /// another kind of key presents it and can be told what is wrong with it.
    fn schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let mut schemes = algorithms.supported_schemes();
        schemes.retain(|scheme| *scheme != SignatureScheme::ED25519);
        schemes.insert(0, SignatureScheme::ED25519);
        schemes
    }

    fn check_server_chain(
        &self,
        roots: &RootCertStore,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), rustls::Error> {
        let parsed = ParsedCertificate::try_from(leaf)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&parsed, roots, intermediates, now, algorithms)?;
        match self.expected {
            Some(_) => Ok(()),
            None => verify_server_name(&parsed, name),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.check_key(end_entity)?;
        if let Chain::Server(roots) = &self.chain {
            self.check_server_chain(roots, end_entity, intermediates, server_name, now)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.form == CertificateForm::RawKey
    }
}

impl ClientCertVerifier for Verifier {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        match &self.chain {
            Chain::Client(base) => base.root_hint_subjects(),
            Chain::None | Chain::Server(_) => &[],
        }
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.check_key(end_entity)?;
        match &self.chain {
            Chain::Client(base) => base.verify_client_cert(end_entity, intermediates, now),
            Chain::None | Chain::Server(_) => Ok(ClientCertVerified::assertion()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.check_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.form == CertificateForm::RawKey
    }
}
