//! The dialling side.

use std::{fmt, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, Connection,
    client::Resumption,
    pki_types::{IpAddr, Ipv4Addr, ServerName},
};
use tuyau_core::{Attempt, Flow, Layer, Security, Stage};

use super::{Flow as TlsFlow, farewell::Patience, handshake, transport::Transport};
use crate::tls::{
    Error, KeyFormat, Kind, Peer, Side, TlsKey,
    error::{Dealings, Scene},
    peer::{Expected, ServerVerifier},
};

/// TLS as a client, made by [`Settings::connector`](crate::tls::Settings::connector).
///
/// Clones share the tickets by which later connections resume.
#[derive(Clone)]
pub struct Connector {
    pub(in crate::tls) config: Arc<ClientConfig>,
    pub(in crate::tls) verifier: ServerVerifier,
    pub(in crate::tls) anyone: bool,
    /// Whether it keeps tickets for servers whose key nobody expects.
    pub(in crate::tls) resumes: bool,
    pub(in crate::tls) dealings: Dealings,
    pub(in crate::tls) format: KeyFormat,
    pub(in crate::tls) patience: Patience,
}

impl Connector {
    /// What rustls needs for a session with `peer`.
    pub(crate) fn prepare(
        &self,
        peer: &Peer,
    ) -> Result<(Arc<ClientConfig>, ServerName<'static>), Kind> {
        let roots = self.verifier.roots.is_some();
        let name = match peer.name() {
            // An identity is of no name, and the server is not told one.
            _ if !roots && self.verifier.demand.identity => None,
            // By it the server chooses its certificate (RFC 6066, section 3), whoever judges that.
            Ok(name) => name,
            // A key that is expected stands in the place of the name.
            Err(_) if !roots || peer.expected().is_some() => None,
            Err(host) => return Err(Kind::BadName(host.into())),
        };
        let vouched = roots && name.is_some();
        if peer.expected().is_none() && !self.anyone && !vouched {
            return Err(Kind::NoExpectedKey);
        }
        let nobody = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([0; 4])));
        let name = name.cloned().unwrap_or(nobody);
        let config = match peer.expected() {
            None => self.config.clone(),
            Some(key) => Arc::new(self.expecting(key)),
        };
        Ok((config, name))
    }

    /// The configuration for the holder of a key, who has to prove it each time.
    fn expecting(&self, key: Expected) -> ClientConfig {
        let mut verifier = self.verifier.clone();
        verifier.demand.expected = Some(key);
        let mut config = ClientConfig::clone(&self.config);
        if self.resumes {
            config.resumption = Resumption::disabled();
        }
        config
            .dangerous()
            .set_certificate_verifier(Arc::new(verifier));
        config
    }

    pub(super) fn scene(&self) -> Scene {
        Scene {
            peer: Side::Server,
            dealings: self.dealings,
            format: self.format,
        }
    }

    fn session(&self, peer: &Peer) -> Result<Box<Connection>, Kind> {
        let (config, name) = self.prepare(peer)?;
        let mut session = ClientConnection::new(config, name)?;
        session.set_buffer_limit(None);
        Ok(Box::new(session.into()))
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
        let scene = self.scene();
        let session = self.session(config).map_err(|kind| scene.error(kind))?;
        let transport = Transport::new(inner, session, false);
        handshake::finish(transport, scene, &self.patience).await
    }

    fn security(&self) -> Security {
        if self.anyone {
            Security::Encrypted
        } else {
            Security::Authenticated
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("form", &self.verifier.demand.form)
            .finish_non_exhaustive()
    }
}
