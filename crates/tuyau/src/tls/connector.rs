//! The dialling side.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection,
    pki_types::{IpAddr, Ipv4Addr, ServerName},
};
use tuyau_core::{Attempt, Flow, Layer, LayerKey, Security, Stage, Target};

use super::{
    Error, Flow as TlsFlow, KeyFormat, Kind, PublicKey, Side,
    error::Scene,
    farewell::Patience,
    handshake,
    input::Input,
    transport::Transport,
    verify::{Chain, Verifier},
};

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

/// Added to a [`Target`]: the key that the server must prove.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExpectedPeer(pub PublicKey);

/// Who is expected at the other end.
#[derive(Clone, Debug, Default)]
pub struct Peer {
    key: Option<PublicKey>,
    name: Option<ServerName<'static>>,
}

impl Peer {
    /// The holder of this key.
    pub fn key(key: PublicKey) -> Self {
        let key = Some(key);
        Self { key, name: None }
    }

    /// Whom the target means: the key of its [`ExpectedPeer`], and its host's name for an authority
    /// to vouch for. The function for [`ResolverExt::configure`](tuyau_core::ResolverExt::configure).
    pub fn of(target: &Target) -> Option<Self> {
        let name = target.host().map(str::to_owned);
        Some(Self {
            key: target.find().map(|ExpectedPeer(key)| *key),
            name: name.and_then(|name| ServerName::try_from(name).ok()),
        })
    }

    /// The key that is expected, if one is.
    pub fn expected(&self) -> Option<PublicKey> {
        self.key
    }
}

/// TLS as a client, made by [`Settings::connector`](super::Settings::connector).
#[derive(Clone)]
pub struct Connector {
    pub(super) config: ClientConfig,
    pub(super) verifier: Verifier,
    pub(super) any_key: bool,
    pub(super) format: KeyFormat,
    pub(super) patience: Patience,
}

impl Connector {
    fn session(&self, peer: &Peer) -> Result<ClientConnection, Kind> {
        let authority = !matches!(self.verifier.chain, Chain::None);
        let expected = match peer.key {
            Some(key) => Some(key),
            None if self.any_key => None,
            None if authority && peer.name.is_some() => None,
            None => return Err(Kind::NoExpectedKey),
        };
        // Without an authority nobody looks at the name, and the server is not told one.
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4])));
        let name = peer.name.clone().filter(|_| authority).unwrap_or(nobody);
        let mut config = self.config.clone();
        let verifier = Verifier {
            expected,
            ..self.verifier.clone()
        };
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(verifier));
        let mut session = ClientConnection::new(Arc::new(config), name)?;
        session.set_buffer_limit(None);
        Ok(session)
    }
}

impl<F: Flow> Layer<F> for Connector {
    type Key = TlsKey;
    type Flow = TlsFlow<F>;
    type Error = Error;

    const STAGE: Stage = Stage::new("tls");

    async fn connect(
        &self,
        inner: F,
        config: &Peer,
        _attempt: &Attempt,
    ) -> Result<TlsFlow<F>, Error> {
        let scene = Scene {
            peer: Side::Server,
            format: self.format,
        };
        let session = self.session(config).map_err(|kind| scene.error(kind))?;
        let transport = Transport::new(inner, session.into(), Input::default());
        handshake::finish(transport, scene, &self.patience).await
    }

    fn security(&self) -> Security {
        if self.any_key {
            Security::Encrypted
        } else {
            Security::Authenticated
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("form", &self.verifier.form)
            .finish_non_exhaustive()
    }
}
