//! How both sides of the layer are set up.

use std::{fmt, sync::Arc};

use rustls::{
    SupportedProtocolVersion,
    crypto::CryptoProvider,
    version::{TLS12, TLS13},
};
use tuyau_core::Timer;

use super::{
    Authenticator, Authority, CertificateForm, Credentials, KeyFormat, KeyPair, PublicKey,
    default_provider,
    error::Dealings,
    peer::{Demand, Means},
    session::Patience,
};

mod client;
mod error;
mod server;

pub use error::{SetupError, SetupErrorKind};

static MODERN: &[&SupportedProtocolVersion] = &[&TLS13];
static ALL: &[&SupportedProtocolVersion] = &[&TLS13, &TLS12];

/// The settings from which a [`Connector`](super::Connector) and an [`Acceptor`](super::Acceptor)
/// are made: what this side proves, and how it judges the other one.
///
/// | | this side proves | the other side is judged by |
/// |---|---|---|
/// | [`new`](Self::new) | an Ed25519 key | its Ed25519 key, which the target names |
/// | [`anonymous`](Self::anonymous) | nothing; for clients | the given [`Authenticator`] |
/// | [`certified`](Self::certified) | an ordinary certificate | nothing as a server, a pinned key as a client, until [`authenticator`](Self::authenticator) says otherwise |
#[derive(Clone)]
pub struct Settings {
    proof: Proof,
    authenticator: Authenticator,
    clients: ClientCertificates,
    form: CertificateForm,
    subject: Box<str>,
    alpn: Vec<Vec<u8>>,
    tls12: bool,
    provider: Arc<CryptoProvider>,
    format: KeyFormat,
    patience: Patience,
}

/// What this side proves.
#[derive(Clone, Debug)]
enum Proof {
    Nothing,
    Key(KeyPair),
    CertifiedKey(KeyPair, Authority),
    Credentials(Credentials),
}

/// Whether a server asks its clients for certificates or keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientCertificates {
    /// It does not ask.
    None,
    /// It asks, and accepts clients that present none. One that presents a bad one is refused.
    Optional,
    /// It refuses clients that present none.
    Required,
}

impl Settings {
    /// Settings for a side that proves `key` and takes its peer's Ed25519 key as the peer's identity.
    pub fn new(key: KeyPair) -> Self {
        let clients = ClientCertificates::Required;
        Self::with(Proof::Key(key), Authenticator::identity(), clients)
    }

    /// Settings for a client that proves nothing, as browsers do.
    pub fn anonymous(authenticator: Authenticator) -> Self {
        Self::with(Proof::Nothing, authenticator, ClientCertificates::None)
    }

    /// Settings for a side that presents an ordinary certificate.
    pub fn certified(credentials: Credentials) -> Self {
        let proof = Proof::Credentials(credentials);
        Self::with(proof, Authenticator::pinned_key(), ClientCertificates::None)
    }

    fn with(proof: Proof, authenticator: Authenticator, clients: ClientCertificates) -> Self {
        Self {
            proof,
            authenticator,
            clients,
            form: CertificateForm::RawKey,
            subject: "tuyau".into(),
            alpn: Vec::new(),
            tls12: false,
            provider: default_provider(),
            format: |key, f| fmt::Display::fmt(key, f),
            patience: Patience::none(),
        }
    }

    /// Sets how the other side is judged.
    ///
    /// With settings made by [`new`](Self::new), `danger_accept_anyone` still demands that the peer
    /// proves some Ed25519 key; the other authenticators ask for no such key.
    pub fn authenticator(mut self, authenticator: Authenticator) -> Self {
        self.authenticator = authenticator;
        self
    }

    /// Sets whether an acceptor asks its clients for certificates: `Required` unless told otherwise
    /// for settings made by [`new`](Self::new), `None` for others. They are judged by the roots of
    /// the [`authenticator`](Self::authenticator).
    pub fn clients(mut self, clients: ClientCertificates) -> Self {
        self.clients = clients;
        self
    }

    /// Sets the application protocols that this side speaks (ALPN, RFC 7301), the preferred one
    /// first, as in `["h2", "http/1.1"]`. What was agreed on stands in
    /// [`Negotiated`](super::Negotiated): nothing, when the other side knows no ALPN.
    pub fn alpn<P: AsRef<[u8]>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        let protocols = protocols.into_iter();
        self.alpn = protocols.map(|it| it.as_ref().to_vec()).collect();
        self
    }

    /// Speaks TLS 1.2 too, for old servers and clients of the web. Both sides still take 1.3 when
    /// both know it.
    pub fn allow_tls12(mut self) -> Self {
        self.tls12 = true;
        self
    }

    /// Sets the subject's common name in the self-signed certificate, `tuyau` unless told otherwise.
    /// It is for people who look at certificates; nothing is decided by it.
    pub fn subject(mut self, subject: &str) -> Self {
        self.subject = subject.into();
        self
    }

    /// Sets the form in which keys that are identities travel, for a connector: the raw key unless
    /// told otherwise. An acceptor takes what its client offers; over QUIC it wants this form.
    pub fn form(mut self, form: CertificateForm) -> Self {
        self.form = form;
        self
    }

    /// Demands chains to an authority, on both sides, in X.509 form. It is for settings made by
    /// [`new`](Self::new): the key of each side stays its identity.
    pub fn authority(mut self, authority: Authority) -> Self {
        if let Proof::Key(key) | Proof::CertifiedKey(key, _) = self.proof {
            self.proof = Proof::CertifiedKey(key, authority);
        }
        self
    }

    /// Sets the crypto provider, which is [`default_provider`] unless told otherwise.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = provider;
        self
    }

    /// Sets how reports and errors print Ed25519 keys, hexadecimal unless told otherwise.
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

    /// The Ed25519 key that this side proves, if it proves one.
    pub fn public_key(&self) -> Option<PublicKey> {
        match &self.proof {
            Proof::Key(key) | Proof::CertifiedKey(key, _) => Some(key.public_key()),
            Proof::Nothing | Proof::Credentials(_) => None,
        }
    }

    /// Whether a peer's Ed25519 key is what is asked for.
    fn by_identity(&self) -> bool {
        let means = self.authenticator.means();
        let proved = matches!(self.proof, Proof::Key(_) | Proof::CertifiedKey(..));
        matches!(means, Means::Identity) || (proved && matches!(means, Means::Anyone))
    }

    fn demand(&self, form: CertificateForm) -> Demand {
        let lone = !matches!(self.proof, Proof::CertifiedKey(..));
        Demand::new(self.provider.clone(), form, self.by_identity(), lone)
    }

    fn dealings(&self) -> Dealings {
        if self.by_identity() {
            Dealings::Identities
        } else {
            Dealings::Certificates
        }
    }

    fn versions(&self) -> Result<&'static [&'static SupportedProtocolVersion], SetupError> {
        let raw = matches!(self.authenticator.means(), Means::RawKey);
        match self.tls12 {
            false => Ok(MODERN),
            true if raw || self.by_identity() => Err(SetupErrorKind::Tls12.into()),
            true => Ok(ALL),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("proof", &self.proof)
            .field("authenticator", &self.authenticator)
            .finish_non_exhaustive()
    }
}
