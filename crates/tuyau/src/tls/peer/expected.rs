//! Who is expected at the other end of a connect.

use std::fmt;

use rustls::pki_types::ServerName;
use tuyau_core::{LayerKey, Target};

use super::Pin;
use crate::tls::PublicKey;

/// The key of the layer; with it over a protocol's key comes a [`Peer`] beside the endpoint.
#[derive(Debug)]
pub struct TlsKey;

impl LayerKey for TlsKey {
    type Config = Peer;
    const NAME: &'static str = "tls";

    fn show(_config: &Peer, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// Added to a [`Target`]: the Ed25519 key that the server must prove. A [`Pin`] is added in the same
/// way, and names a key of any algorithm. Of a target with both, both must be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPeer(pub PublicKey);

/// Who is expected at the other end.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    expected: Expected,
    name: Option<Name>,
}

/// The only key that is accepted, by itself, by its fingerprint, or by both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::tls) struct Expected {
    pub(in crate::tls) key: Option<PublicKey>,
    pub(in crate::tls) pin: Option<Pin>,
}

/// For whom an authority shall vouch.
#[derive(Clone, Debug)]
enum Name {
    Good(ServerName<'static>),
    /// No certificate can be for this one.
    Bad(Box<str>),
}

impl Peer {
    /// The holder of this key.
    pub fn key(key: PublicKey) -> Self {
        let expected = Expected {
            key: Some(key),
            pin: None,
        };
        Self {
            expected,
            name: None,
        }
    }

    /// Whom the target means: the key of its [`ExpectedPeer`] and [`Pin`], and its host's name or IP
    /// address for an authority to vouch for. The function for
    /// [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    ///
    /// A host that is no name for a certificate is refused by the connect, as
    /// [`BadName`](crate::tls::Kind::BadName), where an authority would have to vouch for it.
    pub fn of(target: &Target) -> Option<Self> {
        let expected = Expected {
            key: target.find().map(|ExpectedPeer(key)| *key),
            pin: target.find().copied(),
        };
        let name = match target.ip() {
            // A zone is this machine's own affair.
            Some(ip) => Some(Name::Good(ServerName::IpAddress(ip.into()))),
            None => target.host().map(Name::of),
        };
        Some(Self { expected, name })
    }

    /// The key, if one is expected.
    pub(in crate::tls) fn expected(&self) -> Option<Expected> {
        Some(self.expected).filter(|expected| *expected != Expected::default())
    }

    /// The name for an authority to vouch for, if there is one.
    ///
    /// # Errors
    /// The host, when it is none that a certificate can be for.
    pub(in crate::tls) fn name(&self) -> Result<Option<&ServerName<'static>>, &str> {
        match &self.name {
            None => Ok(None),
            Some(Name::Good(name)) => Ok(Some(name)),
            Some(Name::Bad(host)) => Err(host),
        }
    }
}

impl Name {
    fn of(host: &str) -> Self {
        // The root's dot is no part of the names in certificates (RFC 6066, section 3).
        let name = host.strip_suffix('.').unwrap_or(host).to_owned();
        match ServerName::try_from(name) {
            Ok(name) => Self::Good(name),
            Err(_) => Self::Bad(host.into()),
        }
    }
}
