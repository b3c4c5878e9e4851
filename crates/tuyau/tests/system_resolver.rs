//! Names that the operating system resolves, on tokio.
#![cfg(all(feature = "tcp", feature = "tokio"))]

use std::{
    future::poll_fn,
    net::SocketAddr,
    task::{Context, Poll, Waker},
};

use tuyau::{
    tcp::{self, SystemResolver, Tcp},
    tokio::TokioTimer,
};
use tuyau_core::{Address, Answers, Listener, Outcome, Registry, Resolver, Target};

fn ask(target: impl Into<Target>) -> Answers<SocketAddr> {
    let answers = SystemResolver.resolve(&target.into());
    answers.expect("it has a host")
}

/// All endpoints that are found.
async fn all(mut answers: Answers<SocketAddr>) -> Vec<SocketAddr> {
    let mut all = Vec::new();
    while let Some(found) = poll_fn(|cx| answers.poll_next(cx)).await {
        all.push(found.unwrap());
    }
    all
}

/// RFC 6761, section 6.3: every system knows this one, and by it only itself.
#[tokio::test]
async fn a_name_is_looked_up_by_the_system_and_keeps_its_port() {
    let found = all(ask(Target::name("localhost").port(7))).await;
    assert!(!found.is_empty());
    for endpoint in &found {
        assert!(endpoint.ip().is_loopback(), "{found:?}");
        assert_eq!(endpoint.port(), 7, "{found:?}");
    }
}

#[tokio::test]
async fn a_flow_comes_of_a_name_and_the_report_says_who_found_it() {
    let any = "127.0.0.1:0".parse().unwrap();
    let listener = tcp::Listener::bind_socket(any).unwrap();
    let port = listener.address().port().unwrap();
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new());
    registry.resolver(tcp::KEY, 0, SystemResolver);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("localhost").port(port));
    let report = connect.open().await.unwrap().report;
    let won = |outcome: &Outcome| matches!(outcome, Outcome::Won);
    let won = report.attempts.iter().find(|row| won(&row.outcome));
    let won = won.expect("one attempt has won");
    assert_eq!(&*won.resolver, "system");
    let expected = format!("127.0.0.1:{port}");
    assert_eq!(won.endpoint.as_ref().unwrap().to_string(), expected);
}

/// An address is not looked up: outside of any runtime it is there at once.
#[test]
fn an_address_is_taken_as_it_is() {
    let targets = [
        Target::name("192.0.2.1").port(7),
        Target::from("tcp://192.0.2.1:7".parse::<Address>().unwrap()),
    ];
    for target in targets {
        let polled = ask(target).poll_next(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Some(Ok(endpoint))) = polled else {
            panic!("it waits for something");
        };
        assert_eq!(endpoint, "192.0.2.1:7".parse().unwrap());
    }
}

#[tokio::test]
async fn a_name_that_there_is_not_is_said_to_be_none() {
    // Too long to be a label (RFC 1035, section 2.3.4), so that nobody is asked.
    let name = format!("{}.invalid", "x".repeat(64));
    let mut answers = ask(Target::name(&name).port(7));
    let answer = poll_fn(|cx| answers.poll_next(cx)).await;
    let error = answer.expect("it answers").unwrap_err();
    let expected = format!("the host name {name} cannot be resolved");
    assert_eq!(error.to_string(), expected);
    assert!(error.source().is_some(), "the system's reason is handed on");
    assert!(poll_fn(|cx| answers.poll_next(cx)).await.is_none());
}

#[test]
fn what_has_no_host_is_not_its_own() {
    let address: Address = "unix:///run/x.sock".parse().unwrap();
    assert!(SystemResolver.resolve(&Target::from(address)).is_none());
}
