//! Names resolved by asking name servers: addresses, SRV, HTTPS and SVCB records.
//!
//! One [`Dns`] asks for one kind of record; several of them share a cache and are registered by rank, so
//! that what stands in for a missing record is said where everything else is said:
//!
//! ```no_run
//! # #[cfg(feature = "tcp")]
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use tuyau::{dns::Dns, hosts::Hosts, tcp::{self, Tcp}, tokio::TokioTimer};
//! use tuyau_core::{Registry, Target};
//!
//! let dns = Dns::system()?;
//! let mut registry = Registry::new();
//! registry.protocol(tcp::KEY, Tcp::new());
//! registry.resolver(tcp::KEY, 0, Hosts::system());
//! registry.resolver(tcp::KEY, 1, dns.clone().srv("_tuyau._tcp"));
//! registry.resolver(tcp::KEY, 2, dns);
//! let context = registry.freeze(TokioTimer::new());
//!
//! // Where the operators of the name say that the service is.
//! let connect = context.connect(Target::name("example.org"));
//! // The port is given: this is a question for addresses.
//! let connect = context.connect(Target::name("router.example.org").port(6000));
//! # Ok(())
//! # }
//! ```
//!
//! # What is asked, and in which order it is answered
//!
//! - **Addresses**, unless told otherwise: AAAA and A at once. Addresses of both families alternate,
//!   IPv6 first (RFC 8305, section 4). When A is answered first, AAAA has [`RESOLUTION_DELAY`] to follow
//!   (section 3); after that IPv4 begins alone, and IPv6 joins when it comes.
//! - **[`srv`](Dns::srv)**: the servers by priority, at random by weight (RFC 2782), each with its own
//!   port.
//! - **[`https`](Dns::https)** and **[`svcb`](Dns::svcb)**: aliases are followed, services come by
//!   priority, with their port, address hints and ALPN (RFC 9460). [`Dns::configure_each`] makes the
//!   configuration of a layer, as TLS, of them.
//!
//! The name is looked up as the system does: with its search list, unless it ends in a dot.
//!
//! # What is believed
//!
//! Only records of the name that was asked for, or of the one its aliases lead to. What comes in plain
//! DNS can be forged by anyone on the way, so an answer says where to knock and never who is there: let
//! the protocol prove that. Every number is bounded: [`MAX_ADDRESSES`], [`MAX_SERVICES`],
//! [`MAX_ALIASES`] and, for the time, [`Dns::deadline`]; what was left out is said in the report. The
//! names of all servers or services are looked up at once, and answered in their order; but what is
//! known of a later one waits for a slow one no longer than [`RESOLUTION_DELAY`].
//!
//! # Errors
//!
//! A name that does not exist, a server that refuses, fails, is silent or babbles: each is a
//! [`DnsError`] with a kind, in the report of the connect. A later rank is tried all the same.

mod addresses;
mod ask;
mod client;
mod error;
mod found;
mod random;
mod srv;
mod svcb;
mod together;
mod trickle;

use std::{fmt, marker::PhantomData, net::SocketAddr, time::Duration};

use ::tokio::time::Instant;
use tuyau_core::{Answers, EndpointKey, LayerKey, Over, Resolver, Target};

use client::{Client, Kind};
use trickle::trickle;

pub use addresses::RESOLUTION_DELAY;
pub use error::{DnsError, DnsErrorKind};
pub use found::{Found, MAX_ADDRESSES, MAX_ALIASES, MAX_SERVICES};

/// How long one answer may take in all, unless told otherwise.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Resolves names by asking name servers, under any key whose endpoints are IP endpoints.
///
/// Clones share the connections to the servers and what they answered, for as long as that is valid.
/// Resolving wants a tokio runtime with its I/O driver and its timer.
pub struct Dns<K> {
    client: Client,
    question: Question,
    deadline: Duration,
    key: PhantomData<fn() -> K>,
}

/// What is asked about a name.
#[derive(Clone, Debug)]
enum Question {
    Addresses,
    Srv(Box<str>),
    Https,
    Svcb(Box<str>),
}

impl<K> Dns<K> {
    /// Asks the name servers of the system: those of `/etc/resolv.conf`, with its search list and its
    /// options, or those that Windows has.
    ///
    /// # Errors
    /// When the system's configuration cannot be read.
    pub fn system() -> Result<Self, DnsError> {
        Client::system().map(Self::new)
    }

    /// Asks these name servers, over UDP and, for what is longer, over TCP. Names are taken as whole.
    ///
    /// # Errors
    /// When there are no servers.
    pub fn servers(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        Client::servers(servers).map(Self::new)
    }

    fn new(client: Client) -> Self {
        Self {
            client,
            question: Question::Addresses,
            deadline: DEADLINE,
            key: PhantomData,
        }
    }

    /// Sets how long a server has for an answer before it is asked again; 5 s, or what the system
    /// says. Clones made before keep theirs.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.client = self.client.timeout(timeout);
        self
    }

    /// Sets how long the whole of one answer may take, by default [`DEADLINE`]: the records, what
    /// their aliases lead to, and the addresses of all servers or services, which are asked for at
    /// once. What has been found by then stands, and each name that has not been has an error. More than an
    /// hour is an hour.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline.min(Duration::from_secs(3600));
        self
    }

    /// Asks for SRV records of a service, as `_tuyau._tcp` (RFC 2782).
    ///
    /// A target with a port is not its own: who gives a port has decided. A host that begins with `_`
    /// is taken as the whole name of the records.
    pub fn srv(mut self, service: &str) -> Self {
        self.question = Question::Srv(service.into());
        self
    }

    /// Asks for HTTPS records (RFC 9460, section 9); without a port it is 443 that is meant.
    pub fn https(mut self) -> Self {
        self.question = Question::Https;
        self
    }

    /// Asks for SVCB records of a protocol, by its attribute leaf, as `_dns` (RFC 9460, section 2.3).
    pub fn svcb(mut self, leaf: &str) -> Self {
        self.question = Question::Svcb(leaf.into());
        self
    }

    /// The same for another key whose endpoints are IP endpoints.
    pub fn for_key<T>(self) -> Dns<T> {
        Dns {
            client: self.client,
            question: self.question,
            deadline: self.deadline,
            key: PhantomData,
        }
    }

    /// What a target leads to, with all that the records say of it; `None` for targets that are not
    /// its own.
    pub fn find(&self, target: &Target) -> Option<Answers<Found>> {
        let host = target.host()?.to_owned();
        let port = target.port_number();
        let (client, deadline) = (self.client.clone(), self.deadline);
        match (&self.question, target.ip(), port) {
            (Question::Addresses, Some(_), Some(_)) => {
                // Only the operating system knows the name of a zone.
                let address = target.socket()?;
                Some(Answers::ready([Found::address(address, &host)]))
            }
            (Question::Addresses, _, _) => Some(trickle(|out| async move {
                ask::addresses(&client, &host, port, &out, Instant::now() + deadline).await
            })),
            (_, Some(_), _) | (Question::Srv(_), _, Some(_)) => None,
            (Question::Srv(service), None, None) => {
                let owner = match host.starts_with('_') {
                    true => host,
                    false => format!("{service}.{host}"),
                };
                Some(trickle(|out| async move {
                    ask::srv(&client, &owner, &out, Instant::now() + deadline).await
                }))
            }
            (Question::Https, None, _) => {
                let owner = svcb::https_owner(&host, port);
                let port = port.or(Some(svcb::HTTPS_PORT));
                let asked = svcb::Asked {
                    owner,
                    kind: Kind::Https,
                    host,
                    port,
                };
                Some(trickle(|out| async move {
                    ask::services(&client, asked, &out, Instant::now() + deadline).await
                }))
            }
            (Question::Svcb(leaf), None, _) => {
                let owner = svcb::owner(leaf, &host, port);
                let asked = svcb::Asked {
                    owner,
                    kind: Kind::Svcb,
                    host,
                    port,
                };
                Some(trickle(|out| async move {
                    ask::services(&client, asked, &out, Instant::now() + deadline).await
                }))
            }
        }
    }

    /// The resolver for a layer: each endpoint gets the configuration that `config` makes of the target
    /// and of what the records say, the ALPN for TLS for example.
    pub fn configure_each<L, F>(self, config: F) -> ConfiguredDns<K, L, F>
    where
        L: LayerKey,
        F: Fn(&Target, &Found) -> L::Config + Clone + Send + Sync + 'static,
    {
        ConfiguredDns {
            dns: self,
            config,
            layer: PhantomData,
        }
    }

    fn name(&self) -> &'static str {
        match self.question {
            Question::Addresses => "dns",
            Question::Srv(_) => "dns srv",
            Question::Https => "dns https",
            Question::Svcb(_) => "dns svcb",
        }
    }
}

impl<K> Clone for Dns<K> {
    fn clone(&self) -> Self {
        Self {
            client: self.client.clone(),
            question: self.question.clone(),
            deadline: self.deadline,
            key: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Dns<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dns")
            .field("servers", &self.client.names())
            .field("question", &self.question)
            .finish_non_exhaustive()
    }
}

impl<K: EndpointKey<Endpoint = SocketAddr>> Resolver for Dns<K> {
    type Key = K;

    fn name(&self) -> &str {
        self.name()
    }

    fn resolve(&self, target: &Target) -> Option<Answers<SocketAddr>> {
        Some(self.find(target)?.map(|found| found.address))
    }
}

/// A resolver for a layer, made by [`Dns::configure_each`].
pub struct ConfiguredDns<K, L, F> {
    dns: Dns<K>,
    config: F,
    layer: PhantomData<fn() -> L>,
}

impl<K, L, F> fmt::Debug for ConfiguredDns<K, L, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.dns.fmt(f)
    }
}

impl<K, L, F> Resolver for ConfiguredDns<K, L, F>
where
    K: EndpointKey<Endpoint = SocketAddr>,
    L: LayerKey,
    F: Fn(&Target, &Found) -> L::Config + Clone + Send + Sync + 'static,
{
    type Key = Over<K, L>;

    fn name(&self) -> &str {
        self.dns.name()
    }

    fn takes(&self, scheme: &str) -> bool {
        scheme == L::NAME || (!L::ENDS_ELSEWHERE && self.dns.takes(scheme))
    }

    fn resolve(&self, target: &Target) -> Option<Answers<(SocketAddr, L::Config)>> {
        let (target, config) = (target.clone(), self.config.clone());
        let found = self.dns.find(&target)?;
        Some(found.map(move |found| (found.address, config(&target, &found))))
    }
}
