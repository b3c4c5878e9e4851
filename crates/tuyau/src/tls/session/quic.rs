//! What QUIC, which does TLS in packets of its own, takes from both sides.

use std::{borrow::Cow, sync::Arc};

use rustls::{
    CipherSuite, ClientConfig, ProtocolVersion, ServerConfig, client::Resumption,
    pki_types::CertificateDer,
};
use tuyau_core::Security;

use super::{Acceptor, Configs, Connector, Negotiated, knowledge::Knowledge};
use crate::tls::{
    CertificateForm, Error, Kind, Peer,
    peer::{Overheard, Verdict},
};

/// What one handshake over QUIC is made with.
pub(crate) struct Prepared {
    pub(crate) config: ClientConfig,
    pub(crate) name: Cow<'static, str>,
    pub(crate) verdict: Verdict,
}

impl Connector {
    /// The configuration for a session with `peer`; every connection proves its keys.
    pub(crate) fn prepare_quic(&self, peer: &Peer) -> Result<Prepared, Error> {
        let (config, name) = self.prepare(peer).map_err(|kind| self.error(kind))?;
        let mut verifier = self.verifier.clone();
        verifier.demand.expected = peer.expected();
        let verdict = Verdict::default();
        let mut config = ClientConfig::clone(&config);
        config.resumption = Resumption::disabled();
        let overheard = Overheard {
            verifier,
            verdict: verdict.clone(),
        };
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(overheard));
        let name = name.to_str().into_owned().into();
        Ok(Prepared {
            config,
            name,
            verdict,
        })
    }

    pub(crate) fn protection(&self) -> Security {
        match self.anyone {
            true => Security::Encrypted,
            false => Security::Authenticated,
        }
    }

    /// An error about the server.
    pub(crate) fn error(&self, kind: Kind) -> Error {
        self.scene().error(kind)
    }
}

impl Acceptor {
    /// The configuration for sessions over QUIC, where both sides use one form of key: QUIC shows
    /// what a client offers too late to choose by it.
    pub(crate) fn quic_config(&self) -> ServerConfig {
        let config = match &*self.configs {
            Configs::X509(config) => config,
            Configs::Any {
                form: CertificateForm::RawKey,
                raw_raw,
                ..
            } => raw_raw,
            Configs::Any { x509_x509, .. } => x509_x509,
        };
        let mut config = ServerConfig::clone(config);
        config.send_tls13_tickets = 0;
        config
    }

    /// An error about a client.
    pub(crate) fn error(&self, kind: Kind) -> Error {
        self.scene.error(kind)
    }
}

impl Knowledge {
    /// What a handshake over QUIC made known.
    pub(crate) fn over_quic(
        presented: &[CertificateDer<'static>],
        alpn: Option<Vec<u8>>,
    ) -> Result<Self, Kind> {
        let negotiated = Negotiated {
            version: ProtocolVersion::TLSv1_3,
            cipher_suite: None::<CipherSuite>,
            alpn: alpn.map(Into::into),
            resumed: false,
        };
        Self::new(presented, negotiated)
    }
}
