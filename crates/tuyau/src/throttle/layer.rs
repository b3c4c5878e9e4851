//! Both sides of the layer. There is no handshake: each side limits itself.

use std::{convert::Infallible, fmt, sync::Arc};

use tuyau_core::{Attempt, Layer, LayerKey, Security, Stage, Timer};

use super::{Flow, Limits};

/// The key of the layer; with it over a protocol's key come [`Limits`] beside the endpoint.
#[derive(Debug)]
pub struct ThrottleKey;

impl LayerKey for ThrottleKey {
    type Config = Limits;
    const NAME: &'static str = "throttle";

    fn show(limits: &Limits, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{limits}")
    }
}

/// The dialling side.
#[derive(Clone)]
pub struct Throttle {
    timer: Arc<dyn Timer>,
}

impl Throttle {
    /// A layer that tells the time by `timer`.
    pub fn new(timer: impl Timer) -> Self {
        let timer = Arc::new(timer);
        Self { timer }
    }

    /// The serving side, with the limits of each accepted flow.
    pub fn acceptor(&self, limits: Limits) -> Acceptor {
        Acceptor {
            layer: self.clone(),
            limits,
        }
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Throttle")
    }
}

impl<F: tuyau_core::Flow> Layer<F> for Throttle {
    type Key = ThrottleKey;
    type Flow = Flow<F>;
    type Error = Infallible;

    const STAGE: Stage = Stage::new("throttle");

    async fn connect(
        &self,
        inner: F,
        limits: &Limits,
        _attempt: &Attempt,
    ) -> Result<Flow<F>, Infallible> {
        Ok(Flow::new(inner, *limits, &self.timer))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}

/// The serving side, made by [`Throttle::acceptor`].
#[derive(Clone, Debug)]
pub struct Acceptor {
    layer: Throttle,
    limits: Limits,
}

impl<F: tuyau_core::Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = Flow<F>;
    type Error = Infallible;

    async fn accept(self, inner: F) -> Result<Flow<F>, Infallible> {
        Ok(Flow::new(inner, self.limits, &self.layer.timer))
    }
}
