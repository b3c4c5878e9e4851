//! Unix stream sockets on tokio.
//!
//! ```
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

mod claim;
mod flow;
mod listener;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use ::tokio::net::UnixStream;
use tuyau_core::{
    Answers, Attempt, EndpointKey, ErrorKind, FlowError, Key, Protocol, Resolver, Stage, Target,
};

pub use flow::{Flow, PeerCredentials};
pub use listener::Listener;

/// The longest path of a socket, in bytes: what `sockaddr_un` holds without its final zero.
pub const MAX_PATH: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// The key of socket paths.
pub const KEY: Key<UnixKey> = Key::new();

/// The endpoint of Unix sockets: a path.
#[derive(Debug)]
pub struct UnixKey;

impl EndpointKey for UnixKey {
    type Endpoint = PathBuf;
    const NAME: &'static str = "unix";

    fn show(endpoint: &PathBuf, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", endpoint.display())
    }
}

/// Unix stream sockets on tokio. Connecting wants a tokio runtime with its I/O driver.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unix;

impl Protocol for Unix {
    type Key = UnixKey;
    type Flow = Flow;
    type Error = FlowError;

    const STAGE: Stage = Stage::new("unix");

    async fn connect(&self, path: &PathBuf, _attempt: &Attempt) -> Result<Flow, FlowError> {
        if let Some(error) = PathTooLong::check(path) {
            return Err(FlowError::new(ErrorKind::Unsupported, error));
        }
        let stream = UnixStream::connect(path).await?;
        Ok(Flow::dialled(stream, path))
    }
}

/// Takes the path of a target.
#[derive(Clone, Copy, Debug, Default)]
pub struct PathResolver;

impl Resolver for PathResolver {
    type Key = UnixKey;

    fn name(&self) -> &str {
        "path"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<PathBuf>> {
        Some(Answers::ready([PathBuf::from(target.path()?)]))
    }
}

/// A path does not fit a socket address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathTooLong {
    length: usize,
}

impl PathTooLong {
    fn check(path: &Path) -> Option<Self> {
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
