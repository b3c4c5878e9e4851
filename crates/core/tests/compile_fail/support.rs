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
