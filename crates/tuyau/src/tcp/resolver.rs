//! Host names, resolved by the operating system.

use std::net::SocketAddr;

use tuyau_core::{Answers, Resolver, Target};

use super::{ResolveError, TcpKey};
use crate::alternate::alternate;

/// Resolves IP addresses at once, and host names by asking the operating system, which also knows the
/// zones of IPv6 addresses by their names: `fe80::1%eth0`.
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
        let host = target.host()?;
        let Some(port) = target.port_number() else {
            let error = ResolveError::no_port(host.into());
            return Some(Answers::one(Err(error.into())));
        };
        if let Some(endpoint) = target.socket() {
            return Some(Answers::one(Ok(endpoint)));
        }
        let host: Box<str> = host.into();
        Some(Answers::from_future(async move {
            let found = ::tokio::net::lookup_host((&*host, port))
                .await
                .map(|found| alternate(found.collect()));
            found.map_err(|error| ResolveError::lookup(host, error).into())
        }))
    }
}
