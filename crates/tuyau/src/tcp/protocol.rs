//! Dialling TCP.

use std::{io, net::SocketAddr};

use ::tokio::{net::TcpStream, task::coop};
use tuyau_core::{Attempt, ErrorKind, FlowError, Protocol, Stage};

use super::{Flow, Options, TcpKey};

/// TCP on tokio.
///
/// # Panics
/// Connecting does, outside a tokio runtime with its I/O driver; `tuyau::blocking` has TCP for plain threads.
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
        if lacks_zone(endpoint) {
            return Err(FlowError::new(ErrorKind::Unreachable, NO_ZONE));
        }
        let stream = dial(*endpoint, &self.options).await?;
        Ok(Flow::new(stream, *endpoint))
    }
}

const NO_ZONE: &str =
    "a link-local address is one of many links; it needs its zone, as in `[fe80::1%25eth0]`";

/// Whether nobody can say on which link the address is (RFC 4007, section 6).
fn lacks_zone(endpoint: &SocketAddr) -> bool {
    match endpoint {
        SocketAddr::V4(_) => false,
        SocketAddr::V6(it) => it.ip().is_unicast_link_local() && it.scope_id() == 0,
    }
}

/// Connects as tokio does, but does not wait for the reactor where nothing is left to wait for: within
/// one machine the handshake is over when the system call returns, which says all the same that it is
/// in progress.
async fn dial(endpoint: SocketAddr, options: &Options) -> io::Result<TcpStream> {
    let stream = std::net::TcpStream::from(mio::net::TcpStream::connect(endpoint)?);
    options.apply(&stream)?;
    let connected = stream.peer_addr().is_ok();
    let stream = TcpStream::from_std(stream)?;
    if connected {
        // Whoever only ever connects lets other tasks run as well.
        coop::consume_budget().await;
        return Ok(stream);
    }
    stream.writable().await?;
    match stream.take_error()? {
        None => Ok(stream),
        Some(error) => Err(error),
    }
}
