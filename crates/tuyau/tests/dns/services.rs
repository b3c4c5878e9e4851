//! SRV, HTTPS and SVCB records.

use std::time::Duration;

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{
        RData, RecordType,
        rdata::{
            A, AAAA, HTTPS, SVCB,
            svcb::{Alpn, IpHint, Mandatory, SvcParamKey as Key, SvcParamValue as Value},
        },
    },
};
use tuyau::dns::{Dns, DnsErrorKind, Found, MAX_SERVICES};
use tuyau::tcp::TcpKey;
use tuyau_core::{Resolver, Target};

use crate::server::{Says, Server, address, endpoints, error, kind, name, plan, srv};

type Params = Vec<(Key, Value)>;

fn https(priority: u16, target: &str, params: Params) -> RData {
    RData::HTTPS(HTTPS(SVCB::new(priority, name(target), params)))
}

fn svcb(priority: u16, target: &str, params: Params) -> RData {
    RData::SVCB(SVCB::new(priority, name(target), params))
}

fn alpn(ids: &[&str]) -> (Key, Value) {
    let ids = ids.iter().map(ToString::to_string).collect();
    (Key::Alpn, Value::Alpn(Alpn(ids)))
}

fn port(port: u16) -> (Key, Value) {
    (Key::Port, Value::Port(port))
}

fn mandatory(keys: &[Key]) -> (Key, Value) {
    (Key::Mandatory, Value::Mandatory(Mandatory(keys.to_vec())))
}

/// Everything that is found, errors left out.
async fn found(dns: Dns<TcpKey>, target: Target) -> Vec<Found> {
    let mut answers = dns.find(&target).unwrap();
    let mut all = Vec::new();
    while let Some(answer) = std::future::poll_fn(|cx| answers.poll_next(cx)).await {
        all.extend(answer.ok());
    }
    all
}

#[tokio::test]
async fn servers_come_by_priority_each_with_its_port() {
    let server = Server::start().await;
    let server = server
        .has(
            "_tuyau._tcp.a.example",
            [
                srv(20, 0, 6002, "two.example"),
                srv(10, 5, 6001, "one.example"),
            ],
        )
        .has("one.example", [address("10.0.0.1")])
        .has("two.example", [address("10.0.0.2")]);
    let dns = server.dns().srv("_tuyau._tcp");
    for host in ["a.example", "_tuyau._tcp.a.example"] {
        let report = plan(dns.clone(), Target::name(host)).await;
        assert_eq!(
            endpoints(&report),
            ["10.0.0.1:6001", "10.0.0.2:6002"],
            "{report}"
        );
        assert_eq!(&*report.attempts[0].resolver, "dns srv");
    }
    let all = found(dns, Target::name("a.example")).await;
    assert_eq!(&*all[0].host, "one.example");
}

#[tokio::test]
async fn srv_is_not_asked_for_a_target_with_a_port_or_an_ip_address() {
    let server = Server::start().await;
    let dns = server.dns().srv("_tuyau._tcp");
    assert!(dns.resolve(&Target::name("a.example").port(6000)).is_none());
    assert!(dns.resolve(&Target::name("10.0.0.1")).is_none());
}

#[tokio::test]
async fn a_server_called_dot_says_that_there_is_none() {
    let server = Server::start().await;
    let server = server.has("_tuyau._tcp.a.example", [srv(0, 0, 0, ".")]);
    let dns = server.dns().srv("_tuyau._tcp");
    let report = plan(dns, Target::name("a.example")).await;
    assert_eq!(kind(&report), DnsErrorKind::NotOffered);
    assert_eq!(
        error(&report).to_string(),
        "the SRV record of _tuyau._tcp.a.example says that the service is not offered there"
    );
}

#[tokio::test]
async fn a_server_without_address_does_not_end_the_others() {
    let server = Server::start().await;
    let server = server
        .has(
            "_t._tcp.a.example",
            [srv(1, 0, 1, "gone.example"), srv(2, 0, 2, "here.example")],
        )
        .has("here.example", [address("10.0.0.2")])
        .says_of_addresses(
            "gone.example",
            &Says::Records(ResponseCode::NXDomain, vec![]),
        );
    let report = plan(server.dns().srv("_t._tcp"), Target::name("a.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.2:2"]);
    assert_eq!(kind(&report), DnsErrorKind::NoSuchName);
}

/// Bad input: servers whose names nobody answers for.
#[tokio::test(start_paused = true)]
async fn names_without_an_answer_fail_at_one_deadline_and_each_is_told() {
    let server = Server::start().await;
    let hosts = ["one.example", "two.example", "three.example"];
    let mut records = vec![srv(9, 0, 7, "here.example")];
    records.extend(hosts.map(|host| srv(1, 0, 7, host)));
    let mut server = server
        .has("_t._tcp.a.example", records)
        .has("here.example", [address("10.0.0.1")]);
    for host in hosts {
        server = server.says_of_addresses(host, &Says::Nothing);
    }
    // Less than one question may take.
    let dns = server.dns().deadline(Duration::from_secs(1));
    let report = plan(dns.srv("_t._tcp"), Target::name("a.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.1:7"], "{report}");
    let text = report.to_string();
    for host in hosts {
        let failed = format!("about the A or AAAA record of {host}");
        assert!(text.contains(&failed), "{text}");
    }
    assert_eq!(kind(&report), DnsErrorKind::TimedOut);
}

/// Bad input: the best server's name is one that nobody answers for.
#[tokio::test(start_paused = true)]
async fn what_is_known_of_another_server_comes_before_the_failure_of_a_silent_name() {
    let server = Server::start().await;
    let server = server
        .has(
            "_t._tcp.a.example",
            [srv(1, 0, 1, "silent.example"), srv(2, 0, 2, "here.example")],
        )
        .has("here.example", [address("10.0.0.2")])
        .says_of_addresses("silent.example", &Says::Nothing);
    let dns = server.dns().srv("_t._tcp");
    let mut answers = dns.find(&Target::name("a.example")).unwrap();
    let first = std::future::poll_fn(|cx| answers.poll_next(cx)).await;
    let first = first.unwrap().unwrap();
    assert_eq!(first.address.to_string(), "10.0.0.2:2");
}

#[tokio::test]
async fn of_too_many_servers_some_are_used() {
    let server = Server::start().await;
    let many = (0..100).map(|number| srv(number, 0, number, "one.example"));
    let records = many.map(|data| crate::server::record("_t._tcp.a.example", data));
    let says = Says::Cut(records.collect());
    let server = server
        .says("_t._tcp.a.example", RecordType::SRV, says)
        .has("one.example", [address("10.0.0.1")]);
    let report = plan(server.dns().srv("_t._tcp"), Target::name("a.example")).await;
    assert_eq!(endpoints(&report).len(), MAX_SERVICES, "{report}");
    assert_eq!(
        error(&report).to_string(),
        "found 100 servers, of which 8 are used"
    );
}

#[tokio::test]
async fn https_services_have_ports_hints_and_alpn() {
    let hints = vec![
        alpn(&["h3", "h2"]),
        (Key::NoDefaultAlpn, Value::NoDefaultAlpn),
        port(8443),
        (
            Key::Ipv4Hint,
            Value::Ipv4Hint(IpHint(vec![A([10, 0, 0, 9].into())])),
        ),
        (
            Key::Ipv6Hint,
            Value::Ipv6Hint(IpHint(vec![AAAA("::9".parse().unwrap())])),
        ),
    ];
    let server = Server::start().await;
    let server = server
        .has(
            "www.example",
            [https(2, ".", vec![]), https(1, "cdn.example", hints)],
        )
        .has("www.example", [address("10.0.0.1")])
        .has("cdn.example", ["10.0.0.8", "10.0.0.9"].map(address));
    let all = found(server.dns().https(), Target::name("www.example")).await;
    let shown = all.iter().map(|it| {
        format!(
            "{} {} {} {}",
            it.address,
            it.host,
            it.alpn.join("+"),
            it.default_alpn
        )
    });
    assert_eq!(
        shown.collect::<Vec<_>>(),
        [
            "[::9]:8443 cdn.example h3+h2 false",
            "10.0.0.9:8443 cdn.example h3+h2 false",
            "10.0.0.8:8443 cdn.example h3+h2 false",
            "10.0.0.1:443 www.example  true",
        ]
    );
}

#[tokio::test]
async fn aliases_are_followed_to_services_and_to_addresses() {
    let server = Server::start().await;
    let server = server
        .has("a.example", [https(0, "b.example", vec![])])
        .has("b.example", [https(0, "c.example", vec![])])
        .has("c.example", [https(1, ".", vec![port(444)])])
        .has("c.example", [address("10.0.0.3")])
        .has("d.example", [https(0, "e.example", vec![])])
        .has("e.example", [address("10.0.0.5")]);
    let report = plan(server.dns().https(), Target::name("a.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.3:444"], "{report}");
    let report = plan(server.dns().https(), Target::name("d.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.5:443"], "{report}");
}

#[tokio::test]
async fn svcb_is_asked_for_by_its_leaf_and_port() {
    let server = Server::start().await;
    let server = server
        .has("_53._dns.a.example", [svcb(1, "b.example", vec![])])
        .has("b.example", [address("10.0.0.3")]);
    let dns = server.dns().svcb("_dns");
    let report = plan(dns, Target::name("a.example").port(53)).await;
    assert_eq!(endpoints(&report), ["10.0.0.3:53"], "{report}");
}

#[tokio::test]
async fn aliases_of_services_in_a_circle_end() {
    let server = Server::start().await;
    let server = server
        .has("a.example", [https(0, "b.example", vec![])])
        .has("b.example", [https(0, "A.Example", vec![])]);
    let report = plan(server.dns().https(), Target::name("a.example")).await;
    assert_eq!(kind(&report), DnsErrorKind::Aliases, "{report}");
}

#[tokio::test]
async fn an_alias_to_dot_says_that_there_is_no_service() {
    let server = Server::start().await;
    let server = server.has("a.example", [https(0, ".", vec![])]);
    let report = plan(server.dns().https(), Target::name("a.example")).await;
    assert_eq!(kind(&report), DnsErrorKind::NotOffered);
}

#[tokio::test]
async fn services_that_demand_what_is_not_known_are_not_used() {
    let unknown = || vec![mandatory(&[Key::Port, Key::Unknown(7)]), port(444)];
    let server = Server::start().await;
    let server = server
        .has("a.example", [https(1, "b.example", unknown())])
        .has(
            "c.example",
            [
                https(1, "b.example", unknown()),
                https(2, "d.example", vec![]),
            ],
        )
        .has("d.example", [address("10.0.0.4")]);
    let report = plan(server.dns().https(), Target::name("a.example")).await;
    assert_eq!(kind(&report), DnsErrorKind::Unsupported, "{report}");
    let text = error(&report).to_string();
    assert!(
        text.contains("demands what this program does not know: key7; "),
        "{text}"
    );
    let report = plan(server.dns().https(), Target::name("c.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.4:443"]);
}

#[cfg(feature = "tls")]
#[tokio::test]
async fn a_layer_is_configured_by_what_the_records_say() {
    use tuyau::tls::{Peer, TlsKey};

    let server = Server::start().await;
    let server = server
        .has("a.example", [https(1, ".", vec![alpn(&["h2"])])])
        .has("a.example", [address("10.0.0.4")]);
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let noted = seen.clone();
    let resolver = server
        .dns()
        .https()
        .configure_each::<TlsKey, _>(move |target, found| {
            noted.lock().unwrap().extend(found.alpn.clone());
            Peer::of(target).unwrap_or_default()
        });
    let mut answers = resolver.resolve(&Target::name("a.example")).unwrap();
    let first = std::future::poll_fn(|cx| answers.poll_next(cx)).await;
    let (address, _) = first.unwrap().unwrap();
    assert_eq!(address.to_string(), "10.0.0.4:443");
    assert_eq!(*seen.lock().unwrap(), ["h2".into()]);
}
