//! How a peer is judged.

use std::{fmt, io, path::Path, sync::Arc};

use rustls::RootCertStore;

use crate::tls::{
    SetupError, SetupErrorKind,
    proof::{read, roots},
};

/// How it is decided whether the other side is the right one.
///
/// | authenticator | the server is accepted when |
/// |---|---|
/// | [`platform`](Self::platform) | an authority of the operating system vouches for its name |
/// | [`ca_file`](Self::ca_file), [`ca_pem`](Self::ca_pem) | an authority of that file vouches for its name |
/// | [`pinned_key`](Self::pinned_key) | its certificate, whoever made it, holds the key that the target names |
/// | [`raw_key`](Self::raw_key) | it proves the key that the target names, without any certificate |
/// | [`danger_accept_anyone`](Self::danger_accept_anyone) | always |
///
/// A target names a key by [`ExpectedPeer`](super::ExpectedPeer) or [`Pin`](super::Pin). When it
/// names one although an authority vouches, both are demanded, and the key stands in the place of the
/// name: it proves more.
#[derive(Clone)]
pub struct Authenticator(Means);

#[derive(Clone)]
pub(in crate::tls) enum Means {
    /// Each side proves an Ed25519 key: what [`Settings::new`](crate::tls::Settings::new) is for.
    Identity,
    RawKey,
    PinnedKey,
    Roots(Arc<RootCertStore>),
    Anyone,
}

impl Authenticator {
    /// The authorities that the operating system trusts, for servers of the web. They are read once,
    /// here; the environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    ///
    /// # Errors
    /// When not one is found.
    pub fn platform() -> Result<Self, SetupError> {
        let found = rustls_native_certs::load_native_certs();
        let mut store = RootCertStore::empty();
        // A system's store may hold a few that are not readable; what counts is that some are.
        let (usable, _) = store.add_parsable_certificates(found.certs);
        if usable > 0 {
            return Ok(Self(Means::Roots(Arc::new(store))));
        }
        let kind = SetupErrorKind::NoPlatformRoots;
        Err(match found.errors.into_iter().next() {
            Some(error) => SetupError::new(kind, io::Error::other(error)),
            None => kind.into(),
        })
    }

    /// The authorities of a PEM file, one certificate or more.
    ///
    /// # Errors
    /// When the file cannot be read or does not parse; the error names the file and the line.
    pub fn ca_file(path: impl AsRef<Path>) -> Result<Self, SetupError> {
        let path = path.as_ref();
        let pem = read(path, SetupErrorKind::Roots)?;
        Self::ca_pem(&pem).map_err(|error| error.at(path.display()))
    }

    /// The authorities of a PEM text, one certificate or more.
    ///
    /// # Errors
    /// When it does not parse; the error names the line.
    pub fn ca_pem(pem: &[u8]) -> Result<Self, SetupError> {
        Ok(Self(Means::Roots(Arc::new(roots(pem)?))))
    }

    /// Nobody but the key itself: the target names it, and the server's certificate holds it. Who
    /// made the certificate, for which name and until when is not asked.
    pub fn pinned_key() -> Self {
        Self(Means::PinnedKey)
    }

    /// As [`pinned_key`](Self::pinned_key), for servers that present a raw public key (RFC 7250) in
    /// the place of a certificate.
    pub fn raw_key() -> Self {
        Self(Means::RawKey)
    }

    /// Whoever answers. Such a flow is [`Encrypted`](tuyau_core::Security::Encrypted) and not
    /// authenticated: anyone on the way can be at its other end. For finding out who is there.
    ///
    /// A key that the target names is demanded nevertheless.
    pub fn danger_accept_anyone() -> Self {
        Self(Means::Anyone)
    }

    pub(in crate::tls) fn identity() -> Self {
        Self(Means::Identity)
    }

    pub(in crate::tls) fn means(&self) -> &Means {
        &self.0
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Means::Identity => f.write_str("Identity"),
            Means::RawKey => f.write_str("RawKey"),
            Means::PinnedKey => f.write_str("PinnedKey"),
            Means::Roots(roots) => write!(f, "Roots({})", roots.len()),
            Means::Anyone => f.write_str("Anyone"),
        }
    }
}
