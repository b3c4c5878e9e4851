//! Several peers, and peers that move.

use tuyau::{
    udp,
    wireguard::{Peer, PeerKey, PrivateKey, Tunnel},
};
use tuyau_core::{AnyFlow, Attempt, DatagramsExt, Listener as _, ListenerExt, Protocol};

use crate::support::{dial, interface, key, listen, peer, say, start};

async fn spoke(own: &PrivateKey, address: &str, hub: &PrivateKey, at: &udp::Listener) -> Tunnel {
    let to_hub = hub_peer(hub).over(carrier(at).await);
    start(interface(own, address).peer(to_hub))
}

/// The hub, at an address of its own, with the network behind it.
fn hub_peer(hub: &PrivateKey) -> Peer {
    let own = "10.7.0.254/32".parse().unwrap();
    peer(hub.public_key(), "10.7.0.0/24").allow(own)
}

async fn carrier(at: &udp::Listener) -> udp::Flow {
    let endpoint = at.address().socket().unwrap();
    let attempt = Attempt::new(udp::Udp::STAGE);
    udp::Udp::new().connect(&endpoint, &attempt).await.unwrap()
}

#[tokio::test]
async fn a_hub_keeps_its_peers_apart_and_follows_one_that_moves() {
    let (hub_key, one_key, two_key) = (key(), key(), key());
    let udp = udp::Listener::bind(&"udp://127.0.0.1:0".parse().unwrap()).unwrap();
    let one = spoke(&one_key, "10.7.0.1/24", &hub_key, &udp).await;
    let two = spoke(&two_key, "10.7.0.2/24", &hub_key, &udp).await;
    let moved = carrier(&udp).await;
    let hub = start(
        interface(&hub_key, "10.7.0.254/24")
            .peer(peer(one_key.public_key(), "10.7.0.1/32"))
            .peer(peer(two_key.public_key(), "10.7.0.2/32"))
            .listen(udp),
    );
    for (spoke, key) in [(&one, &one_key), (&two, &two_key)] {
        let mut listener = listen(&hub, "10.7.0.254:80");
        let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
        let (dialled, accepted) = tokio::join!(dial(spoke, "10.7.0.254:80"), accepting);
        let (dialled, accepted) = (AnyFlow::new(dialled.unwrap()), AnyFlow::new(accepted));
        let knows = |flow: &AnyFlow| flow.info::<PeerKey>().unwrap().0;
        assert_eq!(knows(&accepted), key.public_key());
        assert_eq!(knows(&dialled), hub_key.public_key());
    }
    // The same key from another port, as after a change of the network.
    drop(one);
    let to_hub = hub_peer(&hub_key).over(moved);
    let one = start(interface(&one_key, "10.7.0.1/24").peer(to_hub));
    say(&one, &hub, "10.7.0.254:81", b"I moved").await;
    say(&hub, &one, "10.7.0.1:80", b"I see").await;
}

/// Bad input: what is not WireGuard is dropped, and the tunnel goes on.
#[tokio::test]
async fn babble_from_strangers_does_no_harm() {
    let (hub_key, spoke_key) = (key(), key());
    let udp = udp::Listener::bind(&"udp://127.0.0.1:0".parse().unwrap()).unwrap();
    let mut strangers = Vec::new();
    for _ in 0..3 {
        strangers.push(carrier(&udp).await);
    }
    let spoke = spoke(&spoke_key, "10.7.0.1/24", &hub_key, &udp).await;
    let known = peer(spoke_key.public_key(), "10.7.0.1/32");
    let hub = start(interface(&hub_key, "10.7.0.254/24").peer(known).listen(udp));
    for kind in 0..6_u8 {
        for length in [0, 1, 3, 4, 16, 31, 32, 64, 92, 147, 148, 149, 1500, 60_000] {
            let mut babble = vec![kind.wrapping_mul(37); length];
            for (byte, head) in babble.iter_mut().zip([kind, 0, 0, 0]) {
                *byte = head;
            }
            for stranger in &mut strangers {
                let _ = stranger.send(&babble).await;
            }
        }
    }
    say(&spoke, &hub, "10.7.0.254:80", b"still here").await;
}
