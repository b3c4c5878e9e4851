//! WebSocket between our own peers, with another implementation on either side, and with bad ones.
#![cfg(all(
    feature = "fault",
    feature = "mem",
    feature = "tokio",
    feature = "websocket"
))]

mod frames;
mod handshakes;
mod interop;
#[path = "../support/mod.rs"]
mod support;

use tuyau::{
    mem,
    websocket::{self, Acceptor, Connector, Error, Request},
};
use tuyau_core::{Acceptor as _, Attempt, Layer, Stage};

pub(crate) fn request() -> Request {
    Request::new("example.org", "/chat?room=12").unwrap()
}

pub(crate) type Side = Result<websocket::Flow<mem::Flow>, Error>;

/// Shakes hands in memory.
pub(crate) async fn shake(
    connector: Connector,
    request: Request,
    acceptor: Acceptor,
) -> (Side, Side) {
    let (near, far) = mem::pair();
    let attempt = Attempt::new(Stage::new("websocket"));
    tokio::join!(
        connector.connect(near, &request, &attempt),
        acceptor.accept(far)
    )
}

/// Two connected flows, and what is beneath of one of them.
pub(crate) async fn pair() -> (websocket::Flow<mem::Flow>, websocket::Flow<mem::Flow>) {
    let (near, far) = shake(Connector::new(), request(), Acceptor::new()).await;
    (near.unwrap(), far.unwrap())
}
