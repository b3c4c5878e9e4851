//! Sockets between a virtual machine and its host (vsock) on tokio, Linux and Android only.
//!
//! ```
//! use tuyau::vsock::{Endpoint, VsockKey};
//! use tuyau_core::{Address, EndpointKey};
//!
//! let address: Address = "vsock://2:5000".parse()?;
//! assert_eq!(VsockKey::read(&address)?, Endpoint { cid: Endpoint::HOST, port: 5000 });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A guest reaches its host:
//!
//! ```no_run
//! use tuyau::{tokio::TokioTimer, vsock::{self, Vsock, VsockKey}};
//! use tuyau_core::{Address, FlowExt, Literal, Registry};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut registry = Registry::new();
//! registry.protocol(vsock::KEY, Vsock);
//! registry.resolver(vsock::KEY, 0, Literal::<VsockKey>::new());
//! let context = registry.freeze(TokioTimer::new());
//!
//! let host: Address = "vsock://2:5000".parse()?;
//! let mut flow = context.connect(host).open().await?.flow;
//! flow.write_all(b"hello from the guest").await?;
//! # Ok(())
//! # }
//! ```
//!
//! Vsock has no back-pressure of the network to speak of and no encryption; the host sees
//! everything. There is no reset either: an aborted flow is a closed one.

mod flow;
mod listener;
mod socket;

use std::fmt;

use socket2::SockAddr;
use tuyau_core::{Address, Attempt, EndpointError, EndpointKey, FlowError, Key, Protocol, Stage};

pub use flow::Flow;
pub use listener::Listener;

/// The key of vsock endpoints.
pub const KEY: Key<VsockKey> = Key::new();

/// The endpoint of vsock.
#[derive(Debug)]
pub struct VsockKey;

/// A machine and a port of it.
///
/// Its textual form is `vsock://CID:PORT`; a port above 65,535, which other protocols do not have, is
/// written `vsock://CID?port=PORT`. An address with the scheme `vsock` has nothing else; with another one,
/// its user, path and other queries are those of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// The context identifier of the machine.
    pub cid: u32,
    /// The port.
    pub port: u32,
}

impl Endpoint {
    /// The context identifier of this very machine (Linux 5.6, with the module `vsock_loopback`).
    pub const LOCAL: u32 = 1;
    /// The context identifier of the host.
    pub const HOST: u32 = 2;
    /// For listening: every context identifier that this machine has.
    pub const ANY: u32 = u32::MAX;
    /// For listening: a free port, which the system chooses.
    pub const ANY_PORT: u32 = u32::MAX;

    fn to_sock_addr(self) -> SockAddr {
        SockAddr::vsock(self.cid, self.port)
    }

    fn from_sock_addr(address: &SockAddr) -> Option<Self> {
        let (cid, port) = address.as_vsock_address()?;
        Some(Self { cid, port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cid, port } = self;
        match u16::try_from(*port) {
            Ok(port) => write!(f, "{cid}:{port}"),
            Err(_) => write!(f, "{cid}?port={port}"),
        }
    }
}

impl EndpointKey for VsockKey {
    type Endpoint = Endpoint;
    const NAME: &'static str = "vsock";

    fn show(endpoint: &Endpoint, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{endpoint}")
    }

    fn read(address: &Address) -> Result<Endpoint, EndpointError> {
        let cid = address.host().and_then(|host| host.parse().ok());
        let mut ports = address.queries().filter(|(name, _)| *name == "port");
        let port = match (address.port(), ports.next(), ports.next()) {
            (Some(port), None, _) => Some(port.into()),
            (None, Some((_, port)), None) => port.parse().ok(),
            _ => None,
        };
        let expected = "the number of a machine and one port, as in `vsock://2:5000`";
        match (cid, port) {
            (Some(cid), Some(port)) if !has_more(address) => Ok(Endpoint { cid, port }),
            _ => Err(EndpointError::new(address, expected)),
        }
    }
}

/// Whether an address of this scheme says more than a machine and its port.
fn has_more(address: &Address) -> bool {
    let more = address.user().is_some() || address.path().is_some();
    let mut queries = address.queries();
    address.scheme() == VsockKey::NAME && (more || queries.any(|(name, _)| name != "port"))
}

/// Vsock on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Vsock;

impl Protocol for Vsock {
    type Key = VsockKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("vsock");

    async fn connect(&self, endpoint: &Endpoint, _attempt: &Attempt) -> Result<Flow, FlowError> {
        let stream = socket::connect(&endpoint.to_sock_addr()).await?;
        Ok(Flow::new(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for (text, cid, port) in [
            ("vsock://2:5000", 2, 5000),
            ("vsock://4294967295:0", Endpoint::ANY, 0),
            ("vsock://3?port=70000", 3, 70_000),
        ] {
            let address: Address = text.parse().unwrap();
            let endpoint = VsockKey::read(&address).unwrap();
            assert_eq!(endpoint, Endpoint { cid, port });
            assert_eq!(
                Address::of::<VsockKey>("vsock", &endpoint).unwrap(),
                address
            );
        }
    }

    #[test]
    fn refuses_what_is_not_a_machine_and_a_port() {
        for text in [
            "vsock://host:1",
            "vsock://2",
            "vsock://2?port=x",
            "vsock://2:5000?port=7",
            "vsock://2:5000?port=5000",
            "mask+vsock://2:5000?port=7",
            "vsock://2?port=70000&port=7",
            "vsock://me@2:5000",
            "vsock://2:5000/path",
            "vsock://2:5000?x",
            "vsock:///2",
            "vsock://4294967296:1",
        ] {
            let error = VsockKey::read(&text.parse().unwrap()).unwrap_err();
            assert!(error.to_string().ends_with("as in `vsock://2:5000`"));
        }
    }
}
