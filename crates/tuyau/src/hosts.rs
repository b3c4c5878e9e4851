//! The hosts file: names and addresses that the operator of a machine wrote down.
//!
//! It needs no runtime and no network. A name in the file is answered at once, with its addresses in
//! the order of the file, families alternating; a name that is not in it is answered with no
//! endpoint, which ends the rank and lets the next one try:
//!
//! ```
//! # #[cfg(feature = "tcp")]
//! # mod example {
//! use tuyau::{hosts::Hosts, tcp::{self, SystemResolver, Tcp}, tokio::TokioTimer};
//! use tuyau_core::{Registry, Target};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("hosts");
//! std::fs::write(&path, "192.0.2.7  kitchen kitchen.example # by the window\n")?;
//!
//! let mut registry = Registry::new();
//! registry.protocol(tcp::KEY, Tcp::new());
//! registry.resolver(tcp::KEY, 0, Hosts::at(&path));
//! registry.resolver(tcp::KEY, 1, SystemResolver);
//! let context = registry.freeze(TokioTimer::new());
//!
//! let plan = context.connect(Target::name("Kitchen").port(6000)).plan().await;
//! assert_eq!(plan.attempts[0].endpoint.as_ref().unwrap().to_string(), "192.0.2.7:6000");
//! # Ok(())
//! # }
//! # }
//! # #[cfg(feature = "tcp")]
//! # example::main().unwrap();
//! ```
//!
//! # Lines that are wrong
//!
//! The file is the system's, and other programs use what they understand of it. So do we: a line that
//! is wrong is left out, and the rest is used. A name that stands on such a line, and on no other, is
//! answered with an error that says which line and column, what was expected there, and what to do.
//! [`Entries::problems`] lists everything that was left out.
//!
//! A file that is missing, is not readable, or is longer than [`MAX_LENGTH`] is an error for every
//! name.
//!
//! # When the file is read
//!
//! At the first answer, and again when it changed: its time, length and place are compared at each
//! resolve. Reading blocks the thread for as long as a local file of at most 8 MiB takes; that is
//! microseconds for the usual one, and is not worth a thread of its own.

mod entries;
mod error;
mod file;

use std::{
    fmt,
    marker::PhantomData,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tuyau_core::{Answers, BoxError, EndpointKey, Resolver, Target};

use crate::alternate::alternate;
use file::File;

pub use entries::{Entries, MAX_ADDRESSES, MAX_PROBLEMS};
pub use error::{HostsError, HostsErrorKind, Problem, ProblemKind};
pub use file::MAX_LENGTH;

/// Resolves names by a hosts file, under any key whose endpoints are IP endpoints.
///
/// Clones share what was read.
pub struct Hosts<K> {
    file: Arc<File>,
    key: PhantomData<fn() -> K>,
}

impl<K> Hosts<K> {
    /// The hosts file of this system: `/etc/hosts`, or where Windows has it.
    pub fn system() -> Self {
        Self::at(&system_path())
    }

    /// The hosts file at this path. It is not looked at before the first resolve.
    pub fn at(path: &Path) -> Self {
        Self {
            file: Arc::new(File::new(path)),
            key: PhantomData,
        }
    }

    /// What is in the file now. It blocks while the file is read.
    ///
    /// # Errors
    /// When the file is missing, not readable, or too long.
    pub fn entries(&self) -> Result<Arc<Entries>, HostsError> {
        self.file.entries()
    }
}

fn system_path() -> PathBuf {
    if cfg!(windows) {
        let root = std::env::var_os("SystemRoot").unwrap_or_else(|| r"C:\Windows".into());
        Path::new(&root).join(r"System32\drivers\etc\hosts")
    } else {
        PathBuf::from("/etc/hosts")
    }
}

impl<K> Clone for Hosts<K> {
    fn clone(&self) -> Self {
        Self {
            file: self.file.clone(),
            key: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Hosts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hosts").field(&self.file.path()).finish()
    }
}

impl<K: EndpointKey<Endpoint = SocketAddr>> Resolver for Hosts<K> {
    type Key = K;

    fn name(&self) -> &str {
        "hosts"
    }

    /// Has nothing to say about IP addresses, which are no names.
    fn resolve(&self, target: &Target) -> Option<Answers<SocketAddr>> {
        let host = target.host().filter(|_| target.ip().is_none())?;
        let (file, host, port) = (self.file.clone(), host.to_owned(), target.port_number());
        Some(Answers::from_future(async move {
            look_up(&file, &host, port).map_err(BoxError::from)
        }))
    }
}

fn look_up(file: &File, host: &str, port: Option<u16>) -> Result<Vec<SocketAddr>, HostsError> {
    let entries = file.entries()?;
    let found = entries.find(host);
    if found.is_empty() {
        return match entries.problem_with(host) {
            Some(problem) => Err(HostsError::line(file.path(), problem.clone())),
            None => Ok(Vec::new()),
        };
    }
    let port = port.ok_or_else(|| HostsError::no_port(host))?;
    let endpoints = found.iter().map(|ip| SocketAddr::new(*ip, port));
    Ok(alternate(endpoints.collect()))
}
