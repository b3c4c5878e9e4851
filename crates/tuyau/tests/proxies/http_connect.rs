//! HTTP CONNECT: what is asked, byte for byte, and every way of being refused.

use tuyau::{
    http_connect::{Access, HttpConnect, Kind},
    mem,
    proxy::{Destination, Route, Via},
    tokio::TokioTimer,
};
use tuyau_core::{AnyFlow, FlowExt, Timer};

use crate::{
    credentials, route, say, slow,
    support::{DEADLINE, assert_failed, failure, meet, read_to_end},
};

const YES: &[u8] = b"HTTP/1.1 200 Connection established\r\n\r\n";

async fn refused(route: Route, answer: &[u8], text: &str) {
    let (result, heard) = meet(HttpConnect::new(), route, async |flow| {
        say(flow, answer).await
    })
    .await;
    assert_failed(result, "http-connect", text);
    assert!(heard.starts_with(b"CONNECT git.example.org:9418 HTTP/1.1\r\n"));
}

/// What a proxy hears that agrees at once.
async fn asked(route: Route) -> String {
    let proxy = async |mut flow: mem::Flow| {
        flow.write_all(YES).await.unwrap();
        flow
    };
    let (result, mut flow) = meet(HttpConnect::new(), route.clone(), proxy).await;
    let connected = AnyFlow::new(result.unwrap().flow);
    let via = connected.info::<Via>().unwrap();
    assert_eq!(
        (via.destination(), via.bound()),
        (route.destination(), None)
    );
    drop(connected);
    String::from_utf8(read_to_end(&mut flow).await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_proxy_is_asked_for_host_and_port() {
    assert_eq!(
        asked(route()).await,
        "CONNECT git.example.org:9418 HTTP/1.1\r\nHost: git.example.org:9418\r\n\r\n"
    );
    assert_eq!(
        asked(Route::to(Destination::new("::1", 80).unwrap())).await,
        "CONNECT [::1]:80 HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"
    );
    // `alice:sesame` in Base64.
    assert_eq!(
        asked(route().credentials(credentials())).await,
        "CONNECT git.example.org:9418 HTTP/1.1\r\nHost: git.example.org:9418\r\n\
         Proxy-Authorization: Basic YWxpY2U6c2VzYW1l\r\n\r\n"
    );
}

#[tokio::test]
async fn each_refusal_is_named_in_words_with_a_remedy() {
    for (answer, words) in [
        (
            "403 Forbidden",
            "403 (Forbidden); its rules do not allow it, have them changed or use another proxy",
        ),
        (
            "405 No",
            "405 (No); it does not connect for others, check that it is a proxy",
        ),
        (
            "502 Bad Gateway",
            "502 (Bad Gateway); it cannot reach that host and port, check them",
        ),
        (
            "504 Timeout",
            "504 (Timeout); it cannot reach that host and port, check them",
        ),
        ("500 Oh", "500 (Oh); see what is wrong with the proxy"),
        (
            "302 There",
            "302 (There); it redirects, which a proxy should not; check its address",
        ),
        (
            "101 Switching",
            "101 (Switching); 200 was expected, check that it is a proxy",
        ),
        (
            "407 Who",
            "407 (Who); it wants to know who asks, give it a user and a password",
        ),
    ] {
        let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 5\r\n\r\nsorry");
        let text = format!("the proxy did not connect to git.example.org:9418: {words}");
        refused(route(), answer.as_bytes(), &text).await;
    }
}

#[tokio::test]
async fn what_the_proxy_wants_to_know_is_said() {
    let prefix = "the proxy did not connect to git.example.org:9418: 407 (x); ";
    let basic = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: basic realm=\"a\"\r\n\r\n";
    let other = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Negotiate\r\n\r\n";
    let ask = "it wants to know who asks, give it a user and a password";
    refused(route(), basic, &format!("{prefix}{ask}")).await;
    let bad = "it does not accept the user or the password, check them";
    refused(
        route().credentials(credentials()),
        basic,
        &format!("{prefix}{bad}"),
    )
    .await;
    let unsupported = "it wants another authentication than Basic, which is not supported";
    refused(route(), other, &format!("{prefix}{unsupported}")).await;
    let (result, _) = meet(HttpConnect::new(), route(), async |flow| {
        say(flow, other).await
    })
    .await;
    let error = result.unwrap_err();
    let cause = std::error::Error::source(&error).unwrap();
    let cause = find(cause).unwrap();
    assert!(matches!(
        cause.kind(),
        Kind::Refused {
            access: Access::Unsupported,
            ..
        }
    ));
}

fn find<'a>(
    mut error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a tuyau::http_connect::Error> {
    type Layered = tuyau_core::LayeredError<tuyau_core::FlowError, tuyau::http_connect::Error>;
    loop {
        if let Some(Layered::Layer(found)) = error.downcast_ref() {
            return Some(found);
        }
        error = error.source()?;
    }
}

#[tokio::test]
async fn what_is_no_http_proxy_is_shown() {
    refused(
        route(),
        &[5, 0xff],
        "expected HTTP of the proxy, but it sent \"\\x05\\xff\"; it looks like SOCKS5, use `socks5` for \
         such a proxy",
    )
    .await;
    refused(
        route(),
        b"220 mail.example.org ESMTP\r\n",
        "expected HTTP of the proxy, but it sent \"220 mail.example.org ESMTP\\r\\n\"; check the address, \
         the port, and whether the proxy wants TLS",
    )
    .await;
}

#[tokio::test]
async fn endless_answers_are_given_up() {
    let long = "the head of the proxy's answer is longer than 8192 bytes or has more than 64 header \
                fields; use another proxy, or raise the limit";
    let fields = [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: b\r\n".repeat(5000)].concat();
    refused(route(), &fields, long).await;
    let one = [&b"HTTP/1.1 200 OK\r\nA: "[..], &[b'x'; 20_000]].concat();
    refused(route(), &one, long).await;
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(2000);
    refused(
        route(),
        &interim,
        "the proxy did not connect to git.example.org:9418: 100 (Continue); 200 was expected, check \
         that it is a proxy",
    )
    .await;
}

#[tokio::test]
async fn interim_answers_are_read_over() {
    let answer = [&b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"[..], YES, b"hello"].concat();
    assert_eq!(says_behind(&answer).await, b"hello");
}

/// What a connected flow reads when the proxy answers this.
async fn says_behind(answer: &[u8]) -> Vec<u8> {
    let proxy = async |mut flow: mem::Flow| {
        flow.write_all(answer).await.unwrap();
        flow.close_write().await.unwrap();
        flow
    };
    let (result, _flow) = meet(HttpConnect::new(), route(), proxy).await;
    read_to_end(&mut result.unwrap().flow).await.unwrap()
}

#[tokio::test]
async fn bytes_of_the_destination_that_come_with_the_answer_are_not_lost() {
    // Lengths in an agreement mean nothing.
    for head in [
        YES,
        b"HTTP/1.0 204 x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        assert_eq!(
            says_behind(&[head, b"hello from there"].concat()).await,
            b"hello from there"
        );
        let long = vec![7; 30_000];
        assert!(says_behind(&[head, &long].concat()).await == long);
    }
}

#[tokio::test]
async fn a_proxy_that_closes_in_the_middle_is_unfinished() {
    for length in 0..YES.len() {
        let close = async |mut flow: mem::Flow| {
            flow.write_all(&YES[..length]).await.unwrap();
            flow.close_write().await.unwrap();
            read_to_end(&mut flow).await.unwrap()
        };
        let (result, _) = meet(HttpConnect::new(), route(), close).await;
        let text = failure(result);
        assert_eq!(text.stage, "http-connect");
        assert!(
            text.text
                .starts_with("the proxy ended the stream before its answer was whole")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_proxy_that_stops() {
    for length in [0, 8, YES.len() - 1] {
        let timer = TokioTimer::new();
        let stop = async |flow| say(flow, &YES[..length]).await;
        let (result, _) = meet(HttpConnect::new(), route(), stop).await;
        assert_eq!(timer.now(), DEADLINE);
        assert_failed(result, "http-connect", "the deadline passed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_answers_one_byte_at_a_time_is_understood() {
    let slowly = async |flow| {
        let mut flow = slow(flow).await;
        flow.write_all(YES).await.unwrap();
        flow
    };
    let (result, _flow) = meet(HttpConnect::new(), route(), slowly).await;
    result.unwrap();
}
