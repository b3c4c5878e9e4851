//! A verdict that is wanted where rustls' error does not get to: QUIC hands on its text alone.

use std::sync::{Arc, Mutex, PoisonError};

use rustls::{
    DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use super::ServerVerifier;
use crate::tls::Kind;

/// Where the refusal of one handshake is kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Verdict(Arc<Mutex<Option<Kind>>>);

impl Verdict {
    /// Why the server was refused, if it was.
    pub(crate) fn take(&self) -> Option<Kind> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.take()
    }

    fn keep<T>(&self, verdict: Result<T, rustls::Error>) -> Result<T, rustls::Error> {
        if let Err(error) = &verdict {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            *kept = Some(error.clone().into());
        }
        verdict
    }
}

/// The verifier of one handshake, which keeps its refusal.
#[derive(Debug)]
pub(in crate::tls) struct Overheard {
    pub(in crate::tls) verifier: ServerVerifier,
    pub(in crate::tls) verdict: Verdict,
}

impl ServerCertVerifier for Overheard {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verifier = &self.verifier;
        let verdict = verifier.verify_server_cert(leaf, intermediates, name, ocsp_response, now);
        self.verdict.keep(verdict)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let verdict = self
            .verifier
            .verify_tls12_signature(message, presented, signature);
        self.verdict.keep(verdict)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let verdict = self
            .verifier
            .verify_tls13_signature(message, presented, signature);
        self.verdict.keep(verdict)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.verifier.requires_raw_public_keys()
    }
}
