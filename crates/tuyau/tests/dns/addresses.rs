//! What is asked for addresses, and how answers are ordered.

use hickory_resolver::proto::{op::ResponseCode, rr::RecordType};
use tuyau::{
    dns::{Dns, DnsErrorKind, MAX_ADDRESSES},
    tcp::TcpKey,
};
use tuyau_core::{Chain, ListenerExt as _, Target};

use crate::server::{Says, Server, address, alias, context, endpoints, error, kind, plan, record};

fn target(host: &str) -> Target {
    Target::name(host).port(7)
}

#[tokio::test]
async fn asks_for_both_families_and_alternates_them() {
    let server = Server::start().await;
    let server = server
        .has("two.example", ["10.0.0.1", "10.0.0.2"].map(address))
        .has("two.example", ["::1", "::2"].map(address));
    let report = server.plan(target("Two.Example")).await;
    let mut found = endpoints(&report);
    assert!(found[0].starts_with("[::"), "{report}");
    assert!(found[1].starts_with("10."), "{report}");
    found.sort_unstable();
    assert_eq!(found, ["10.0.0.1:7", "10.0.0.2:7", "[::1]:7", "[::2]:7"]);
    assert_eq!(server.asked().len(), 2, "{:?}", server.asked());
}

#[tokio::test]
async fn connects_to_what_it_finds() {
    let mut listener = tuyau::tcp::Listener::bind(&"tcp://127.0.0.1:0".parse().unwrap()).unwrap();
    let port = tuyau_core::Listener::address(&listener).port().unwrap();
    let server = Server::start().await;
    let server = server.has("here.example", [address("127.0.0.1")]);
    let context = context(server.dns());
    let connecting = context
        .connect(Target::name("here.example").port(port))
        .open();
    let (connected, accepted) = tokio::join!(connecting, listener.accept());
    assert!(accepted.is_ok());
    assert_eq!(&*connected.unwrap().report.attempts[0].resolver, "dns");
}

#[tokio::test]
async fn the_second_question_is_answered_from_the_cache() {
    let server = Server::start().await;
    let server = server.has("a.example", [address("10.0.0.1")]);
    let dns = server.dns();
    for _ in 0..2 {
        let report = plan(dns.clone(), target("a.example")).await;
        assert_eq!(endpoints(&report), ["10.0.0.1:7"]);
    }
    let asked = server.asked();
    let a = asked.iter().filter(|(_, kind, _)| *kind == RecordType::A);
    assert_eq!(a.count(), 1, "{asked:?}");
}

#[tokio::test]
async fn follows_aliases_over_one_answer_and_over_several() {
    let server = Server::start().await;
    let whole = vec![
        record("www.example", alias("web.example")),
        record("web.example", alias("host.example")),
        record("host.example", address("10.0.0.1")),
    ];
    let server = server
        .says(
            "www.example",
            RecordType::A,
            Says::Records(ResponseCode::NoError, whole),
        )
        .says(
            "ftp.example",
            RecordType::A,
            Says::Records(
                ResponseCode::NoError,
                vec![record("ftp.example", alias("host.example"))],
            ),
        )
        .has("host.example", [address("10.0.0.1")]);
    for host in ["www.example", "ftp.example"] {
        let report = server.plan(target(host)).await;
        assert_eq!(endpoints(&report), ["10.0.0.1:7"], "{host}: {report}");
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_asked_for_over_tcp() {
    let server = Server::start().await;
    let records = vec![record("long.example", address("10.0.0.1"))];
    let server = server.says("long.example", RecordType::A, Says::Cut(records));
    let report = server.plan(target("long.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.1:7"], "{report}");
    assert!(
        server
            .asked()
            .iter()
            .any(|(_, _, transport)| *transport == "tcp")
    );
}

/// Law 7: what was left out is said.
#[tokio::test]
async fn law_7_of_too_many_addresses_some_are_used_and_the_report_says_so() {
    let server = Server::start().await;
    let many: Vec<_> = (0..500)
        .map(|number| format!("10.0.{}.{}", number / 256, number % 256))
        .collect();
    let records = many
        .iter()
        .map(|it| record("many.example", address(it)))
        .collect();
    let server = server.says("many.example", RecordType::A, Says::Cut(records));
    let report = server.plan(target("many.example")).await;
    assert_eq!(endpoints(&report).len(), MAX_ADDRESSES);
    assert_eq!(kind(&report), DnsErrorKind::TooMany);
    assert_eq!(
        error(&report).to_string(),
        "found 500 endpoints, of which 32 are used"
    );
}

#[tokio::test]
async fn one_family_is_enough_and_what_the_other_failed_with_is_reported() {
    let server = Server::start().await;
    let server = server.has("four.example", [address("10.0.0.1")]).says(
        "four.example",
        RecordType::AAAA,
        Says::Records(ResponseCode::Refused, vec![]),
    );
    let report = server.plan(target("four.example")).await;
    assert_eq!(endpoints(&report), ["10.0.0.1:7"]);
    assert_eq!(kind(&report), DnsErrorKind::Refused);
    let report = server.plan(target("four.example.")).await;
    assert_eq!(endpoints(&report), ["10.0.0.1:7"]);
}

#[tokio::test]
async fn an_ip_address_is_its_own_answer() {
    let server = Server::start().await;
    for (host, endpoint) in [("10.0.0.1", "10.0.0.1:7"), ("::1", "[::1]:7")] {
        let report = server.plan(target(host)).await;
        assert_eq!(endpoints(&report), [endpoint]);
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn names_that_are_none_and_missing_ports_are_not_asked_for() {
    let server = Server::start().await;
    let long = "x".repeat(64);
    for host in ["a..b", &long, "a b.example", "\u{7f}.example"] {
        let report = server.plan(target(host)).await;
        assert_eq!(kind(&report), DnsErrorKind::BadName, "{host}: {report}");
    }
    let report = server.plan(Target::name("a.example")).await;
    assert_eq!(kind(&report), DnsErrorKind::NoPort);
    assert!(server.asked().is_empty());
    let text = Chain(error(&report)).to_string();
    assert_eq!(
        text,
        "no port was given for a.example, write for example a.example:6000"
    );
}

#[test]
fn no_servers_are_an_error() {
    let error = Dns::<TcpKey>::servers(&[]).unwrap_err();
    assert_eq!(error.kind(), DnsErrorKind::NoServers);
}
