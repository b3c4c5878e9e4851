//! Ends of tunnels.

use tuyau::{
    tokio::TokioTimer,
    wireguard::{Flow, Interface, Listener, Peer, PrivateKey, PublicKey, Tunnel, WireGuard},
};
use tuyau_core::{Attempt, Datagrams, FlowError, FlowExt, ListenerExt, Protocol};

pub(crate) fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

pub(crate) fn peer(key: PublicKey, allowed: &str) -> Peer {
    Peer::new(key).allow(allowed.parse().unwrap())
}

pub(crate) fn interface(key: &PrivateKey, address: &str) -> Interface {
    Interface::new(key.clone()).address(address.parse().unwrap())
}

/// Sets a tunnel up and drives it.
pub(crate) fn start(interface: Interface) -> Tunnel {
    let (tunnel, driver) = interface.start(TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    tunnel
}

/// Two ends, 10.7.0.1 and 10.7.0.2, over datagrams.
pub(crate) fn tunnels(near: impl Datagrams, far: impl Datagrams) -> (Tunnel, Tunnel) {
    let (alice, bob) = (key(), key());
    let to_bob = peer(bob.public_key(), "10.7.0.2/32").over(near);
    let to_alice = peer(alice.public_key(), "10.7.0.1/32").over(far);
    let near = start(interface(&alice, "10.7.0.1/24").peer(to_bob));
    let far = start(interface(&bob, "10.7.0.2/24").peer(to_alice));
    (near, far)
}

pub(crate) fn listen(tunnel: &Tunnel, address: &str) -> Listener {
    Listener::bind(tunnel, &format!("tcp://{address}").parse().unwrap()).unwrap()
}

pub(crate) async fn dial(tunnel: &Tunnel, to: &str) -> Result<Flow, FlowError> {
    let attempt = Attempt::new(WireGuard::STAGE);
    let protocol = WireGuard::new(tunnel.clone());
    protocol.connect(&to.parse().unwrap(), &attempt).await
}

/// A message from one tunnel to an endpoint in another one.
pub(crate) async fn say(from: &Tunnel, to: &Tunnel, endpoint: &str, text: &[u8]) {
    let mut listener = listen(to, endpoint);
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (dialled, mut accepted) = tokio::join!(dial(from, endpoint), accepting);
    let mut dialled = dialled.unwrap();
    let mut heard = vec![0; text.len()];
    let hearing = accepted.read_exact(&mut heard);
    let (said, arrived) = tokio::join!(dialled.write_all(text), hearing);
    said.and(arrived).unwrap();
    assert!(heard == text);
}
