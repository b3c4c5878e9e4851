//! Every way in which an address can disappoint, and what the doctor says about it.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener},
    sync::Arc,
    thread,
};

use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{ServerConfig, ServerConnection, pki_types::PrivatePkcs8KeyDer, version::TLS13};
use tuyau_core::{AnyEndpoint, AnyFlow, Flow as _, FlowExt as _, ListenerExt as _};
use tuyau_router::{Router, Settings as RouterSettings};
use tuyau_wire::{Hello, MAX_FRAME, Message, RejectCode, Role, frame};

use super::{
    report::{Finding, Outcome, Report, Step},
    *,
};

const ADDRESS: &str = "tls+mem://router";

fn router_key() -> SecretKey {
    SecretKey::from_seed([1; 32])
}

fn instruments(hub: &Hub) -> Instruments {
    Instruments::new(SecretKey::from_seed([2; 32]), hub.clone()).unwrap()
}

/// The step that failed; all before it passed, and none after it was tried.
fn failed(report: &Report) -> &Finding {
    let at = report
        .steps
        .iter()
        .position(|it| it.outcome == Outcome::Failed);
    let at = at.unwrap_or_else(|| panic!("nothing failed:\n{report}"));
    assert!(
        report.steps[..at]
            .iter()
            .all(|it| it.outcome == Outcome::Ok),
        "{report}"
    );
    assert!(
        report.steps[at + 1..]
            .iter()
            .all(|it| it.outcome == Outcome::Skipped),
        "{report}"
    );
    assert_eq!(report.steps.len(), Step::ALL.len());
    let failed = &report.steps[at];
    assert!(
        failed.expected.is_some() && failed.remedy.is_some(),
        "{report}"
    );
    assert!(!report.is_ok());
    failed
}

#[track_caller]
fn assert_failed(report: &Report, step: Step, found: &str, remedy: &str) {
    let failed = failed(report);
    assert_eq!(failed.step, step, "{report}");
    assert!(
        failed.found.contains(found),
        "{found:?} is not in\n{report}"
    );
    let said = failed.remedy.as_deref().unwrap_or_default();
    assert!(said.contains(remedy), "{remedy:?} is not in\n{report}");
}

/// A listener inside this process that accepts one connection, with TLS.
async fn serve(hub: &Hub) -> impl Future<Output = AnyFlow> + use<> {
    let settings = tuyau_client::tls_settings(&router_key()).unwrap();
    let stack = Stack::with_settings(settings, hub.clone()).unwrap();
    let mut listener = stack.listen(&ADDRESS.parse().unwrap()).await.unwrap();
    async move { listener.accept().await.unwrap().handshake.await.unwrap() }
}

async fn write(flow: &mut AnyFlow, bytes: &[u8]) {
    flow.write_all(bytes).await.unwrap();
    flow.flush().await.unwrap();
}

async fn say(flow: &mut AnyFlow, message: &Message<'_>) {
    let mut bytes = Vec::new();
    message.encode_frame(&mut bytes);
    write(flow, &bytes).await;
}

/// Reads until the other side ends.
async fn drain(flow: &mut AnyFlow) -> Vec<u8> {
    let (mut all, mut chunk) = (Vec::new(), [0; 1_024]);
    while let Ok(count @ 1..) = flow.read(&mut chunk).await {
        all.extend_from_slice(&chunk[..count]);
    }
    all
}

/// A TCP server that does `talk` once, on a thread of its own, and its address.
fn tcp(talk: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", listener.local_addr().unwrap());
    thread::spawn(move || talk(listener.accept().unwrap().0));
    address
}

/// Answers the first bytes with `answer` and reads to the end.
fn blunt(answer: &'static [u8]) -> String {
    tcp(move |mut stream| {
        let mut chunk = [0; 4_096];
        let _ = stream.read(&mut chunk);
        let _ = stream.write_all(answer);
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    })
}

async fn examined(address: &str) -> Report {
    examine(&instruments(&Hub::new()), address, None).await
}

#[tokio::test]
async fn an_address_that_is_none() {
    let cases = [
        ("127.0.0.1:6000", "address"),
        ("", "address"),
        ("tcp://127.0.0.1:6000", "write tls://127.0.0.1:6000"),
        ("unix:///run/x.sock", "write tls+unix:///run/x.sock"),
        ("tls://127.0.0.1", "write tls://127.0.0.1:6000"),
        ("https://example.org", "tls://127.0.0.1:6000"),
        ("tls://\u{1b}[31m:1", "address"),
    ];
    for (address, remedy) in cases {
        let report = examined(address).await;
        assert_failed(&report, Step::Address, "", remedy);
        assert!(!report.to_string().contains('\u{1b}'));
    }
}

#[tokio::test]
async fn a_host_that_is_unknown() {
    let report = examined("tls://no-such-host.invalid:6000").await;
    assert_failed(
        &report,
        Step::Resolve,
        "no-such-host.invalid",
        "spelling of the host",
    );
}

#[tokio::test]
async fn a_port_at_which_nothing_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", listener.local_addr().unwrap());
    drop(listener);
    let report = examined(&address).await;
    assert_failed(&report, Step::Connect, "refused", "start the router");
}

#[tokio::test]
async fn a_socket_that_is_not_there() {
    let report = examined("tls+unix:///no/such/directory/x.sock").await;
    assert_failed(&report, Step::Connect, "", "check the path");
}

#[tokio::test]
async fn a_server_that_speaks_ssh() {
    let report = examined(&blunt(b"SSH-2.0-OpenSSH_9.9\r\n")).await;
    assert_failed(
        &report,
        Step::Tls,
        "SSH-2.0-OpenSSH_9.9",
        "server for SSH: check the port",
    );
}

#[tokio::test]
async fn a_server_that_speaks_http() {
    let report = examined(&blunt(b"HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    assert_failed(
        &report,
        Step::Tls,
        "HTTP/1.1 400",
        "server for HTTP: check the port",
    );
}

#[tokio::test]
async fn a_server_that_speaks_something_else() {
    let report = examined(&blunt(b"+OK\x1b[31m ready\r\n")).await;
    assert_failed(&report, Step::Tls, "+OK", "no Tuyau router");
    assert!(!report.to_string().contains('\u{1b}'));
}

#[tokio::test]
async fn a_server_that_speaks_tls_1_2_only() {
    // The alert protocol_version (RFC 8446, section 6.2).
    let report = examined(&blunt(&[21, 3, 3, 0, 2, 2, 70])).await;
    assert_failed(&report, Step::Tls, "TLS 1.3", "no Tuyau router");
}

#[tokio::test]
async fn a_server_that_closes_in_the_handshake() {
    let report = examined(&tcp(drop)).await;
    assert_failed(&report, Step::Tls, "", "check the port");
}

/// A web server's TLS 1.3, which knows certificates only, and has a key of another kind.
fn web_server() -> String {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().der().clone();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate],
            PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        )
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tls://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut session = ServerConnection::new(config.clone()).unwrap();
            let _ = session.complete_io(&mut stream);
        }
    });
    address
}

#[tokio::test]
async fn a_tls_server_that_is_no_router() {
    let report = examined(&web_server()).await;
    assert_failed(&report, Step::Key, "Ed25519", "no Tuyau router");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing() {
    let hub = Hub::new();
    let mut listener = hub.listen("router").unwrap();
    let instruments = instruments(&hub);
    let (report, _silent) = tokio::join!(examine(&instruments, ADDRESS, None), listener.accept());
    assert_failed(
        &report,
        Step::Tls,
        "said nothing within 10 s",
        "something else",
    );
}

#[tokio::test(start_paused = true)]
async fn a_router_that_is_somebody_else() {
    let hub = Hub::new();
    let accept = serve(&hub).await;
    let expected = SecretKey::from_seed([9; 32]).identity();
    let instruments = instruments(&hub);
    let (report, _flow) = tokio::join!(examine(&instruments, ADDRESS, Some(expected)), accept);
    let found = router_key().identity().to_string();
    assert_failed(&report, Step::Key, &found, "another router answers");
    let said = failed(&report).expected.clone().unwrap();
    assert_eq!(said, expected.to_string());
    assert_eq!(report.peer.unwrap().identity, found);
}

#[tokio::test(start_paused = true)]
async fn a_router_of_another_version() {
    let hub = Hub::new();
    let accept = serve(&hub).await;
    let instruments = instruments(&hub);
    let answer = async {
        let mut flow = accept.await;
        // [0, [7], [], 1, "new", 65536, {}] in a frame.
        write(
            &mut flow,
            b"\x50\x87\x00\x81\x07\x80\x01\x63new\x1a\x00\x01\x00\x00\xa0",
        )
        .await;
        drain(&mut flow).await
    };
    let (report, _) = tokio::join!(examine(&instruments, ADDRESS, None), answer);
    assert_failed(&report, Step::Hello, "ours 2, theirs 7", "update the older");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_is_silent_after_the_handshake() {
    let hub = Hub::new();
    let accept = serve(&hub).await;
    let instruments = instruments(&hub);
    let (report, _flow) = tokio::join!(examine(&instruments, ADDRESS, None), accept);
    assert_failed(
        &report,
        Step::Hello,
        "did not say hello in time",
        "look at its log",
    );
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_speaks_something_else_within_tls() {
    let hub = Hub::new();
    let accept = serve(&hub).await;
    let instruments = instruments(&hub);
    let answer = async {
        let mut flow = accept.await;
        write(&mut flow, b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        drain(&mut flow).await
    };
    let (report, _) = tokio::join!(examine(&instruments, ADDRESS, None), answer);
    assert_failed(&report, Step::Hello, "found text", "another protocol");
}

#[tokio::test(start_paused = true)]
async fn a_service_instead_of_a_router() {
    for says_hello in [true, false] {
        let hub = Hub::new();
        let accept = serve(&hub).await;
        let instruments = instruments(&hub);
        let answer = async {
            let mut flow = accept.await;
            if says_hello {
                let hello = Hello::new(Role::Service, "a service").unwrap();
                say(&mut flow, &Message::Hello(hello)).await;
            } else {
                let (code, text) = (RejectCode::WrongIdentity, "only its own router");
                let reject = Message::Reject {
                    sequence: None,
                    code,
                    text,
                };
                say(&mut flow, &reject).await;
            }
            drain(&mut flow).await
        };
        let (report, _) = tokio::join!(examine(&instruments, ADDRESS, None), answer);
        let (found, remedy) = match says_hello {
            true => ("is a service", "give that of a router"),
            false => (
                "wrong identity: only its own router",
                "give that of its router",
            ),
        };
        assert_failed(&report, Step::Hello, found, remedy);
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_that_does_not_answer_requests() {
    let hub = Hub::new();
    let accept = serve(&hub).await;
    let instruments = instruments(&hub);
    let answer = async {
        let mut flow = accept.await;
        let hello = Hello::new(Role::Router, "stuck").unwrap();
        say(&mut flow, &Message::Hello(hello)).await;
        let read = drain(&mut flow).await;
        flow.abort();
        read
    };
    let (report, read) = tokio::join!(examine(&instruments, ADDRESS, None), answer);
    assert_failed(&report, Step::Request, "did not answer", "router's log");
    // A hello, and a message for somebody else than the router or the doctor.
    let frame = |at: usize| frame::split(&read[at..], MAX_FRAME).unwrap().unwrap();
    let hello = frame(0);
    let bind = frame(hello.length);
    let sent = frame(hello.length + bind.length);
    let Ok(Message::Bind { binding, .. }) = Message::decode(bind.message) else {
        panic!()
    };
    let to = binding.target.identity();
    assert!(to != router_key().identity() && to != instruments.key.identity());
    let sent = Message::decode(sent.message);
    assert!(matches!(sent, Ok(Message::Send { body: b"", .. })));
}

#[tokio::test]
async fn a_router_that_is_well() {
    let mut settings = RouterSettings::new(router_key());
    settings.listen = vec!["tls://127.0.0.1:0".parse().unwrap()];
    let (router, _journal) = Router::start(settings).await.unwrap();
    let address = router.listen()[0].to_string();
    let identity = router_key().identity();
    for expected in [None, Some(identity)] {
        let report = examine(&instruments(&Hub::new()), &address, expected).await;
        assert!(report.is_ok(), "{report}");
        let text = report.to_string();
        assert!(
            text.ends_with(&format!("{address}: a router that answers")),
            "{text}"
        );
        assert_eq!(
            text.contains("nobody said whom to expect"),
            expected.is_none()
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["ok"], true);
        assert_eq!(json["peer"]["identity"], identity.to_string());
        assert_eq!(json["peer"]["hello"]["role"], "router");
        assert_eq!(json["peer"]["hello"]["version"], 2);
        assert!(json["peer"]["round_trip_ms"].as_f64().unwrap() > 0.0);
        assert_eq!(json["steps"].as_array().unwrap().len(), Step::ALL.len());
    }
    router.stop().await;
}

#[test]
fn several_attempts_are_all_shown() {
    let row = |endpoint: &str| tuyau_core::AttemptReport {
        resolver: "system".into(),
        key: tuyau::tcp::KEY.id(),
        endpoint: Some(AnyEndpoint::new::<tuyau::tcp::TcpKey>(
            endpoint.parse().unwrap(),
        )),
        protocol: Some("tls/tcp".into()),
        stage: tuyau_core::Stage::new("tcp"),
        started: Duration::ZERO,
        took: Duration::from_millis(250),
        outcome: tuyau_core::Outcome::TimedOut,
    };
    let mut tried = tuyau_core::Report::default();
    let mut report = Report::new("tls://x:6000");
    tried.attempts.push(row("192.0.2.1:6000"));
    report.tried(&tried);
    assert!(!report.to_string().contains("tried:"), "{report}");
    tried.attempts.push(row("[2001:db8::1]:6000"));
    report.tried(&tried);
    let shown = "tried:
  1. 0.0 ms +250 ms  192.0.2.1:6000      over tls/tcp  from system  at tcp:  the deadline passed
  2. 0.0 ms +250 ms  [2001:db8::1]:6000  over tls/tcp  from system  at tcp:  the deadline passed
";
    assert!(report.to_string().contains(shown), "{report}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["attempts"][1]["endpoint"], "[2001:db8::1]:6000",
        "{json}"
    );
}
