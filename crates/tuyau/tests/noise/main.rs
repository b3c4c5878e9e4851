//! Noise between real peers, with a peer made by hand from the documented wire form, and with bad ones.
#![cfg(all(feature = "mem", feature = "noise", feature = "tokio"))]

mod by_hand;
mod refusals;
mod streams;
#[path = "../support/mod.rs"]
mod support;

use tuyau::{
    mem,
    noise::{self, Acceptor, Connector, Error, KeyPair, Pattern, Peer},
};
use tuyau_core::{Acceptor as _, Attempt, Layer, Stage};

pub(crate) fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

pub(crate) type Side = Result<noise::Flow<mem::Flow>, Error>;

/// Shakes hands in memory.
pub(crate) async fn shake(connector: &Connector, peer: Peer, acceptor: Acceptor) -> (Side, Side) {
    let (near, far) = mem::pair();
    let attempt = Attempt::new(Stage::new("noise"));
    tokio::join!(
        connector.connect(near, &peer, &attempt),
        acceptor.accept(far)
    )
}

/// Two connected flows.
pub(crate) async fn pair(pattern: Pattern) -> (noise::Flow<mem::Flow>, noise::Flow<mem::Flow>) {
    let server = key();
    let peer = Peer::key(server.public_key());
    let connector = Connector::new(key(), pattern);
    let (near, far) = shake(&connector, peer, Acceptor::new(server)).await;
    (near.unwrap(), far.unwrap())
}
