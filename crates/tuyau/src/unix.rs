//! Unix stream sockets on tokio.
//!
//! The key is there without the feature, for the Unix sockets of other backends.
//!
#![cfg_attr(feature = "unix", doc = "```")]
#![cfg_attr(not(feature = "unix"), doc = "```ignore")]
//! use tuyau::unix;
//! use tuyau_core::{Attempt, FlowExt, ListenerExt, Protocol, Stage};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! let path = directory.path().join("example.sock");
//! let mut listener = unix::Listener::bind(&path)?;
//!
//! let attempt = Attempt::new(Stage::new("unix"));
//! let mut client = unix::Unix.connect(&path, &attempt).await?;
//! let mut server = listener.accept().await?.handshake.await?;
//!
//! client.write_all(b"ping").await?;
//! let mut ping = [0; 4];
//! server.read_exact(&mut ping).await?;
//! assert_eq!(&ping, b"ping");
//! # Ok(())
//! # }
//! ```

#[cfg(any(feature = "blocking", feature = "unix"))]
pub(crate) mod bind;
#[cfg(any(feature = "blocking", feature = "unix"))]
mod claim;
#[cfg(feature = "unix")]
mod flow;
#[cfg(feature = "unix")]
mod listener;
#[cfg(feature = "unix")]
mod protocol;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use tuyau_core::{Address, EndpointError, EndpointKey, Key};

use crate::path_endpoint;

#[cfg(feature = "unix")]
pub use {
    flow::{Flow, PeerCredentials},
    listener::Listener,
    protocol::Unix,
};

/// The longest path of a socket, in bytes: what `sockaddr_un` holds without its final zero.
pub const MAX_PATH: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// The key of socket paths.
pub const KEY: Key<UnixKey> = Key::new();

/// The endpoint of Unix sockets: a path. An address with the scheme `unix` has nothing but the path; with
/// another one, its query is that of a layer over the socket.
#[derive(Debug)]
pub struct UnixKey;

impl EndpointKey for UnixKey {
    type Endpoint = PathBuf;
    const NAME: &'static str = "unix";

    fn show(endpoint: &PathBuf, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        path_endpoint::show(endpoint, f)
    }

    fn read(address: &Address) -> Result<PathBuf, EndpointError> {
        // Beneath a layer the query is the layer's.
        let mine = address.scheme() == Self::NAME;
        let extra = mine && address.queries().next().is_some();
        let path = path_endpoint::read(address).filter(|_| !extra);
        let expected = "a path without a query, as in `unix:///run/x.sock`";
        path.map(PathBuf::from)
            .ok_or_else(|| EndpointError::new(address, expected))
    }
}

/// A path does not fit a socket address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathTooLong {
    length: usize,
}

impl PathTooLong {
    /// The error for a path that is longer than [`MAX_PATH`].
    pub fn check(path: &Path) -> Option<Self> {
        let length = path.as_os_str().len();
        (length > MAX_PATH).then_some(Self { length })
    }
}

impl fmt::Display for PathTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.length;
        write!(
            f,
            "the path has {length} bytes, a socket's may have {MAX_PATH}; choose a shorter one"
        )
    }
}

impl std::error::Error for PathTooLong {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_for_its_path_and_for_no_other() {
        for path in ["/run/s", "/Run/S", "/run//s", "//s", "/run/s@1:2"] {
            let path = PathBuf::from(path);
            let address = Address::of::<UnixKey>("unix", &path).unwrap();
            assert_eq!(UnixKey::read(&address), Ok(path));
        }
        for path in ["/run/s?x", "/run/s?", "/run/s#x", "/run/é"] {
            let address = Address::of::<UnixKey>("unix", &path.into());
            assert!(address.is_err(), "{address:?}");
        }
    }

    #[test]
    fn a_query_is_refused_or_that_of_a_layer() {
        let read = |text: &str| UnixKey::read(&text.parse().unwrap());
        let error = read("unix:///run/s?x").unwrap_err().to_string();
        assert!(error.contains("a path without a query"), "{error}");
        assert_eq!(read("mask+unix:///run/s?mask=7"), Ok("/run/s".into()));
    }
}
