//! TCP on tokio, and host names resolved by the operating system.
//!
//! ```
//! use tuyau::tcp;
//! use tuyau_core::{Attempt, FlowExt, Listener, ListenerExt, Protocol, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut listener = tcp::Listener::bind(&"tcp://127.0.0.1:0".parse()?)?;
//! let endpoint = listener.address().socket().expect("it is an IP endpoint");
//!
//! let attempt = Attempt::new(Stage::new("tcp"));
//! let mut client = tcp::Tcp::new().connect(&endpoint, &attempt).await?;
//! let mut server = listener.accept().await?.handshake.await?;
//!
//! client.write_all(b"ping").await?;
//! let mut ping = [0; 4];
//! server.read_exact(&mut ping).await?;
//! assert_eq!(&ping, b"ping");
//! # Ok(())
//! # }
//! ```

mod flow;
mod listener;
mod options;
mod resolver;

use std::{fmt, net::SocketAddr};

use ::tokio::net::TcpStream;
use tuyau_core::{Attempt, EndpointKey, FlowError, Key, Protocol, Stage};

pub use flow::Flow;
pub use listener::{BACKLOG, Listener};
pub use options::Options;
pub use resolver::{ResolveError, SystemResolver};

/// The key of IP endpoints.
pub const KEY: Key<TcpKey> = Key::new();

/// The endpoint of TCP: an IP address and a port.
#[derive(Debug)]
pub struct TcpKey;

impl EndpointKey for TcpKey {
    type Endpoint = SocketAddr;
    const NAME: &'static str = "tcp";

    fn show(endpoint: &SocketAddr, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }
}

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
        Ok(Flow::new(stream))
    }
}
