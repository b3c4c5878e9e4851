//! Dialling TCP.

use std::net::SocketAddr;

use ::tokio::net::TcpStream;
use tuyau_core::{Attempt, FlowError, Protocol, Stage};

use super::{Flow, Options, TcpKey};

/// TCP on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Debug, Default)]
pub struct Tcp {
    options: Options,
}

impl Tcp {
    /// TCP with the default [`Options`].
    pub fn new() -> Self {
        Self::default()
    }

    /// TCP with these options for each flow.
    pub fn with_options(options: Options) -> Self {
        Self { options }
    }
}

impl Protocol for Tcp {
    type Key = TcpKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("tcp");

    async fn connect(&self, endpoint: &SocketAddr, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let stream = TcpStream::connect(endpoint).await?;
        self.options.apply(&stream)?;
        Ok(Flow::new(stream, *endpoint))
    }
}
