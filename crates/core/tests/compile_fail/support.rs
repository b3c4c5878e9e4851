use core::fmt;
use tuyau_core::*;

pub struct Line;
pub struct Port;

impl EndpointKey for Line {
    type Endpoint = u8;
    const NAME: &'static str = "line";
    fn show(endpoint: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }
}

impl EndpointKey for Port {
    type Endpoint = u16;
    const NAME: &'static str = "port";
    fn show(endpoint: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }
}

pub struct Serial;

impl Protocol for Serial {
    type Key = Line;
    type Flow = AnyFlow;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("serial");
    async fn connect(&self, _: &u8, _: &Attempt) -> Result<AnyFlow, FlowError> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// Carries datagrams.
pub struct Radio;

impl Protocol for Radio {
    type Key = Line;
    type Flow = AnyDatagrams;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("radio");
    async fn connect(&self, _: &u8, _: &Attempt) -> Result<AnyDatagrams, FlowError> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// A layer over byte streams.
pub struct Cipher;

impl LayerKey for Cipher {
    type Config = ();
    const NAME: &'static str = "cipher";
    fn show(_: &(), _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl<F: Flow> Layer<F> for Cipher {
    type Key = Self;
    type Flow = F;
    type Error = FlowError;
    const STAGE: Stage = Stage::new("cipher");
    async fn connect(&self, inner: F, _: &(), _: &Attempt) -> Result<F, FlowError> {
        Ok(inner)
    }
    fn security(&self) -> Security {
        Security::Encrypted
    }
}
