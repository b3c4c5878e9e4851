//! From a question to endpoints.

use std::net::{IpAddr, SocketAddr};

use ::tokio::time::Instant;
use hickory_resolver::proto::rr::{
    RData,
    rdata::{
        SVCB,
        svcb::{SvcParamKey, SvcParamValue},
    },
};

use super::{
    DnsError, DnsErrorKind, Found, MAX_ALIASES, MAX_SERVICES,
    addresses::both,
    client::{Client, Kind, Records},
    random,
    srv::{self, Server},
    svcb::{self, Asked, Record, Verdict},
    together::{Lookup, together, within},
    trickle::Out,
};

/// Finds the addresses of a host.
pub(super) async fn addresses(
    client: &Client,
    host: &str,
    port: Option<u16>,
    out: &Out,
    until: Instant,
) -> Result<(), DnsError> {
    let port = port.ok_or_else(|| DnsError::new(DnsErrorKind::NoPort, host, "A"))?;
    let found = |ip| out.found(Found::address(SocketAddr::new(ip, port), host));
    addresses_of(client, host, out, until, found).await
}

/// Asks for both families, until a time.
async fn addresses_of(
    client: &Client,
    host: &str,
    out: &Out,
    until: Instant,
    found: impl FnMut(IpAddr) + Send,
) -> Result<(), DnsError> {
    let late = || client.late(host, "A or AAAA");
    within(until, late, families(client, host, out, found)).await
}

/// Asks for both families at once. An error of one is reported when the other has addresses, unless
/// all it says is that there are none.
async fn families(
    client: &Client,
    host: &str,
    out: &Out,
    mut found: impl FnMut(IpAddr) + Send,
) -> Result<(), DnsError> {
    let mut any = false;
    let errors = both(
        one(client, host, Kind::Aaaa),
        one(client, host, Kind::A),
        |ip| {
            any = true;
            found(ip);
        },
    )
    .await;
    let mut errors: Vec<_> = errors.into_iter().flatten().collect();
    if any {
        errors.retain(|error| !error.is_negative());
        errors.into_iter().for_each(|error| out.error(error));
        return Ok(());
    }
    if errors.iter().all(|it| it.kind() == DnsErrorKind::NoRecord) {
        let circle = client.circle(host).await;
        return Err(
            circle.unwrap_or_else(|| DnsError::new(DnsErrorKind::NoRecord, host, "A or AAAA"))
        );
    }
    // What nobody could say comes before what is not there.
    errors.sort_by_key(DnsError::is_negative);
    match errors.into_iter().next() {
        Some(error) => Err(error),
        None => Err(DnsError::new(DnsErrorKind::NoRecord, host, "A or AAAA")),
    }
}

async fn one(client: &Client, host: &str, kind: Kind) -> Result<Vec<IpAddr>, DnsError> {
    let records = client.ask(host, kind).await?;
    let addresses = records.data.iter().filter_map(|data| match data {
        RData::A(ip) => Some(IpAddr::V4(ip.0)),
        RData::AAAA(ip) => Some(IpAddr::V6(ip.0)),
        _ => None,
    });
    Ok(addresses.collect())
}

/// Asks one question, until a time.
async fn ask(client: &Client, name: &str, kind: Kind, until: Instant) -> Result<Records, DnsError> {
    let late = || client.late(name, kind.name());
    within(until, late, client.ask(name, kind)).await
}

/// Finds the servers of an SRV record set, and their addresses.
pub(super) async fn srv(
    client: &Client,
    owner: &str,
    out: &Out,
    until: Instant,
) -> Result<(), DnsError> {
    let records = ask(client, owner, Kind::Srv, until).await?;
    let servers = records.data.iter().filter_map(|data| match data {
        RData::SRV(srv) => Some(Server {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: srv.target.to_lowercase().to_ascii().into(),
        }),
        _ => None,
    });
    let mut servers: Vec<_> = servers.collect();
    if servers.iter().all(Server::is_none) {
        return Err(DnsError::new(DnsErrorKind::NotOffered, owner, "SRV"));
    }
    servers.retain(|server| !server.is_none());
    let mut servers = srv::in_order(servers, random::up_to);
    cut(&mut servers, "servers", out);
    let lookups = servers.iter().map(|server| {
        Lookup::new(|out| async move {
            addresses(client, &server.target, Some(server.port), &out, until).await
        })
    });
    together(lookups.collect(), out).await;
    Ok(())
}

/// Finds the services of an HTTPS or SVCB record set, and their addresses.
pub(super) async fn services(
    client: &Client,
    asked: Asked,
    out: &Out,
    until: Instant,
) -> Result<(), DnsError> {
    let Asked {
        owner,
        kind,
        host,
        port,
    } = asked;
    let fail = |error_kind| DnsError::new(error_kind, &owner, kind.name());
    let mut passed = vec![owner.clone()];
    for _ in 0..=MAX_ALIASES {
        let name = passed.last().unwrap_or(&host).clone();
        let records = match ask(client, &name, kind, until).await {
            // The end of the aliases has addresses and no services (RFC 9460, section 2.4.2).
            Err(error) if error.is_negative() && passed.len() > 1 => {
                return addresses(client, &name, port, out, until).await;
            }
            records => records?,
        };
        match svcb::read(read(&records), random::up_to) {
            Verdict::Alias(target) if passed.iter().any(|it| **it == *target) => {
                let detail = format!("in a circle, back to {target}");
                return Err(fail(DnsErrorKind::Aliases).with_detail(&detail));
            }
            Verdict::Alias(target) => passed.push(target.into()),
            Verdict::NotOffered => return Err(fail(DnsErrorKind::NotOffered)),
            Verdict::Unsupported(keys) => {
                return Err(fail(DnsErrorKind::Unsupported).with_detail(&keys.join(", ")));
            }
            Verdict::Services(mut services) => {
                cut(&mut services, "services", out);
                let owner = &records.owner;
                let lookups = services.iter().map(|service| {
                    Lookup::new(|out| async move {
                        one_service(client, service, (owner, port), &out, until).await
                    })
                });
                together(lookups.collect(), out).await;
                return Ok(());
            }
        }
    }
    Err(fail(DnsErrorKind::Aliases).with_detail("too far"))
}

/// The addresses of one service: those that its record hints at, at once, and then those of its name.
async fn one_service(
    client: &Client,
    service: &Record,
    (owner, port): (&str, Option<u16>),
    out: &Out,
    until: Instant,
) -> Result<(), DnsError> {
    let host = match &*service.target {
        "." => owner,
        target => target,
    };
    let Some(port) = service.port.or(port) else {
        return Err(DnsError::new(DnsErrorKind::NoPort, host, "SVCB"));
    };
    let found = |ip| {
        let mut found = Found::address(SocketAddr::new(ip, port), host);
        found.alpn.clone_from(&service.alpn);
        found.default_alpn = !service.no_default_alpn;
        out.found(found);
    };
    service.hints.iter().copied().for_each(found);
    addresses_of(client, host, out, until, found).await
}

fn cut<T>(list: &mut Vec<T>, what: &'static str, out: &Out) {
    if list.len() > MAX_SERVICES {
        out.error(DnsError::too_many(what, list.len(), MAX_SERVICES));
        list.truncate(MAX_SERVICES);
    }
}

fn read(records: &Records) -> Vec<Record> {
    let records = records.data.iter().filter_map(|data| match data {
        RData::HTTPS(https) => Some(&https.0),
        RData::SVCB(svcb) => Some(svcb),
        _ => None,
    });
    records.map(read_one).collect()
}

fn read_one(svcb: &SVCB) -> Record {
    let mut record = Record {
        priority: svcb.svc_priority,
        target: svcb.target_name.to_lowercase().to_ascii().into(),
        ..Record::default()
    };
    let present = |key: &SvcParamKey| svcb.svc_params.iter().any(|(it, _)| it == key);
    let known = |key: &SvcParamKey| {
        matches!(
            key,
            SvcParamKey::Alpn
                | SvcParamKey::NoDefaultAlpn
                | SvcParamKey::Port
                | SvcParamKey::Ipv4Hint
                | SvcParamKey::Ipv6Hint
        )
    };
    let mut hints = [Vec::new(), Vec::new()];
    for (_, value) in &svcb.svc_params {
        match value {
            SvcParamValue::Mandatory(keys) => {
                let obstacles = keys.0.iter().filter(|key| !known(key) || !present(key));
                record.obstacles = obstacles.map(|key| key_name(*key)).collect();
            }
            SvcParamValue::Alpn(ids) => {
                record.alpn = ids.0.iter().map(|id| id.as_str().into()).collect();
            }
            SvcParamValue::NoDefaultAlpn => record.no_default_alpn = true,
            SvcParamValue::Port(port) => record.port = Some(*port),
            SvcParamValue::Ipv4Hint(ips) => hints[1] = ips.0.iter().map(|ip| ip.0.into()).collect(),
            SvcParamValue::Ipv6Hint(ips) => hints[0] = ips.0.iter().map(|ip| ip.0.into()).collect(),
            _ => {}
        }
    }
    record.hints = hints.concat();
    record
}

/// The name of a key in presentation format (RFC 9460, section 14.3.2).
fn key_name(key: SvcParamKey) -> Box<str> {
    match key {
        SvcParamKey::Unknown(number) => format!("key{number}").into(),
        key => key.to_string().into(),
    }
}
