//! An ordinary certificate with its private key.

use std::{fmt, path::Path, sync::Arc};

use rustls::{
    InconsistentKeys,
    pki_types::{PrivateKeyDer, pem::SectionKind},
    sign::CertifiedKey,
};

use super::pem::{Fault, Line, Section, certificates, read, sections};
use crate::tls::{SetupError, SetupErrorKind, default_provider};

/// An X.509 certificate chain and the private key of its first certificate, of any algorithm that the
/// crypto provider signs with: ECDSA (P-256, P-384), RSA, Ed25519. Printing shows no secret.
#[derive(Clone)]
pub struct Credentials(Arc<CertifiedKey>);

impl Credentials {
    /// Reads a chain, the own certificate first, and its private key (PKCS#8, SEC 1 or PKCS#1, not
    /// encrypted), each as PEM. Both may stand in one text, which is then given twice.
    ///
    /// # Errors
    /// When one of them does not parse, or the key is not that of the first certificate.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, SetupError> {
        let chain = certificates(chain, SetupErrorKind::Chain)?;
        let (line, key) = private_key(key)?;
        let fail = |error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                SetupErrorKind::ForeignKey.into()
            }
            rustls::Error::InvalidCertificate(_) => SetupError::new(SetupErrorKind::Chain, error),
            error => SetupError::new(SetupErrorKind::PrivateKey, error).at(Line(line)),
        };
        let certified = CertifiedKey::from_der(chain, key, &default_provider()).map_err(fail)?;
        Ok(Self(Arc::new(certified)))
    }

    /// Reads the files of a chain and of its private key, as [`from_pem`](Self::from_pem) does.
    ///
    /// # Errors
    /// As there, and when a file cannot be read; the error names the file.
    pub fn from_files(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, SetupError> {
        let (chain_path, key_path) = (chain.as_ref(), key.as_ref());
        let chain = read(chain_path, SetupErrorKind::Chain)?;
        let key = read(key_path, SetupErrorKind::PrivateKey)?;
        Self::from_pem(&chain, &key).map_err(|error| {
            let path = match error.kind() {
                SetupErrorKind::PrivateKey | SetupErrorKind::ForeignKey => key_path,
                _ => chain_path,
            };
            error.at(path.display())
        })
    }

    pub(in crate::tls) fn certified(&self) -> Arc<CertifiedKey> {
        self.0.clone()
    }
}

/// The only private key of a PEM text, and its line.
fn private_key(pem: &[u8]) -> Result<(usize, PrivateKeyDer<'static>), SetupError> {
    let kind = SetupErrorKind::PrivateKey;
    let sections = sections(pem, kind)?;
    let mut found = sections.iter().filter_map(as_private_key);
    let Some(key) = found.next() else {
        let encrypted = contains(pem, b"-----BEGIN ENCRYPTED PRIVATE KEY-----");
        let fault = if encrypted {
            Fault::Encrypted
        } else {
            Fault::NoKey
        };
        return Err(SetupError::new(kind, fault));
    };
    if found.next().is_some() {
        return Err(SetupError::new(kind, Fault::SeveralKeys));
    }
    Ok(key)
}

fn as_private_key(section: &Section) -> Option<(usize, PrivateKeyDer<'static>)> {
    let der = || section.der.to_vec();
    let key = match section.kind {
        SectionKind::PrivateKey => PrivateKeyDer::Pkcs8(der().into()),
        SectionKind::RsaPrivateKey => PrivateKeyDer::Pkcs1(der().into()),
        SectionKind::EcPrivateKey => PrivateKeyDer::Sec1(der().into()),
        _ => return None,
    };
    Some((section.line, key))
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("chain", &self.0.cert.len())
            .finish_non_exhaustive()
    }
}
