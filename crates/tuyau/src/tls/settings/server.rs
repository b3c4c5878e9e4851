//! The serving side.

use std::sync::Arc;

use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring::Ticketer,
    server::{
        AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage, ResolvesServerCert,
        WebPkiClientVerifier, danger::ClientCertVerifier,
    },
    sign::{CertifiedKey, SingleCertAndKey},
};

use super::{ClientCertificates, Proof, Settings, SetupError, SetupErrorKind};
use crate::tls::{
    Acceptor, CertificateForm,
    error::{Scene, Side},
    peer::{ClientVerifier, Means},
    proof::{raw, self_signed},
    session::Configs,
};

impl Settings {
    /// Makes the serving side.
    ///
    /// # Errors
    /// When there is nothing to prove, a certificate cannot be made, the authority's is not for our
    /// key, or nothing says how to judge the clients that are asked for certificates.
    pub fn acceptor(&self) -> Result<Acceptor, SetupError> {
        let scene = Scene {
            peer: Side::Client,
            dealings: self.dealings(),
            format: self.format,
        };
        Ok(Acceptor::new(self.configs()?, scene, self.patience.clone()))
    }

    fn configs(&self) -> Result<Configs, SetupError> {
        use CertificateForm::{RawKey, X509};
        let key = match &self.proof {
            Proof::Nothing => return Err(SetupErrorKind::NothingToProve.into()),
            Proof::Key(key) => key,
            Proof::CertifiedKey(key, authority) => {
                return self.x509_config(authority.certified(key)?.into());
            }
            Proof::Credentials(credentials) => return self.x509_config(credentials.certified()),
        };
        let x509 = SingleCertAndKey::from(self_signed(key, &self.subject)?);
        let x509: Arc<dyn ResolvesServerCert> = Arc::new(x509);
        let raw = AlwaysResolvesServerRawPublicKeys::new(Arc::new(raw(key)));
        let raw: Arc<dyn ResolvesServerCert> = Arc::new(raw);
        Ok(Configs::Any {
            #[cfg(feature = "quic")]
            form: self.form,
            raw_raw: self.server(raw.clone(), RawKey)?,
            raw_x509: self.server(raw, X509)?,
            x509_raw: self.server(x509.clone(), RawKey)?,
            x509_x509: self.server(x509, X509)?,
        })
    }

    fn x509_config(&self, certified: Arc<CertifiedKey>) -> Result<Configs, SetupError> {
        let resolver = Arc::new(SingleCertAndKey::from(certified));
        self.server(resolver, CertificateForm::X509)
            .map(Configs::X509)
    }

    fn server(
        &self,
        resolver: Arc<dyn ResolvesServerCert>,
        client_form: CertificateForm,
    ) -> Result<Arc<ServerConfig>, SetupError> {
        let fail = |error| SetupError::new(SetupErrorKind::Provider, error);
        let builder = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(self.versions()?)
            .map_err(fail)?;
        let builder = match self.client_verifier(client_form)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(resolver);
        config.alpn_protocols.clone_from(&self.alpn);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        // A ticket would outlive the certificate that its client proved itself with.
        match self.by_identity() || self.clients != ClientCertificates::None {
            true => config.send_tls13_tickets = 0,
            false => config.ticketer = Ticketer::new().map_err(fail)?,
        }
        Ok(Arc::new(config))
    }

    fn client_verifier(
        &self,
        form: CertificateForm,
    ) -> Result<Option<Arc<dyn ClientCertVerifier>>, SetupError> {
        if self.clients == ClientCertificates::None {
            return Ok(None);
        }
        let chain = match (self.authenticator.means(), &self.proof) {
            (Means::Roots(roots), _) => Some(self.chain_verifier(roots.clone())?),
            (Means::Identity | Means::Anyone, Proof::CertifiedKey(_, authority)) => {
                Some(self.chain_verifier(authority.roots())?)
            }
            (Means::Identity | Means::Anyone, _) => None,
            (Means::RawKey | Means::PinnedKey, _) => {
                return Err(SetupErrorKind::NoClientRoots.into());
            }
        };
        Ok(Some(Arc::new(ClientVerifier {
            demand: self.demand(form),
            chain,
            mandatory: self.clients == ClientCertificates::Required,
        })))
    }

    fn chain_verifier(
        &self,
        roots: Arc<RootCertStore>,
    ) -> Result<Arc<dyn ClientCertVerifier>, SetupError> {
        WebPkiClientVerifier::builder_with_provider(roots, self.provider.clone())
            .build()
            .map_err(|error| SetupError::new(SetupErrorKind::Roots, error))
    }
}
