//! The two forms in which a key travels, and how it is found in them.

use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SerialNumber};
use rustls::{
    CertificateError,
    pki_types::{CertificateDer, SubjectPublicKeyInfoDer},
    server::ParsedCertificate,
    sign::CertifiedKey,
};

use super::KeyPair;
use crate::tls::{SetupError, SetupErrorKind};

/// The form in which a peer presented its key; information of a TLS flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateForm {
    /// A raw public key (RFC 7250): the key and nothing else.
    RawKey,
    /// An X.509 certificate that holds the key.
    X509,
}

impl std::fmt::Display for CertificateForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::RawKey => "raw public key",
            Self::X509 => "X.509",
        })
    }
}

/// Our key as rustls presents it in the form of a raw public key.
pub(in crate::tls) fn raw(key: &KeyPair) -> CertifiedKey {
    let spki = CertificateDer::from(key.public_key().to_spki_der());
    CertifiedKey::new(vec![spki], key.signer())
}

/// Our key in a self-signed certificate, valid from 1970 to 9999: the key is what counts, and it
/// does not expire.
pub(in crate::tls) fn self_signed(
    key: &KeyPair,
    subject: &str,
) -> Result<CertifiedKey, SetupError> {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, subject);
    let mut params = CertificateParams::default();
    params.distinguished_name = name;
    params.not_before = rcgen::date_time_ymd(1970, 1, 1);
    params.not_after = rcgen::date_time_ymd(9999, 12, 31);
    // The same key makes the same certificate. RFC 5280 allows 20 bytes and wants a positive number.
    let mut serial = key.public_key().0[..16].to_vec();
    serial[0] = serial[0] & 0x7f | 0x40;
    params.serial_number = Some(SerialNumber::from(serial));
    let certificate = params
        .self_signed(&Signing(key))
        .map_err(|error| SetupError::new(SetupErrorKind::SelfSigned, error))?;
    let der = certificate.der().clone();
    Ok(CertifiedKey::new(vec![der], key.signer()))
}

/// Our key as rcgen signs with it.
struct Signing<'a>(&'a KeyPair);

impl PublicKeyData for Signing<'_> {
    fn der_bytes(&self) -> &[u8] {
        &self.0.public_ref().0
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_ED25519
    }
}

impl rcgen::SigningKey for Signing<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message).ok_or(rcgen::Error::RemoteKeyError)
    }
}

/// The `SubjectPublicKeyInfo` of the key in what a peer presented.
pub(in crate::tls) fn spki_of<'a>(
    presented: &'a CertificateDer<'_>,
    form: CertificateForm,
) -> Result<SubjectPublicKeyInfoDer<'a>, rustls::Error> {
    const SEQUENCE: u8 = 0x30;
    match form {
        CertificateForm::RawKey => {
            if presented.first() != Some(&SEQUENCE) {
                return Err(CertificateError::BadEncoding.into());
            }
            Ok(SubjectPublicKeyInfoDer::from(&**presented))
        }
        CertificateForm::X509 => {
            let certificate = ParsedCertificate::try_from(presented)?;
            Ok(certificate.subject_public_key_info())
        }
    }
}
