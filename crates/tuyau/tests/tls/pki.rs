//! Authorities and certificates, as good and as bad as a test wants them.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256, SignatureAlgorithm,
};
use rustls::{pki_types::PrivateKeyDer, sign::CertifiedKey};
use tuyau::tls;

/// An authority with the given name.
pub(crate) struct Issuer(CertifiedIssuer<'static, KeyPair>);

/// A certificate in the making, and what it becomes.
pub(crate) struct Leaf {
    pub(crate) params: CertificateParams,
    pub(crate) key: KeyPair,
}

impl Issuer {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Judges by this authority.
    pub(crate) fn authenticator(&self) -> tls::Authenticator {
        tls::Authenticator::ca_pem(self.pem().as_bytes()).unwrap()
    }

    /// For a raw rustls peer.
    pub(crate) fn certify(&self, leaf: &Leaf) -> CertifiedKey {
        let certificate = leaf.params.signed_by(&leaf.key, &self.0).unwrap();
        let chain = vec![certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(leaf.key.serialize_der().into());
        CertifiedKey::from_der(chain, key, &tls::default_provider()).unwrap()
    }

    pub(crate) fn sign(&self, leaf: &Leaf) -> tls::Credentials {
        let certificate = leaf.params.signed_by(&leaf.key, &self.0).unwrap();
        credentials(&certificate.pem(), &leaf.key)
    }

    /// A certificate for these names that is as it should be.
    pub(crate) fn issue(&self, names: &[&str]) -> tls::Credentials {
        self.sign(&Leaf::new(names))
    }
}

impl Leaf {
    /// For these names, for servers and clients, valid now.
    pub(crate) fn new(names: &[&str]) -> Self {
        Self::with_key(names, &PKCS_ECDSA_P256_SHA256)
    }

    pub(crate) fn with_key(names: &[&str], algorithm: &'static SignatureAlgorithm) -> Self {
        let names: Vec<_> = names.iter().map(|&it| it.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name = common_name("a test");
        let key = KeyPair::generate_for(algorithm).unwrap();
        Self { params, key }
    }

    pub(crate) fn only_for(mut self, purpose: ExtendedKeyUsagePurpose) -> Self {
        self.params.extended_key_usages = vec![purpose];
        self
    }

    /// Valid from the beginning of the first year to that of the second one.
    pub(crate) fn valid(mut self, from: i32, to: i32) -> Self {
        self.params.not_before = rcgen::date_time_ymd(from, 1, 1);
        self.params.not_after = rcgen::date_time_ymd(to, 1, 1);
        self
    }

    pub(crate) fn certificate_pem(&self) -> String {
        self.params.self_signed(&self.key).unwrap().pem()
    }

    pub(crate) fn self_signed(&self) -> tls::Credentials {
        credentials(&self.certificate_pem(), &self.key)
    }

    /// A self-signed certificate that is its own authority, as `openssl req -x509` makes them, and
    /// an authenticator that trusts it.
    pub(crate) fn authority(names: &[&str]) -> (tls::Credentials, tls::Authenticator) {
        let mut leaf = Self::new(names);
        leaf.params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = leaf.certificate_pem();
        let authenticator = tls::Authenticator::ca_pem(pem.as_bytes()).unwrap();
        (credentials(&pem, &leaf.key), authenticator)
    }

    pub(crate) fn pin(&self) -> tls::Pin {
        tls::Pin::of_spki_der(&rcgen::PublicKeyData::subject_public_key_info(&self.key))
    }
}

fn credentials(chain: &str, key: &KeyPair) -> tls::Credentials {
    tls::Credentials::from_pem(chain.as_bytes(), key.serialize_pem().as_bytes()).unwrap()
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}
