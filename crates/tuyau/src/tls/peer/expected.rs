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
/// way, and names a key of any algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPeer(pub PublicKey);

/// Who is expected at the other end.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    key: Option<Expected>,
    name: Option<ServerName<'static>>,
}

/// The only key that is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::tls) enum Expected {
    Key(PublicKey),
    Pin(Pin),
}

impl Peer {
    /// The holder of this key.
    pub fn key(key: PublicKey) -> Self {
        let key = Some(Expected::Key(key));
        Self { key, name: None }
    }

    /// Whom the target means: the key of its [`ExpectedPeer`] or [`Pin`], and its host's name or IP
    /// address for an authority to vouch for. The function for
    /// [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    pub fn of(target: &Target) -> Option<Self> {
        let key = target.find().map(|ExpectedPeer(key)| Expected::Key(*key));
        let pin = || target.find().copied().map(Expected::Pin);
        // The root's dot is no part of the names in certificates (RFC 6066, section 3).
        let name = target
            .host()
            .map(|host| host.strip_suffix('.').unwrap_or(host).to_owned());
        Some(Self {
            key: key.or_else(pin),
            name: name.and_then(|name| ServerName::try_from(name).ok()),
        })
    }

    pub(in crate::tls) fn expected(&self) -> Option<Expected> {
        self.key
    }

    pub(in crate::tls) fn name(&self) -> Option<&ServerName<'static>> {
        self.name.as_ref()
    }
}
