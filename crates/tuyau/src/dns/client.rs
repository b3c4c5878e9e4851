//! Asking, by hickory-resolver, and believing no more of the answer than was asked for.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    lookup::Lookup,
    net::{DnsError as ServerError, NetError, runtime::TokioRuntimeProvider},
    proto::{
        op::ResponseCode,
        rr::{DNSClass, Name, RData, RecordType},
    },
    system_conf::read_system_conf,
};

use super::{DnsError, DnsErrorKind, MAX_ALIASES};

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    A,
    Aaaa,
    Srv,
    Https,
    Svcb,
    Cname,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Srv => "SRV",
            Self::Https => "HTTPS",
            Self::Svcb => "SVCB",
            Self::Cname => "CNAME",
        }
    }

    fn record_type(self) -> RecordType {
        match self {
            Self::A => RecordType::A,
            Self::Aaaa => RecordType::AAAA,
            Self::Srv => RecordType::SRV,
            Self::Https => RecordType::HTTPS,
            Self::Svcb => RecordType::SVCB,
            Self::Cname => RecordType::CNAME,
        }
    }
}

/// The records of one name.
#[derive(Debug)]
pub(super) struct Records {
    /// The name that has them, after aliases; whole, with its final dot.
    pub(super) owner: String,
    pub(super) data: Vec<RData>,
}

/// Asks name servers. Clones share connections and the cache.
#[derive(Clone)]
pub(super) struct Client {
    config: ResolverConfig,
    options: ResolverOpts,
    resolver: Option<TokioResolver>,
}

impl Client {
    pub(super) fn system() -> Result<Self, DnsError> {
        const PLACE: &str = if cfg!(windows) {
            "the network configuration"
        } else {
            "/etc/resolv.conf"
        };
        let fail = || DnsError::new(DnsErrorKind::NoServers, PLACE, "");
        let (config, options) = read_system_conf().map_err(|error| fail().caused(error))?;
        if config.name_servers().is_empty() {
            return Err(fail());
        }
        Ok(Self::new(config, options))
    }

    pub(super) fn servers(servers: &[SocketAddr]) -> Result<Self, DnsError> {
        if servers.is_empty() {
            return Err(DnsError::new(DnsErrorKind::NoServers, "an empty list", ""));
        }
        let servers = servers.iter().map(|server| {
            let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
            let connections = connections.map(|mut connection| {
                connection.port = server.port();
                connection
            });
            NameServerConfig::new(server.ip(), true, connections.into())
        });
        let config = ResolverConfig::from_parts(None, Vec::new(), servers.collect());
        Ok(Self::new(config, ResolverOpts::default()))
    }

    fn new(config: ResolverConfig, mut options: ResolverOpts) -> Self {
        // There is a resolver of its own for the hosts file.
        options.use_hosts_file = ResolveHosts::Never;
        let builder =
            TokioResolver::builder_with_config(config.clone(), TokioRuntimeProvider::default());
        Self {
            resolver: builder.with_options(options.clone()).build().ok(),
            config,
            options,
        }
    }

    pub(super) fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = timeout;
        Self::new(self.config, self.options)
    }

    /// The servers, for people.
    pub(super) fn names(&self) -> String {
        let servers = self.config.name_servers().iter().map(|server| {
            let port = server.connections.first().map_or(53, |it| it.port);
            match port {
                53 => server.ip.to_string(),
                port => SocketAddr::new(server.ip, port).to_string(),
            }
        });
        let servers: Vec<_> = servers.collect();
        let noun = if servers.len() == 1 {
            "name server"
        } else {
            "name servers"
        };
        format!("the {noun} {}", servers.join(", "))
    }

    /// Says that there was no time left for a question.
    pub(super) fn late(&self, name: &str, record: &'static str) -> DnsError {
        let error = DnsError::new(DnsErrorKind::TimedOut, name, record);
        error.with_detail(&self.names())
    }

    /// The records of a kind of a name, behind its aliases; at least one.
    pub(super) async fn ask(&self, name: &str, kind: Kind) -> Result<Records, DnsError> {
        let fail = |error_kind| DnsError::new(error_kind, name, kind.name());
        // Its error would repeat the name, which may be a name server's, as it stands there.
        let query = Name::from_utf8(name).map_err(|_| fail(DnsErrorKind::BadName))?;
        let Some(resolver) = &self.resolver else {
            return Err(fail(DnsErrorKind::Unreachable).with_detail(&self.names()));
        };
        let lookup = match resolver.lookup(query, kind.record_type()).await {
            Ok(lookup) => lookup,
            Err(error) => return Err(self.explain(error, name, kind)),
        };
        match believed(&lookup, kind.record_type()) {
            Some(records) if !records.data.is_empty() => Ok(records),
            Some(_) => Err(fail(DnsErrorKind::NoRecord)),
            None => Err(fail(DnsErrorKind::Aliases).with_detail("in a circle or too far")),
        }
    }

    /// Why a name has no address although it exists: aliases in a circle look like that.
    pub(super) async fn circle(&self, name: &str) -> Option<DnsError> {
        let mut passed = Vec::new();
        let mut next = name.to_owned();
        for _ in 0..=MAX_ALIASES {
            let records = self.ask(&next, Kind::Cname).await.ok()?;
            let Some(RData::CNAME(target)) = records.data.first() else {
                return None;
            };
            passed.push(records.owner);
            next = target.0.to_lowercase().to_ascii();
            if passed.contains(&next) {
                let error = DnsError::new(DnsErrorKind::Aliases, name, "");
                return Some(error.with_detail(&format!("in a circle, back to {next}")));
            }
        }
        let error = DnsError::new(DnsErrorKind::Aliases, name, "");
        Some(error.with_detail("too far"))
    }

    fn explain(&self, error: NetError, name: &str, kind: Kind) -> DnsError {
        let new =
            |error_kind| DnsError::new(error_kind, name, kind.name()).with_detail(&self.names());
        let by_code = |code| match code {
            ResponseCode::NXDomain => new(DnsErrorKind::NoSuchName),
            ResponseCode::NoError => new(DnsErrorKind::NoRecord),
            ResponseCode::ServFail => new(DnsErrorKind::ServerFailure),
            ResponseCode::Refused => new(DnsErrorKind::Refused),
            code => {
                let answered = format!("{} answered \"{code}\"", self.names());
                new(DnsErrorKind::Code).with_detail(&answered)
            }
        };
        match error {
            NetError::Dns(ServerError::NoRecordsFound(none)) => by_code(none.response_code),
            NetError::Dns(ServerError::ResponseCode(code)) => by_code(code),
            NetError::Timeout => new(DnsErrorKind::TimedOut),
            NetError::Truncated => new(DnsErrorKind::Truncated),
            NetError::NoConnections => new(DnsErrorKind::Unreachable),
            error @ (NetError::Io(_) | NetError::Busy) => {
                new(DnsErrorKind::Unreachable).caused(error)
            }
            // It may say what stands in the answer.
            error => new(DnsErrorKind::Malformed).answered(&error),
        }
    }
}

/// The records of the name that was asked for, or of the one that its aliases lead to. A server may
/// put anything else beside them. `None` when the aliases do not end.
fn believed(lookup: &Lookup, kind: RecordType) -> Option<Records> {
    let answers = || {
        lookup
            .answers()
            .iter()
            .filter(|it| it.dns_class == DNSClass::IN)
    };
    let mut owner = lookup.query().name().clone();
    owner.set_fqdn(true);
    for _ in 0..=MAX_ALIASES {
        let data = answers().filter(|it| it.name == owner && it.record_type() == kind);
        let data: Vec<_> = data.map(|it| it.data.clone()).collect();
        let alias = answers().find_map(|it| match &it.data {
            RData::CNAME(target) if it.name == owner => Some(target.0.clone()),
            _ => None,
        });
        match alias {
            Some(target) if data.is_empty() => owner = target,
            _ => {
                let owner = owner.to_lowercase().to_ascii();
                return Some(Records { owner, data });
            }
        }
    }
    None
}
