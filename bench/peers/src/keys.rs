//! Certificates of one run: an authority, a server and a client, with P-256 keys as all peers take them.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{
    CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::PrivateKeyDer,
};

/// Where the files lie that servers are given, all in PEM.
#[derive(Clone)]
pub struct Files {
    /// The certificate of the authority that signed both others.
    pub authority: PathBuf,
    /// The server's certificate, for `localhost` and 127.0.0.1.
    pub certificate: PathBuf,
    /// The server's key in PKCS #8.
    pub key: PathBuf,
}

/// What a run identifies itself with.
pub struct Keys {
    /// For the servers.
    pub files: Files,
    /// For clients whose server wants to know who they are.
    pub mutual: Arc<ClientConfig>,
}

impl Keys {
    /// Makes the keys and writes those for servers into a folder.
    ///
    /// # Errors
    /// When the folder cannot be written to.
    pub fn make(folder: &Path) -> io::Result<Self> {
        let authority = authority().map_err(io::Error::other)?;
        let (server_key, server) =
            leaf(&authority, "localhost", ExtendedKeyUsagePurpose::ServerAuth)
                .map_err(io::Error::other)?;
        let (client_key, client) = leaf(&authority, "client", ExtendedKeyUsagePurpose::ClientAuth)
            .map_err(io::Error::other)?;
        let files = Files {
            authority: folder.join("authority.pem"),
            certificate: folder.join("server.pem"),
            key: folder.join("server.key"),
        };
        fs::write(&files.authority, authority.pem())?;
        fs::write(&files.certificate, server.pem())?;
        fs::write(&files.key, server_key.serialize_pem())?;

        let mut roots = RootCertStore::empty();
        roots
            .add(authority.der().clone())
            .map_err(io::Error::other)?;
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(io::Error::other)?
            .with_root_certificates(roots);
        let key = PrivateKeyDer::try_from(client_key.serialize_der()).map_err(io::Error::other)?;
        let mut mutual = builder
            .with_client_auth_cert(vec![client.der().clone()], key)
            .map_err(io::Error::other)?;
        mutual.resumption = Resumption::disabled();
        Ok(Self {
            files,
            mutual: Arc::new(mutual),
        })
    }
}

/// What every client uses: one cipher suite alone, since servers differ in whether they take what the client
/// likes best.
pub fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    provider.cipher_suites = vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256];
    provider
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "authority");
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![
        KeyUsagePurpose::KeyCertSign,
        KeyUsagePurpose::DigitalSignature,
    ];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn leaf(
    authority: &CertifiedIssuer<'static, KeyPair>,
    name: &str,
    usage: ExtendedKeyUsagePurpose,
) -> Result<(KeyPair, rcgen::Certificate), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, authority)?;
    Ok((key, certificate))
}
