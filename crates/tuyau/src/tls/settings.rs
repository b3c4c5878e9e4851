//! How both sides of the layer are set up.

use std::{error::Error, fmt, sync::Arc};

use rustls::{
    ClientConfig, ServerConfig,
    client::{AlwaysResolvesClientRawPublicKeys, ResolvesClientCert, Resumption},
    crypto::CryptoProvider,
    server::{
        AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage, ResolvesServerCert,
        WebPkiClientVerifier,
    },
    sign::{CertifiedKey, SingleCertAndKey},
    version::TLS13,
};
use tuyau_core::{BoxError, Timer};

use super::{
    Acceptor, Authority, CertificateForm, Connector, KeyFormat, KeyPair, PublicKey,
    acceptor::Configs,
    certificate::{raw, self_signed},
    farewell::Patience,
    verify::{Chain, Verifier},
};

/// The crypto provider that is used unless told otherwise.
pub fn default_provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// The settings from which a [`Connector`] and an [`Acceptor`] are made.
#[derive(Clone)]
pub struct Settings {
    key: KeyPair,
    subject: Box<str>,
    form: CertificateForm,
    authority: Option<Authority>,
    provider: Arc<CryptoProvider>,
    any_key: bool,
    format: KeyFormat,
    patience: Patience,
}

impl Settings {
    /// Settings for a side that proves `key`, in identity mode.
    pub fn new(key: KeyPair) -> Self {
        Self {
            key,
            subject: "tuyau".into(),
            form: CertificateForm::RawKey,
            authority: None,
            provider: default_provider(),
            any_key: false,
            format: |key, f| fmt::Display::fmt(key, f),
            patience: Patience::none(),
        }
    }

    /// Sets the subject's common name in the self-signed certificate, `tuyau` unless told otherwise.
    /// It is for people who look at certificates; nothing is decided by it.
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.into();
        self
    }

    /// Sets the form that a connector offers and wants, the raw key unless told otherwise. An
    /// acceptor takes what its client offers.
    pub fn form(mut self, form: CertificateForm) -> Self {
        self.form = form;
        self
    }

    /// Demands chains to an authority, on both sides, in X.509 form.
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = Some(authority);
        self
    }

    /// Sets the crypto provider.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = provider;
        self
    }

    /// Makes connectors accept any key that a server proves, for finding out who is there. Such a
    /// flow is encrypted, but anyone can be at its other end.
    pub fn danger_accept_any_key(mut self) -> Self {
        self.any_key = true;
        self
    }

    /// Sets how reports and errors print keys, hexadecimal unless told otherwise.
    pub fn key_format(mut self, format: KeyFormat) -> Self {
        self.format = format;
        self
    }

    /// After a failed handshake, waits up to a second for the peer to read why and to close.
    ///
    /// Closing a TCP socket while bytes from the peer are unread, or still coming, resets the
    /// connection, and a reset can overtake the alert that explains it. Without a timer only what
    /// is there already is read.
    pub fn farewell(mut self, timer: impl Timer) -> Self {
        self.patience = Patience::with(Arc::new(timer));
        self
    }

    /// Makes the dialling side.
    ///
    /// # Errors
    /// When a certificate cannot be made, or the authority's is not for our key.
    pub fn connector(&self) -> Result<Connector, SetupError> {
        let form = self.client_form();
        let certified: Arc<CertifiedKey> = self.certified(form)?.into();
        let resolver: Arc<dyn ResolvesClientCert> = match form {
            CertificateForm::RawKey => Arc::new(AlwaysResolvesClientRawPublicKeys::new(certified)),
            CertificateForm::X509 => Arc::new(SingleCertAndKey::from(certified)),
        };
        let chain = self.authority.as_ref();
        let verifier = Verifier {
            provider: self.provider.clone(),
            form,
            expected: None,
            chain: chain.map_or(Chain::None, |it| Chain::Server(it.roots())),
        };
        let mut config = ClientConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| SetupError::new(SetupErrorKind::Provider, error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.clone()))
            .with_client_cert_resolver(resolver);
        config.resumption = Resumption::disabled();
        config.enable_sni = self.authority.is_some();
        Ok(Connector {
            config,
            verifier,
            any_key: self.any_key,
            format: self.format,
            patience: self.patience.clone(),
        })
    }

    /// Makes the serving side.
    ///
    /// # Errors
    /// When a certificate cannot be made, or the authority's is not for our key.
    pub fn acceptor(&self) -> Result<Acceptor, SetupError> {
        use CertificateForm::{RawKey, X509};
        let certified: Arc<CertifiedKey> = self.certified(X509)?.into();
        let x509: Arc<dyn ResolvesServerCert> = Arc::new(SingleCertAndKey::from(certified));
        let configs = match &self.authority {
            Some(authority) => Configs::X509(self.server(x509, X509, Some(authority))?),
            None => {
                let certified = Arc::new(raw(&self.key));
                let raw: Arc<dyn ResolvesServerCert> =
                    Arc::new(AlwaysResolvesServerRawPublicKeys::new(certified));
                Configs::Any {
                    raw_raw: self.server(raw.clone(), RawKey, None)?,
                    raw_x509: self.server(raw, X509, None)?,
                    x509_raw: self.server(x509.clone(), RawKey, None)?,
                    x509_x509: self.server(x509, X509, None)?,
                }
            }
        };
        Ok(Acceptor::new(configs, self.format, self.patience.clone()))
    }

    fn server(
        &self,
        resolver: Arc<dyn ResolvesServerCert>,
        client_form: CertificateForm,
        authority: Option<&Authority>,
    ) -> Result<Arc<ServerConfig>, SetupError> {
        let fail = |error| SetupError::new(SetupErrorKind::Provider, error);
        let chain = match authority {
            None => Chain::None,
            Some(authority) => Chain::Client(
                WebPkiClientVerifier::builder_with_provider(
                    authority.roots(),
                    self.provider.clone(),
                )
                .build()
                .map_err(|error| SetupError::new(SetupErrorKind::Roots, error))?,
            ),
        };
        let verifier = Verifier {
            provider: self.provider.clone(),
            form: client_form,
            expected: None,
            chain,
        };
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .map_err(fail)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_cert_resolver(resolver);
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    fn client_form(&self) -> CertificateForm {
        match self.authority {
            Some(_) => CertificateForm::X509,
            None => self.form,
        }
    }

    fn certified(&self, form: CertificateForm) -> Result<CertifiedKey, SetupError> {
        match (&self.authority, form) {
            (Some(authority), _) => authority.certified(&self.key),
            (None, CertificateForm::RawKey) => Ok(raw(&self.key)),
            (None, CertificateForm::X509) => self_signed(&self.key, &self.subject),
        }
    }

    /// The key that this side proves.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("key", &self.key)
            .field("form", &self.form)
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// Why a side of the layer cannot be set up.
#[derive(Debug)]
pub struct SetupError {
    kind: SetupErrorKind,
    source: Option<BoxError>,
}

/// The kinds of [`SetupError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SetupErrorKind {
    /// Our chain is not one or more PEM certificates.
    Chain,
    /// The roots are not one or more PEM certificates of authorities.
    Roots,
    /// The first certificate of our chain is not for our key.
    ForeignCertificate,
    /// The self-signed certificate cannot be made.
    SelfSigned,
    /// The crypto provider lacks something.
    Provider,
}

impl SetupError {
    pub(super) fn new(kind: SetupErrorKind, source: impl Into<BoxError>) -> Self {
        let source = Some(source.into());
        Self { kind, source }
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> SetupErrorKind {
        self.kind
    }
}

impl From<SetupErrorKind> for SetupError {
    fn from(kind: SetupErrorKind) -> Self {
        Self { kind, source: None }
    }
}

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SetupErrorKind::Chain => {
                "the certificate chain is not usable; expected PEM certificates, the own one first"
            }
            SetupErrorKind::Roots => {
                "the roots are not usable; expected one or more PEM certificates of authorities"
            }
            SetupErrorKind::ForeignCertificate => {
                "the first certificate of the chain is not for this key pair; \
                 have a certificate made for its Ed25519 public key"
            }
            SetupErrorKind::SelfSigned => "the self-signed certificate cannot be made",
            SetupErrorKind::Provider => "the crypto provider cannot do what is needed",
        })
    }
}

impl Error for SetupError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}
