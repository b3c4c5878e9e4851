//! Both sides of the layer. There is no handshake: each side has its own faults.

use std::{convert::Infallible, fmt, sync::Arc};

use tuyau_core::{Attempt, Layer, LayerKey, Security, Stage, Timer};

use super::{Faults, Flow};

/// The key of the layer; with it over a protocol's key come [`Faults`] beside the endpoint.
#[derive(Debug)]
pub struct FaultKey;

impl LayerKey for FaultKey {
    type Config = Faults;
    const NAME: &'static str = "fault";

    fn show(faults: &Faults, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{faults}")
    }
}

/// The dialling side.
#[derive(Clone)]
pub struct Fault {
    timer: Arc<dyn Timer>,
}

impl Fault {
    /// A layer that tells the time by `timer`.
    pub fn new(timer: impl Timer) -> Self {
        let timer = Arc::new(timer);
        Self { timer }
    }

    /// The serving side, with what goes wrong in each accepted flow.
    pub fn acceptor(&self, faults: Faults) -> Acceptor {
        Acceptor {
            layer: self.clone(),
            faults,
        }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fault")
    }
}

impl<F: tuyau_core::Flow> Layer<F> for Fault {
    type Key = FaultKey;
    type Flow = Flow<F>;
    type Error = Infallible;

    const STAGE: Stage = Stage::new("fault");

    async fn connect(
        &self,
        inner: F,
        faults: &Faults,
        _attempt: &Attempt,
    ) -> Result<Flow<F>, Infallible> {
        Ok(Flow::new(inner, faults.clone(), &self.timer))
    }

    fn security(&self) -> Security {
        Security::Plain
    }
}

/// The serving side, made by [`Fault::acceptor`].
#[derive(Clone, Debug)]
pub struct Acceptor {
    layer: Fault,
    faults: Faults,
}

impl<F: tuyau_core::Flow> tuyau_core::Acceptor<F> for Acceptor {
    type Flow = Flow<F>;
    type Error = Infallible;

    async fn accept(self, inner: F) -> Result<Flow<F>, Infallible> {
        Ok(Flow::new(inner, self.faults, &self.layer.timer))
    }
}
