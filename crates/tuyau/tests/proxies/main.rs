//! Connecting through proxies: what they are asked, what is said when they refuse, and TLS to what is
//! behind them.
#![cfg(all(
    feature = "fault",
    feature = "http-connect",
    feature = "mem",
    feature = "socks5",
    feature = "tls",
    feature = "tokio"
))]

mod everything;
mod http_connect;
mod socks5;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use tuyau::{
    fault::{self, Fault, Faults, Trouble},
    mem,
    proxy::{Credentials, Destination, Route},
    tokio::TokioTimer,
};
use tuyau_core::{Acceptor, FlowExt};

pub(crate) fn route() -> Route {
    Route::to(Destination::new("git.example.org", 9418).unwrap())
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("alice", "sesame").unwrap()
}

/// Says something, and gives what was heard until the other side closed.
pub(crate) async fn say(mut flow: mem::Flow, bytes: &[u8]) -> Vec<u8> {
    flow.write_all(bytes).await.unwrap();
    support::read_to_end(&mut flow).await.unwrap()
}

/// A flow that says one byte at a time.
pub(crate) async fn slow(flow: mem::Flow) -> fault::Flow<mem::Flow> {
    let trouble = Trouble::none().short(1).delay(Duration::from_millis(10));
    let acceptor = Fault::new(TokioTimer::new()).acceptor(Faults::none().write(trouble));
    acceptor.accept(flow).await.unwrap()
}
