//! Servers that fail, refuse, babble, lie, and say nothing.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::proto::{
    op::ResponseCode,
    rr::{DNSClass, Name, Record, RecordType},
};
use tuyau::dns::{Dns, DnsErrorKind};
use tuyau_core::{Chain, ConnectErrorKind, Outcome, Report, Stage, Target};

use crate::server::{Says, Server, address, alias, context, endpoints, error, kind, plan, record};

async fn report(says: Says) -> (Report, Server) {
    let server = Server::start().await;
    let server = server.says_of_addresses("x.example", &says);
    let report = server.plan(Target::name("x.example").port(7)).await;
    (report, server)
}

fn with_code(code: ResponseCode) -> Says {
    Says::Records(code, vec![])
}

/// What the resolver's row says, which is at its own stage.
fn lines(report: &Report) -> String {
    let [row] = &report.attempts[..] else {
        panic!("one row was expected: {report}");
    };
    assert_eq!(row.stage, Stage::RESOLVE, "{report}");
    Chain(error(report)).to_string()
}

/// Law 7: a person sees what to fix.
#[tokio::test]
async fn law_7_each_refusal_has_its_kind_and_says_what_to_do() {
    let (found, _) = report(with_code(ResponseCode::NXDomain)).await;
    assert_eq!(kind(&found), DnsErrorKind::NoSuchName);
    assert_eq!(
        lines(&found),
        "the name x.example does not exist (NXDOMAIN); check its spelling"
    );
    let (found, _) = report(with_code(ResponseCode::NoError)).await;
    assert_eq!(kind(&found), DnsErrorKind::NoRecord);
    assert_eq!(
        lines(&found),
        "the name x.example has no A or AAAA record; check the name, or add the record"
    );
    let (found, server) = report(with_code(ResponseCode::ServFail)).await;
    assert_eq!(kind(&found), DnsErrorKind::ServerFailure);
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} failed to find the AAAA record of x.example (SERVFAIL); the zone may \
             be broken, try later or ask its operator",
            server.address
        )
    );
    let (found, server) = report(with_code(ResponseCode::Refused)).await;
    assert_eq!(kind(&found), DnsErrorKind::Refused);
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} refused the question for the AAAA record of x.example (REFUSED); ask \
             another name server",
            server.address
        )
    );
    let (found, server) = report(with_code(ResponseCode::NotImp)).await;
    assert_eq!(kind(&found), DnsErrorKind::Code);
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} answered \"Not Implemented\" to the question for the AAAA record of \
             x.example; ask another name server",
            server.address
        )
    );
}

/// What a resolver says that has waited in vain.
fn in_vain(server: &SocketAddr) -> String {
    format!(
        "no valid answer of the name server {server} about the AAAA record of x.example in time; check \
         the network and the name servers"
    )
}

/// What has not the number of the question may be anybody's, and the true answer may still come: all of
/// this is silence.
#[tokio::test(start_paused = true)]
async fn what_is_no_answer_to_the_question_is_not_listened_to() {
    let records = vec![record("x.example", address("10.0.0.1"))];
    let silent = [
        Says::Nothing,
        Says::OtherId(records),
        Says::Bytes(vec![]),
        Says::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Says::Bytes(vec![0xff; 512]),
        Says::BytesOverTcp(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
        Says::BytesOverTcp(vec![0xff; 512]),
    ];
    for says in silent {
        let shown = format!("{says:?}");
        let (found, server) = report(says).await;
        assert_eq!(kind(&found), DnsErrorKind::TimedOut, "{shown}: {found}");
        assert_eq!(lines(&found), in_vain(&server.address), "{shown}");
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_said_to_be_none() {
    let records = vec![record("x.example", address("10.0.0.1"))];
    let (found, server) = report(Says::Torn(records)).await;
    assert_eq!(kind(&found), DnsErrorKind::Malformed, "{found}");
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} sent an answer about the AAAA record of x.example that is none; ask \
             another name server: protocol error: decoding error: incorrect rdata length read: 2 \
             expected: 4",
            server.address
        )
    );
}

/// Bad input: an answer whose record is of a class that nobody asked for (CHAOS), and whose name has the
/// end of a line in it, which punycode hides (RFC 3492).
#[tokio::test]
async fn an_answer_that_is_none_cannot_write_lines_of_its_own() {
    let mut name = Name::from_labels([&b"xn--a\n-yka"[..]]).unwrap();
    name.set_fqdn(true);
    let mut record = Record::from_rdata(name, 60, address("10.0.0.1"));
    record.dns_class = DNSClass::CH;
    let (found, server) = report(Says::Records(ResponseCode::NoError, vec![record])).await;
    assert_eq!(kind(&found), DnsErrorKind::Malformed, "{found}");
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} sent an answer about the AAAA record of x.example that is none; ask \
             another name server: foreign class record in response: a\\nü. CH A",
            server.address
        )
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_does_not_outlast_the_deadline() {
    let server = Server::start().await;
    let server = server.says_of_addresses("x.example", &Says::Nothing);
    let context = context(server.dns());
    let connect = context.connect(Target::name("x.example").port(7));
    let deadline = Duration::from_millis(300);
    let error = connect.deadline(deadline).open().await.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::TimedOut);
    let row = &error.report().attempts[0];
    assert!(matches!(row.outcome, Outcome::TimedOut));
    assert_eq!((row.stage.name(), row.took), ("resolve", deadline));
}

#[tokio::test(start_paused = true)]
async fn nobody_at_the_servers_port_is_no_answer() {
    let vacant = {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.local_addr().unwrap()
    };
    let dns = Dns::servers(&[vacant])
        .unwrap()
        .timeout(Duration::from_secs(2));
    let found = plan(dns, Target::name("x.example").port(7)).await;
    assert_eq!(kind(&found), DnsErrorKind::TimedOut, "{found}");
    assert_eq!(lines(&found), in_vain(&vacant));
}

#[tokio::test]
async fn an_answer_that_is_cut_over_tcp_too_is_an_error() {
    let records = vec![record("x.example", address("10.0.0.1"))];
    let (found, server) = report(Says::CutAlways(records)).await;
    assert_eq!(kind(&found), DnsErrorKind::Truncated, "{found}");
    assert_eq!(
        lines(&found),
        format!(
            "the name server {} cut the answer about the AAAA record of x.example, over TCP too; ask \
             another name server",
            server.address
        )
    );
}

#[tokio::test]
async fn aliases_in_a_circle_end_and_are_named() {
    let server = Server::start().await;
    let circle = vec![
        record("x.example", alias("y.example")),
        record("y.example", alias("x.example")),
    ];
    let says = Says::Records(ResponseCode::NoError, circle.clone());
    let mut server = server.says_of_addresses("x.example", &says);
    server = server.says_of_addresses("y.example", &says);
    for (owner, row) in [("x.example", &circle[0]), ("y.example", &circle[1])] {
        server = server.has(owner, [row.data.clone()]);
    }
    let found = server.plan(Target::name("x.example").port(7)).await;
    assert_eq!(kind(&found), DnsErrorKind::Aliases, "{found}");
    assert_eq!(
        lines(&found),
        "aliases of x.example lead in a circle, back to x.example.; expected at most 8, tell the \
         operator of the zone"
    );
}

#[tokio::test]
async fn aliases_without_end_end() {
    let mut server = Server::start().await;
    for number in 0..40 {
        let (owner, target) = (
            format!("{number}.example"),
            format!("{}.example", number + 1),
        );
        let says = Says::Records(ResponseCode::NoError, vec![record(&owner, alias(&target))]);
        server = server.says_of_addresses(&owner, &says);
        server = server.says(&owner, RecordType::CNAME, says);
    }
    let found = server.plan(Target::name("0.example").port(7)).await;
    assert_eq!(kind(&found), DnsErrorKind::Aliases, "{found}");
    assert_eq!(
        lines(&found),
        "aliases of 0.example lead too far; expected at most 8, tell the operator of the zone"
    );
    assert!(server.asked().len() < 60, "{}", server.asked().len());
}

#[tokio::test]
async fn records_of_other_names_are_not_believed() {
    let other = vec![record("y.example", address("10.6.6.6"))];
    let (found, _) = report(Says::Records(ResponseCode::NoError, other.clone())).await;
    assert!(endpoints(&found).is_empty(), "{found}");
    assert_eq!(
        lines(&found),
        "the name x.example has no A or AAAA record; check the name, or add the record"
    );

    let server = Server::start().await;
    let mut mixed = other;
    mixed.insert(0, record("x.example", address("10.0.0.1")));
    mixed.push(record("x.example", address("10.0.0.2")));
    let mixed = Says::Records(ResponseCode::NoError, mixed);
    let server = server.says("x.example", RecordType::A, mixed);
    let found = server.plan(Target::name("x.example").port(7)).await;
    assert_eq!(endpoints(&found), ["10.0.0.1:7", "10.0.0.2:7"]);
}
