//! Certificates that chain to an authority.

use std::{fmt, sync::Arc};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
    sign::CertifiedKey,
};

use super::{CertificateForm, KeyPair, SetupError, SetupErrorKind, certificate::key_of};

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
        let mut store = RootCertStore::empty();
        for root in certificates(roots, SetupErrorKind::Roots)? {
            let added = store.add(root);
            added.map_err(|error| SetupError::new(SetupErrorKind::Roots, error))?;
        }
        let roots = Arc::new(store);
        Ok(Self { chain, roots })
    }

    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    pub(super) fn certified(&self, key: &KeyPair) -> Result<CertifiedKey, SetupError> {
        let leaf = key_of(&self.chain[0], CertificateForm::X509)
            .map_err(|error| SetupError::new(SetupErrorKind::Chain, error))?;
        if leaf != Some(key.public_key()) {
            return Err(SetupErrorKind::ForeignCertificate.into());
        }
        Ok(CertifiedKey::new(self.chain.clone(), key.signer()))
    }
}

fn certificates(
    pem: &[u8],
    kind: SetupErrorKind,
) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| SetupError::new(kind, error))?;
    if found.is_empty() {
        return Err(kind.into());
    }
    Ok(found)
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("chain", &self.chain.len())
            .field("roots", &self.roots.len())
            .finish()
    }
}
