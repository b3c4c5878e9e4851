//! The serving side.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, ready},
};

use rustls::{
    AlertDescription, Connection, ServerConfig,
    server::{Accepted, AcceptedAlert, CertificateType, ClientHello},
};
use tuyau_core::Flow;

use super::{
    Flow as TlsFlow,
    farewell::{self, Patience},
    handshake, source,
    transport::Transport,
};
use crate::tls::{Error, Kind, error::Scene};

/// TLS as a server, made by [`Settings::acceptor`](crate::tls::Settings::acceptor).
///
/// By identity it accepts every client that proves an Ed25519 key (and chains to the authority, where
/// there is one); who may do what is decided by [`PeerKey`](super::PeerKey) afterwards.
#[derive(Clone, Debug)]
pub struct Acceptor {
    pub(super) configs: Arc<Configs>,
    pub(super) scene: Scene,
    patience: Patience,
}

/// rustls takes raw keys or X.509 on each side, not both, so there is a configuration for each
/// combination; named after the server's form, then the client's.
#[derive(Debug)]
pub(in crate::tls) enum Configs {
    Any {
        /// The form that is used where a client cannot be asked.
        #[cfg(feature = "quic")]
        form: crate::tls::CertificateForm,
        raw_raw: Arc<ServerConfig>,
        raw_x509: Arc<ServerConfig>,
        x509_raw: Arc<ServerConfig>,
        x509_x509: Arc<ServerConfig>,
    },
    X509(Arc<ServerConfig>),
}

impl Configs {
    /// The configuration for what the client offers (RFC 7250, section 4.1).
    fn choose(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let server = prefers_raw(hello.server_cert_types());
        let client = prefers_raw(hello.client_cert_types());
        match self {
            Self::X509(config) => config,
            Self::Any {
                raw_raw,
                raw_x509,
                x509_raw,
                x509_x509,
                ..
            } => match (server, client) {
                (true, true) => raw_raw,
                (true, false) => raw_x509,
                (false, true) => x509_raw,
                (false, false) => x509_x509,
            },
        }
        .clone()
    }
}

/// Types are listed in the client's order of preference; no list means X.509 alone.
fn prefers_raw(types: Option<&[CertificateType]>) -> bool {
    let known = [CertificateType::RawPublicKey, CertificateType::X509];
    let first = types
        .unwrap_or_default()
        .iter()
        .find(|it| known.contains(it));
    first == Some(&CertificateType::RawPublicKey)
}

impl Acceptor {
    pub(in crate::tls) fn new(configs: Configs, scene: Scene, patience: Patience) -> Self {
        Self {
            configs: Arc::new(configs),
            scene,
            patience,
        }
    }
}

impl<F: Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = TlsFlow<F>;
    type Error = Error;

    async fn accept(self, mut inner: F) -> Result<TlsFlow<F>, Error> {
        match self.hear(&mut inner).await {
            Ok(session) => {
                let transport = Transport::new(inner, session, true);
                handshake::finish(transport, self.scene, &self.patience).await
            }
            Err(Refused(kind, alert)) => {
                farewell::say(inner, alert, &self.patience).await;
                Err(self.scene.error(kind))
            }
        }
    }
}

/// Why the client was refused, and the alert that tells it so.
struct Refused(Kind, Vec<u8>);

impl From<Kind> for Refused {
    fn from(kind: Kind) -> Self {
        let alert = match kind {
            Kind::PlainText(_) => alert_record(AlertDescription::UnexpectedMessage).to_vec(),
            _ => Vec::new(),
        };
        Self(kind, alert)
    }
}

impl From<(rustls::Error, AcceptedAlert)> for Refused {
    fn from((error, mut alert): (rustls::Error, AcceptedAlert)) -> Self {
        let mut bytes = Vec::new();
        // Writing into memory does not fail.
        let _ = alert.write_all(&mut bytes);
        if bytes.is_empty() {
            use rustls::Error::{InappropriateHandshakeMessage, InappropriateMessage};
            bytes.extend(alert_record(match error {
                InappropriateHandshakeMessage { .. } | InappropriateMessage { .. } => {
                    AlertDescription::UnexpectedMessage
                }
                _ => AlertDescription::DecodeError,
            }));
        }
        Self(error.into(), bytes)
    }
}

impl Acceptor {
    /// Begins the session that the client's first message asks for.
    async fn hear<F: Flow>(&self, inner: &mut F) -> Result<Box<Connection>, Refused> {
        let mut hello = rustls::server::Acceptor::default();
        let mut began = false;
        poll_fn(|cx| {
            let accepted = ready!(poll_hello(cx, inner, &mut hello, &mut began))?;
            Poll::Ready(self.session(accepted))
        })
        .await
    }

    fn session(&self, accepted: Accepted) -> Result<Box<Connection>, Refused> {
        let config = self.configs.choose(&accepted.client_hello());
        let mut session = accepted.into_connection(config)?;
        session.set_buffer_limit(None);
        Ok(Box::new(session.into()))
    }
}

/// Reads until the client's first message is whole.
fn poll_hello<F: Flow>(
    cx: &mut Context<'_>,
    inner: &mut F,
    hello: &mut rustls::server::Acceptor,
    began: &mut bool,
) -> Poll<Result<Accepted, Refused>> {
    loop {
        let came = ready!(source::poll_read(inner, cx, *began, |source| hello.read_tls(source)))?;
        if came.count == 0 {
            return Poll::Ready(Err(Kind::Truncated.into()));
        }
        *began = true;
        if let Some(accepted) = hello.accept()? {
            return Poll::Ready(Ok(accepted));
        }
    }
}

/// A fatal alert in the clear (RFC 8446, section 6), for what is refused before rustls has a session.
fn alert_record(alert: AlertDescription) -> [u8; 7] {
    [21, 3, 3, 0, 2, 2, alert.into()]
}
