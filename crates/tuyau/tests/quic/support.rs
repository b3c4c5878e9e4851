//! Peers.

use tuyau::{
    quic::{self, Quic},
    tls,
};
use tuyau_core::{Attempt, Listener, ListenerExt, Protocol};

pub(crate) fn key() -> tls::KeyPair {
    tls::KeyPair::generate().unwrap()
}

pub(crate) fn acceptor(key: &tls::KeyPair) -> tls::Acceptor {
    tls::Settings::new(key.clone()).acceptor().unwrap()
}

pub(crate) fn connector() -> tls::Connector {
    tls::Settings::new(key()).connector().unwrap()
}

pub(crate) fn listen(acceptor: &tls::Acceptor) -> quic::Listener {
    let address = "quic://127.0.0.1:0".parse().unwrap();
    quic::Listener::bind(&address, acceptor).unwrap()
}

/// Both sides of a handshake.
pub(crate) async fn shake(
    connector: tls::Connector,
    peer: tls::Peer,
    acceptor: &tls::Acceptor,
) -> (
    Result<quic::Flow, quic::Error>,
    Result<quic::Flow, quic::Error>,
) {
    let (quic, mut listener) = (Quic::new(connector), listen(acceptor));
    let address = listener.address().socket().unwrap();
    let attempt = Attempt::new(Quic::STAGE);
    let endpoint = (address, peer);
    let accepting = async { listener.accept().await.unwrap().handshake.await };
    tokio::join!(quic.connect(&endpoint, &attempt), accepting)
}

/// Two sides that accept each other.
pub(crate) async fn pair() -> (quic::Flow, quic::Flow) {
    let bob = key();
    let peer = tls::Peer::key(bob.public_key());
    let (near, far) = shake(connector(), peer, &acceptor(&bob)).await;
    (near.unwrap(), far.unwrap())
}
