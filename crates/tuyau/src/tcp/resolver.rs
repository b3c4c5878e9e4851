//! Host names, resolved by the operating system.

use std::{error::Error, fmt, io, net::IpAddr, net::SocketAddr};

use tuyau_core::{Answers, Resolver, Target};

use super::TcpKey;
use crate::alternate::alternate;

/// Resolves IP addresses at once, and host names by asking the operating system.
///
/// IPv6 and IPv4 answers alternate, beginning with what the system prefers (RFC 8305, section 4).
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    type Key = TcpKey;

    fn name(&self) -> &str {
        "system"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<SocketAddr>> {
        let host: Box<str> = target.host()?.into();
        let Some(port) = target.port_number() else {
            let error = ResolveError::new(host, ResolveErrorKind::NoPort);
            return Some(Answers::from_future(async { Err(error.into()) }));
        };
        if let Ok(ip) = host.parse::<IpAddr>() {
            return Some(Answers::ready([SocketAddr::new(ip, port)]));
        }
        Some(Answers::from_future(async move {
            let found = ::tokio::net::lookup_host((&*host, port))
                .await
                .map(|found| alternate(found.collect()));
            found.map_err(|error| ResolveError::new(host, ResolveErrorKind::Lookup(error)).into())
        }))
    }
}

/// Why a host name gave no endpoint.
#[derive(Debug)]
pub struct ResolveError {
    host: Box<str>,
    kind: ResolveErrorKind,
}

#[derive(Debug)]
enum ResolveErrorKind {
    NoPort,
    Lookup(io::Error),
}

impl ResolveError {
    fn new(host: Box<str>, kind: ResolveErrorKind) -> Self {
        Self { host, kind }
    }

    /// Whether the target had no port, and was not looked up therefore.
    pub fn is_missing_port(&self) -> bool {
        matches!(self.kind, ResolveErrorKind::NoPort)
    }
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        match &self.kind {
            ResolveErrorKind::NoPort => {
                write!(
                    f,
                    "no port was given for {host}, write for example {host}:6000"
                )
            }
            ResolveErrorKind::Lookup(_) => write!(f, "the host name {host} cannot be resolved"),
        }
    }
}

impl Error for ResolveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.kind {
            ResolveErrorKind::NoPort => None,
            ResolveErrorKind::Lookup(error) => Some(error),
        }
    }
}
