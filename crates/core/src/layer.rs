//! What turns a protocol into another one.

use core::{error::Error, fmt, future::Future};

use crate::{Attempt, Endpoint, LayerKey, Over, Protocol, Security, Stage};

/// Turns flows of type `F` into flows of another type, from the dialling side: TLS, Noise, …
///
/// `F` is a byte stream ([`Flow`](crate::Flow)) for most layers; a layer over
/// [`Datagrams`](crate::Datagrams) asks for that instead.
pub trait Layer<F>: Send + Sync + 'static {
    /// Names the configuration type.
    type Key: LayerKey;
    /// What the layer gives.
    type Flow: Send + 'static;
    /// Why the layer's handshake failed.
    type Error: Error + Send + Sync + 'static;

    /// The stage that the layer's handshake is, as reports show it.
    const STAGE: Stage;

    /// Performs the layer's handshake over `inner`, to its end.
    ///
    /// # Cancel safety
    /// Dropping the future drops `inner`, which closes it.
    fn connect(
        &self,
        inner: F,
        config: &<Self::Key as LayerKey>::Config,
        attempt: &Attempt,
    ) -> impl Future<Output = Result<Self::Flow, Self::Error>> + Send;

    /// What a flow of this layer is at least worth, whatever is beneath. What is beneath counts too,
    /// unless the flow [ends elsewhere](LayerKey::ENDS_ELSEWHERE).
    fn security(&self) -> Security;
}

/// Turns accepted flows of type `F` into flows of another type: the serving side of a [`Layer`].
pub trait Acceptor<F>: Clone + Send + Sync + 'static {
    /// What the layer gives.
    type Flow: Send + 'static;
    /// Why the handshake failed.
    type Error: Error + Send + Sync + 'static;

    /// Performs the serving side of the layer's handshake over `inner`, to its end.
    ///
    /// # Cancel safety
    /// Dropping the future drops `inner`, which closes it.
    fn accept(self, inner: F) -> impl Future<Output = Result<Self::Flow, Self::Error>> + Send;
}

/// A protocol with a layer over it, made by [`ProtocolExt::layer`](crate::ProtocolExt::layer).
#[derive(Clone, Debug)]
pub struct Layered<P, L> {
    base: P,
    layer: L,
}

impl<P, L> Layered<P, L> {
    pub(crate) fn new(base: P, layer: L) -> Self {
        Self { base, layer }
    }
}

impl<P: Protocol, L: Layer<P::Flow>> Protocol for Layered<P, L> {
    type Key = Over<P::Key, L::Key>;
    type Flow = L::Flow;
    type Error = LayeredError<P::Error, L::Error>;

    const STAGE: Stage = P::STAGE;

    async fn connect(
        &self,
        (endpoint, config): &Endpoint<Self>,
        attempt: &Attempt,
    ) -> Result<L::Flow, Self::Error> {
        let inner = self
            .base
            .connect(endpoint, attempt)
            .await
            .map_err(LayeredError::Base)?;
        attempt.enter(L::STAGE);
        self.layer
            .connect(inner, config, attempt)
            .await
            .map_err(LayeredError::Layer)
    }

    fn security(&self) -> Security {
        let layer = self.layer.security();
        match <L::Key as LayerKey>::ENDS_ELSEWHERE {
            true => layer,
            false => layer.max(self.base.security()),
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", L::STAGE)?;
        self.base.describe(f)
    }
}

/// Why a layered protocol failed: in the protocol beneath or in the layer itself.
///
/// It is transparent: it prints and hands on what the failing part says.
#[derive(Debug)]
pub enum LayeredError<B, L> {
    /// The protocol beneath failed.
    Base(B),
    /// The layer's handshake failed.
    Layer(L),
}

impl<B: fmt::Display, L: fmt::Display> fmt::Display for LayeredError<B, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base(error) => error.fmt(f),
            Self::Layer(error) => error.fmt(f),
        }
    }
}

impl<B: Error, L: Error> Error for LayeredError<B, L> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Base(error) => error.source(),
            Self::Layer(error) => error.source(),
        }
    }
}
