//! Certificates that chain to an authority.

use std::{fmt, sync::Arc};

use rustls::{RootCertStore, pki_types::CertificateDer, sign::CertifiedKey};

use super::{CertificateForm, KeyPair, PublicKey, certificates, roots, spki_of};
use crate::tls::{SetupError, SetupErrorKind};

/// The authority of an organisation: the roots that every peer's certificate must chain to, and the
/// chain of our own.
///
/// With it, both sides present X.509 only. A server's name is checked against its certificate when
/// the dialling side expects no particular key; when it does, the key is the stronger proof and the
/// name is not asked for. A client's certificate is checked for its chain alone.
#[derive(Clone)]
pub struct Authority {
    chain: Vec<CertificateDer<'static>>,
    roots: Arc<RootCertStore>,
}

impl Authority {
    /// Reads our own chain, the leaf first, and the roots, each one or more PEM certificates. The
    /// leaf must hold our key pair's public key; that is checked when a connector or acceptor is made.
    ///
    /// # Errors
    /// When one of them does not parse or is empty.
    pub fn from_pem(chain: &[u8], roots: &[u8]) -> Result<Self, SetupError> {
        let chain = certificates(chain, SetupErrorKind::Chain)?;
        let roots = Arc::new(self::roots(roots)?);
        Ok(Self { chain, roots })
    }

    pub(in crate::tls) fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    pub(in crate::tls) fn certified(&self, key: &KeyPair) -> Result<CertifiedKey, SetupError> {
        let leaf = spki_of(&self.chain[0], CertificateForm::X509)
            .map_err(|error| SetupError::new(SetupErrorKind::Chain, error))?;
        if PublicKey::from_spki_der(&leaf) != Some(key.public_key()) {
            return Err(SetupErrorKind::ForeignCertificate.into());
        }
        Ok(CertifiedKey::new(self.chain.clone(), key.signer()))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("chain", &self.chain.len())
            .field("roots", &self.roots.len())
            .finish()
    }
}
