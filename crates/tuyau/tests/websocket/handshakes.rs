//! What each kind of bad peer in the handshake is told, and that nothing is left behind.

use std::time::Duration;

use tuyau::{
    mem,
    tokio::TokioTimer,
    websocket::{Acceptor, Connector, Kind, Request},
};
use tuyau_core::{AnyFlow, FlowExt, Timer};

use crate::{
    request, shake,
    support::{DEADLINE, assert_failed, meet, read_to_end, serve},
};

/// Says something, and waits until the other side has closed.
async fn say(mut flow: mem::Flow, bytes: &[u8]) -> String {
    flow.write_all(bytes).await.unwrap();
    String::from_utf8(read_to_end(&mut flow).await.unwrap()).unwrap()
}

/// A client of ours meets a server that answers this.
async fn client_hears(answer: &[u8], text: &str) {
    let (result, heard) = meet(Connector::new(), request(), async |flow| {
        say(flow, answer).await
    })
    .await;
    assert_failed(result, "websocket", text);
    assert!(heard.starts_with("GET /chat?room=12 HTTP/1.1\r\nHost: example.org\r\n"));
}

#[tokio::test]
async fn both_learn_what_was_agreed_on() {
    let request = request()
        .subprotocol("b")
        .unwrap()
        .field("Origin", "https://e.org")
        .unwrap();
    let acceptor = Acceptor::new()
        .path("/chat")
        .subprotocol("a")
        .subprotocol("b");
    let (near, far) = shake(Connector::new(), request, acceptor).await;
    let (near, far) = (near.unwrap(), AnyFlow::new(far.unwrap()));
    assert_eq!(near.upgrade().subprotocol(), Some("b"));
    let upgrade = far.info::<tuyau::websocket::Upgrade>().unwrap();
    assert_eq!(upgrade.path(), "/chat?room=12");
    assert_eq!(upgrade.origin(), Some("https://e.org"));
    assert_eq!(upgrade.subprotocol(), Some("b"));
}

#[tokio::test]
async fn a_refusal_names_the_status_and_what_to_do() {
    client_hears(
        b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
        "expected 101 of the server, but it answered 404 (Not Found); check the path",
    )
    .await;
    client_hears(
        b"HTTP/1.1 401 Unauthorized\r\n\r\n",
        "expected 101 of the server, but it answered 401 (Unauthorized); give the credentials that it asks for",
    )
    .await;
    client_hears(
        b"HTTP/1.1 301 Moved\r\nLocation: https://example.org/\r\n\r\n",
        "expected 101 of the server, but it answered 301 (Moved); connect to where it redirects: https://example.org/",
    )
    .await;
    client_hears(
        b"HTTP/1.0 200 \r\n\r\n",
        "expected 101 of the server, but it answered 200 (); check the address, the host and the path",
    )
    .await;
}

#[tokio::test]
async fn an_agreement_that_does_not_answer_the_request_is_refused() {
    let problem = |what: &str| {
        format!(
            "the server agreed with 101, but {what}; check that it is a WebSocket server and that no \
             proxy answers for it"
        )
    };
    for (fields, what) in [
        ("", "`Upgrade: websocket` is missing"),
        ("Upgrade: h2c\r\n", "`Upgrade: websocket` is missing"),
        ("Upgrade: websocket\r\n", "`Connection: Upgrade` is missing"),
        (
            "Upgrade: WebSocket\r\nConnection: keep-alive, upgrade\r\n",
            "its `Sec-WebSocket-Accept` does not answer this request",
        ),
        (
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
            "its `Sec-WebSocket-Accept` does not answer this request",
        ),
    ] {
        let answer = format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n");
        client_hears(answer.as_bytes(), &problem(what)).await;
    }
}

/// Answers a client as RFC 6455, section 4.2.2, has it, with these fields more.
async fn agree(mut flow: mem::Flow, more: &str) -> mem::Flow {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        flow.read_exact(&mut byte).await.unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let key = lines.find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = tungstenite::handshake::derive_accept_key(key.unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    );
    flow.write_all(answer.as_bytes()).await.unwrap();
    flow
}

/// RFC 6455, section 4.1: its frames could not be understood.
#[tokio::test]
async fn an_extension_that_was_not_offered_is_refused() {
    for more in [
        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        "sec-websocket-extensions: x-one; mode=2\r\nSec-WebSocket-Extensions: x-two\r\n",
    ] {
        let (result, _flow) = meet(Connector::new(), request(), async |flow| {
            agree(flow, more).await
        })
        .await;
        assert_failed(
            result,
            "websocket",
            "the server agreed with 101, but it uses an extension that was not offered; check that it \
             is a WebSocket server and that no proxy answers for it",
        );
    }
    // It is that field which is refused.
    let (result, _flow) = meet(Connector::new(), request(), async |flow| {
        agree(flow, "X-More: permessage-deflate\r\n").await
    })
    .await;
    result.unwrap();
}

#[tokio::test]
async fn a_subprotocol_that_was_not_agreed_to_is_refused() {
    let request = request().subprotocol("lines").unwrap();
    let accept = async |flow: mem::Flow| tuyau_core::Acceptor::accept(Acceptor::new(), flow).await;
    let (result, _) = meet(Connector::new(), request, accept).await;
    assert_failed(
        result,
        "websocket",
        "the server agreed to no subprotocol, but the subprotocol `lines` was asked for; ask for one \
         that it speaks",
    );
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_shown() {
    client_hears(
        b"SSH-2.0-OpenSSH_9.9\r\n",
        "expected HTTP, but the server sent \"SSH-2.0-OpenSSH_9.9\\r\\n\"; check the address, the port, and whether it wants TLS",
    )
    .await;
}

#[tokio::test]
async fn an_endless_head_is_given_up() {
    let long = [&b"HTTP/1.1 101 x\r\n"[..], &b"A: b\r\n".repeat(5000)].concat();
    let many = [&b"HTTP/1.1 101 x\r\n"[..], &b"A: b\r\n".repeat(65), b"\r\n"].concat();
    let blank = b"\r\n".repeat(10_000);
    let text = "the server's part of the handshake is longer than 8192 bytes or has more than 64 \
                header fields; shorten it, or raise the limit";
    for answer in [long, many, blank] {
        client_hears(&answer, text).await;
    }
}

#[tokio::test]
async fn a_server_that_closes_in_the_middle_is_unfinished() {
    for answer in [
        "",
        "HTTP/1.1 101",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\n",
    ] {
        let close = async |mut flow: mem::Flow| {
            flow.write_all(answer.as_bytes()).await.unwrap();
            flow.close_write().await.unwrap();
            read_to_end(&mut flow).await.unwrap()
        };
        let (result, _) = meet(Connector::new(), request(), close).await;
        let text = "the server ended the stream in the middle of the handshake";
        assert_failed(result, "websocket", text);
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_handshake_in_which_the_server_stops() {
    for answer in ["", "HTTP/1.1 101 Switching"] {
        let timer = TokioTimer::new();
        let stop = async |flow| say(flow, answer.as_bytes()).await;
        let (result, _) = meet(Connector::new(), request(), stop).await;
        assert_eq!(timer.now(), DEADLINE);
        assert_failed(result, "websocket", "the deadline passed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_one_byte_at_a_time_is_understood() {
    let slowly = async |far: mem::Flow| {
        use tuyau::fault::{Fault, Faults, Trouble};
        let trouble = Trouble::none().short(1).delay(Duration::from_millis(10));
        let layer = Fault::new(TokioTimer::new()).acceptor(Faults::none().write(trouble));
        let far = tuyau_core::Acceptor::accept(layer, far).await.unwrap();
        tuyau_core::Acceptor::accept(Acceptor::new(), far)
            .await
            .unwrap()
    };
    let (result, _far) = meet(Connector::new(), request(), slowly).await;
    assert_eq!(result.unwrap().report.attempts[0].stage.name(), "websocket");
}

#[tokio::test]
async fn bytes_that_come_with_the_answer_are_not_lost() {
    let talk = async |far: mem::Flow| {
        let mut far = tuyau_core::Acceptor::accept(Acceptor::new(), far)
            .await
            .unwrap();
        far.write_all(b"at once").await.unwrap();
        far.close_write().await.unwrap();
        far
    };
    let (result, _far) = meet(Connector::new(), request(), talk).await;
    let mut flow = result.unwrap().flow;
    assert_eq!(read_to_end(&mut flow).await.unwrap(), b"at once");
}

const GOOD: &str = "GET /chat HTTP/1.1\r\nHost: e\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

#[tokio::test]
async fn a_bad_request_is_answered_with_a_status_and_told() {
    for (from, to, status, problem) in [
        ("GET", "POST", 405, "the method is not GET"),
        ("/chat", "/other", 404, "nothing is served at its path"),
        (
            "HTTP/1.1",
            "HTTP/1.0",
            400,
            "it is not HTTP/1.1 with a Host",
        ),
        ("Host: e\r\n", "", 400, "it is not HTTP/1.1 with a Host"),
        (
            "Upgrade: websocket\r\n",
            "",
            426,
            "it does not ask for an upgrade to WebSocket",
        ),
        (
            "Version: 13",
            "Version: 8",
            426,
            "its version of WebSocket is not 13",
        ),
        (
            "==",
            "",
            400,
            "its Sec-WebSocket-Key is not 16 bytes in Base64",
        ),
    ] {
        let request = GOOD.replacen(from, to, 1);
        let acceptor = Acceptor::new().path("/chat");
        let (result, heard) =
            serve(acceptor, async |flow| say(flow, request.as_bytes()).await).await;
        let text = format!("the client was refused with {status}: {problem}");
        assert_eq!(result.unwrap_err().to_string(), text);
        assert!(heard.starts_with(&format!("HTTP/1.1 {status} ")), "{heard}");
        assert!(
            heard.ends_with(&format!("the request was refused: {problem}\n")),
            "{heard}"
        );
    }
}

#[tokio::test]
async fn a_client_that_speaks_something_else_is_shown_and_told() {
    let (result, heard) = serve(Acceptor::new(), async |flow| {
        say(flow, &[22, 3, 1, 0, 200]).await
    })
    .await;
    assert_eq!(
        result.unwrap_err().to_string(),
        "expected HTTP, but the client sent \"\\x16\\x03\\x01\\x00\\xc8\"; let it connect with WebSocket"
    );
    assert!(heard.starts_with("HTTP/1.1 400 "));
    let endless = [b"GET / HTTP/1.1\r\n", &b"A: b\r\n".repeat(5000)[..]].concat();
    let (result, heard) = serve(Acceptor::new(), async |flow| say(flow, &endless).await).await;
    assert!(matches!(
        result.unwrap_err().kind(),
        Kind::BadRequest { status: 431, .. }
    ));
    assert!(heard.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn the_head_limit_is_what_it_was_set_to() {
    let (_, far) = shake(Connector::new(), request(), Acceptor::new().head_limit(50)).await;
    assert!(matches!(
        far.unwrap_err().kind(),
        Kind::BadRequest { status: 431, .. }
    ));
    let (near, _) = shake(Connector::new().head_limit(50), request(), Acceptor::new()).await;
    assert!(matches!(
        near.unwrap_err().kind(),
        Kind::HeadTooLong { limit: 50 }
    ));
}

#[tokio::test]
async fn the_report_shows_the_path() {
    let accept = async |flow: mem::Flow| tuyau_core::Acceptor::accept(Acceptor::new(), flow).await;
    let request = Request::new("e", "/chat").unwrap();
    let (result, _far) = meet(Connector::new(), request, accept).await;
    let report = result.unwrap().report;
    assert_eq!(
        report.attempts[0].endpoint.as_ref().unwrap().to_string(),
        "peer/chat"
    );
    assert_eq!(
        report.attempts[0].protocol.as_deref(),
        Some("websocket/mem")
    );
}
