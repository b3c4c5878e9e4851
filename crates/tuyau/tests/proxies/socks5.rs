//! SOCKS5: what is asked, byte for byte, and every way of being refused.

use tuyau::{
    mem,
    proxy::{Destination, Route, Via},
    socks5::Socks5,
    tokio::TokioTimer,
};
use tuyau_core::{AnyFlow, FlowExt, Timer};

use crate::{
    credentials, route, say, slow,
    support::{DEADLINE, assert_failed, meet, read_to_end},
};

/// An agreement without authentication, and a connection from 192.0.2.7:40000.
const YES: &[u8] = &[5, 0, 5, 0, 0, 1, 192, 0, 2, 7, 0x9c, 0x40];

/// The greeting and the request without authentication.
const ASKED: &[u8] = b"\x05\x01\x00\x05\x01\x00\x03\x0fgit.example.org\x24\xca";

async fn refused(route: Route, answer: &[u8], text: &str) {
    let (result, heard) = meet(Socks5::new(), route, async |flow| say(flow, answer).await).await;
    assert_failed(result, "socks5", text);
    assert!(heard.starts_with(&[5]));
}

#[tokio::test]
async fn a_name_is_left_to_the_proxy_and_an_address_is_sent_as_one() {
    for (host, asked) in [
        ("git.example.org", &ASKED[3..]),
        ("192.0.2.1", &[5, 1, 0, 1, 192, 0, 2, 1, 0x24, 0xca]),
        (
            "2001:db8::1",
            &[
                5, 1, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x24, 0xca,
            ],
        ),
    ] {
        let route = Route::to(Destination::new(host, 9418).unwrap());
        let proxy = async |mut flow: mem::Flow| {
            flow.write_all(YES).await.unwrap();
            let mut heard = vec![0; 3 + asked.len()];
            flow.read_exact(&mut heard).await.unwrap();
            (heard, flow)
        };
        let (result, (heard, _flow)) = meet(Socks5::new(), route.clone(), proxy).await;
        assert_eq!(heard[3..], *asked);
        let flow = AnyFlow::new(result.unwrap().flow);
        let via = flow.info::<Via>().unwrap();
        assert_eq!(via.destination(), route.destination());
        assert_eq!(via.bound().unwrap().to_string(), "192.0.2.7:40000");
    }
}

#[tokio::test]
async fn a_user_and_a_password_are_sent_when_the_proxy_wants_them_and_never_printed() {
    let answer = [&[5, 2, 1, 0][..], &YES[2..]].concat();
    let proxy = async |mut flow: mem::Flow| {
        flow.write_all(&answer).await.unwrap();
        let mut heard = vec![0; 4 + 14 + ASKED.len() - 3];
        flow.read_exact(&mut heard).await.unwrap();
        (heard, flow)
    };
    let route = route().credentials(credentials());
    assert!(!format!("{route:?}").contains("sesame"));
    let (result, (heard, _flow)) = meet(Socks5::new(), route, proxy).await;
    let report = result.unwrap().report;
    let endpoint = report.attempts[0].endpoint.as_ref().unwrap();
    assert_eq!(endpoint.to_string(), "peer to git.example.org:9418");
    let report = report.to_string();
    assert!(
        !report.contains("alice") && !report.contains("sesame"),
        "{report}"
    );
    assert!(heard.starts_with(b"\x05\x02\x00\x02\x01\x05alice\x06sesame\x05\x01\x00\x03"));
}

#[tokio::test]
async fn credentials_stay_here_when_the_proxy_does_not_ask_for_them() {
    let proxy = async |mut flow: mem::Flow| {
        flow.write_all(YES).await.unwrap();
        let mut heard = vec![0; 4 + ASKED.len() - 3];
        flow.read_exact(&mut heard).await.unwrap();
        (heard, flow)
    };
    let route = route().credentials(credentials());
    let (result, (heard, _flow)) = meet(Socks5::new(), route, proxy).await;
    result.unwrap();
    assert_eq!(heard[4..], ASKED[3..]);
}

#[tokio::test]
async fn each_refusal_is_named_in_words_with_a_remedy() {
    for (code, words) in [
        (1, "it failed, and does not say why; see the proxy's log"),
        (
            2,
            "its rules do not allow it; have them changed, or use another proxy",
        ),
        (
            3,
            "that network cannot be reached from there; check the address, or use another proxy",
        ),
        (
            4,
            "that host is not known or cannot be reached from there; check the host",
        ),
        (5, "nobody listens there; check the port"),
        (6, "it is too far away; check the proxy's routes"),
        (7, "it does not connect for others; use another proxy"),
        (
            8,
            "it does not take this form of host; try an address instead of a name, or the other way",
        ),
        (9, "its code 9 is not a known one; see the proxy's log"),
        (255, "its code 255 is not a known one; see the proxy's log"),
    ] {
        let text = format!("the proxy did not connect to git.example.org:9418: {words}");
        refused(route(), &[5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0], &text).await;
        // Some proxies close after the code.
        refused(route(), &[5, 0, 5, code, 0, 1], &text).await;
    }
}

#[tokio::test]
async fn what_the_proxy_wants_to_know_is_said() {
    let wants = "the proxy wants to know who asks; give it a user and a password";
    refused(route(), &[5, 0xff], wants).await;
    refused(route(), &[5, 2], wants).await;
    let named = || route().credentials(credentials());
    refused(
        named(),
        &[5, 0xff],
        "the proxy takes neither nobody nor a user with a password; it wants another authentication, \
         which is not supported",
    )
    .await;
    refused(
        named(),
        &[5, 1],
        "the proxy chose authentication 1, which was not offered; use another proxy",
    )
    .await;
    let bad = "the proxy does not accept the user or the password; check them";
    refused(named(), &[5, 2, 1, 1], bad).await;
}

#[tokio::test]
async fn what_is_no_socks5_proxy_is_shown() {
    for (answer, text) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
            "expected SOCKS version 5, but the proxy's answer begins with \"HT\"; it looks like HTTP, \
             use `http-connect` for such a proxy",
        ),
        (
            &[0, 91, 0, 0, 0, 0, 0, 0],
            "expected SOCKS version 5, but the proxy's answer begins with \"\\x00[\"; it looks like \
             SOCKS 4, which is not supported",
        ),
        (
            b"SSH-2.0-x\r\n",
            "expected SOCKS version 5, but the proxy's answer begins with \"SS\"; check the address and \
             the port of the proxy",
        ),
        (
            &[5, 0, 6, 0, 0, 1],
            "expected SOCKS version 5, but the proxy's answer begins with \"\\x06\\x00\"; check the \
             address and the port of the proxy",
        ),
        (
            &[5, 0, 5, 0, 0, 2, 1, 2, 3, 4, 5, 6],
            "the proxy answered with an address of form 2, and there are 1, 3 and 4; use another proxy",
        ),
    ] {
        refused(route(), answer, text).await;
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
        let (result, _) = meet(Socks5::new(), route(), close).await;
        assert_failed(
            result,
            "socks5",
            "the proxy ended the stream before its answer was whole; it stopped, or is no SOCKS5 proxy",
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_a_proxy_that_stops() {
    for length in 0..YES.len() {
        let timer = TokioTimer::new();
        let stop = async |flow| say(flow, &YES[..length]).await;
        let (result, heard) = meet(Socks5::new(), route(), stop).await;
        assert_eq!(timer.now(), DEADLINE);
        assert_failed(result, "socks5", "the deadline passed");
        assert!(ASKED.starts_with(&heard));
    }
}

#[tokio::test(start_paused = true)]
async fn a_proxy_that_answers_one_byte_at_a_time_is_understood() {
    let slowly = async |flow| {
        let mut flow = slow(flow).await;
        flow.write_all(YES).await.unwrap();
        flow
    };
    let (result, _flow) = meet(Socks5::new(), route(), slowly).await;
    result.unwrap();
}

#[tokio::test]
async fn bytes_of_the_destination_that_come_with_the_answer_are_not_lost() {
    let name = b"\x05\x00\x05\x00\x00\x03\x03abc\x00\x50";
    for answer in [YES, name] {
        let all = [answer, b"hello from there"].concat();
        let proxy = async |mut flow: mem::Flow| {
            flow.write_all(&all).await.unwrap();
            flow.close_write().await.unwrap();
            flow
        };
        let (result, _flow) = meet(Socks5::new(), route(), proxy).await;
        let mut flow = result.unwrap().flow;
        assert_eq!(read_to_end(&mut flow).await.unwrap(), b"hello from there");
    }
}
