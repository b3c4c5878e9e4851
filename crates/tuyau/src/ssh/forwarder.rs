//! The dialling side of a connection that the server makes onwards.

use std::fmt;

use tuyau_core::{Attempt, Flow, Layer, LayerKey, Security, Stage};

use super::{Connector, Error, Flow as SshFlow, Remote, SshKey};

/// The key of [`Forwarder`]: as [`SshKey`], for flows that end beyond the server.
#[derive(Debug)]
pub struct ForwardKey;

impl LayerKey for ForwardKey {
    type Config = Remote;
    const NAME: &'static str = "ssh-forward";

    const ENDS_ELSEWHERE: bool = true;

    fn show(remote: &Remote, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SshKey::show(remote, f)
    }
}

/// SSH as a client of a server that connects onwards, made by
/// [`Settings::forwarder`](super::Settings::forwarder). It opens [`Open::Tcp`](super::Open::Tcp) and
/// [`Open::Unix`](super::Open::Unix), and all that a [`Connector`] opens.
///
/// SSH protects as far as the server, which has proved its key. Who answers beyond it has proved nothing,
/// and is reached as the server likes: such a flow is [`Plain`](Security::Plain), like one through a proxy.
/// Put a layer such as TLS over it.
#[derive(Clone, Debug)]
pub struct Forwarder(Connector);

impl Forwarder {
    pub(super) fn new(connector: Connector) -> Self {
        Self(connector)
    }
}

impl<F: Flow> Layer<F> for Forwarder {
    type Key = ForwardKey;
    type Flow = SshFlow;
    type Error = Error;

    /// The exchange of keys, as of [`Connector`].
    const STAGE: Stage = <Connector as Layer<F>>::STAGE;

    async fn connect(
        &self,
        inner: F,
        config: &Remote,
        attempt: &Attempt,
    ) -> Result<SshFlow, Error> {
        self.0.dial(inner, config, attempt).await
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}
