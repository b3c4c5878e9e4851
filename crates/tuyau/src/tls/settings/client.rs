//! The dialling side.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert, Resumption},
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::{Proof, Settings, SetupError, SetupErrorKind};
use crate::tls::{
    CertificateForm, Connector,
    peer::{Means, ServerVerifier},
    proof::{raw, self_signed},
};

/// For how many servers tickets are kept, so that the next connection to one resumes.
const SERVERS: usize = 64;

impl Settings {
    /// Makes the dialling side.
    ///
    /// # Errors
    /// When a certificate cannot be made, or the authority's is not for our key.
    pub fn connector(&self) -> Result<Connector, SetupError> {
        let verifier = ServerVerifier {
            demand: self.demand(self.wanted_form()),
            roots: self.server_roots(),
        };
        let builder = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(self.versions()?)
            .map_err(|error| SetupError::new(SetupErrorKind::Provider, error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.clone()));
        let mut config = match self.client_proof()? {
            Some(resolver) => builder.with_client_cert_resolver(resolver),
            None => builder.with_no_client_auth(),
        };
        // A ticket proves no key: whoever asks for one gets a whole handshake. Without an authority a
        // server's name says nothing, and its tickets could be shown to another one.
        let resumes = !self.by_identity() && verifier.roots.is_some();
        config.resumption = match resumes {
            true => Resumption::in_memory_sessions(SERVERS),
            false => Resumption::disabled(),
        };
        config.alpn_protocols.clone_from(&self.alpn);
        Ok(Connector {
            config: Arc::new(config),
            verifier,
            anyone: matches!(self.authenticator.means(), Means::Anyone),
            resumes,
            dealings: self.dealings(),
            format: self.format,
            patience: self.patience.clone(),
        })
    }

    /// The form in which a server has to prove its key.
    fn wanted_form(&self) -> CertificateForm {
        use CertificateForm::{RawKey, X509};
        match (self.authenticator.means(), &self.proof) {
            (Means::RawKey, _) => RawKey,
            (_, Proof::CertifiedKey(..)) => X509,
            (Means::Identity | Means::Anyone, Proof::Key(_)) => self.form,
            _ => X509,
        }
    }

    fn server_roots(&self) -> Option<Arc<RootCertStore>> {
        match (self.authenticator.means(), &self.proof) {
            (Means::Roots(roots), _) => Some(roots.clone()),
            (Means::Identity | Means::Anyone, Proof::CertifiedKey(_, it)) => Some(it.roots()),
            _ => None,
        }
    }

    fn client_proof(&self) -> Result<Option<Arc<dyn ResolvesClientCert>>, SetupError> {
        let certified: Arc<CertifiedKey> = match &self.proof {
            Proof::Nothing => return Ok(None),
            Proof::Credentials(credentials) => credentials.certified(),
            Proof::CertifiedKey(key, authority) => authority.certified(key)?.into(),
            Proof::Key(key) if self.form == CertificateForm::RawKey => {
                let raw = Arc::new(raw(key));
                return Ok(Some(Arc::new(AlwaysResolvesClientRawPublicKeys::new(raw))));
            }
            Proof::Key(key) => self_signed(key, &self.subject)?.into(),
        };
        Ok(Some(Arc::new(SingleCertAndKey::from(certified))))
    }
}
