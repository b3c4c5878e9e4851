//! What ends in an error, and at which stage.

use std::time::Duration;

use tuyau::{
    mem,
    tcp::TcpKey,
    tokio::TokioTimer,
    wireguard::{Interface, InterfaceError, Peer, PeerKey, PresharedKey, Tunnel, WireGuard},
};
use tuyau_core::{
    Attempt, Chain, ErrorKind, FlowExt, Key, ListenerExt, Outcome, Protocol, Registry, Security,
    SkipReason, Table, Target,
};

use crate::support::{dial, interface, key, listen, peer, start, tunnels};

const INSIDE: Key<TcpKey> = Key::instance(7);

/// The report of a connect that does not come to its end.
async fn report(tunnel: &Tunnel, endpoint: &str) -> String {
    let mut registry = Registry::new();
    registry.protocol(INSIDE, WireGuard::new(tunnel.clone()));
    let table = Table::new().with("server", endpoint.parse().unwrap());
    registry.resolver(INSIDE, 0, table);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("server"));
    let connect = connect.at_least(Security::Authenticated);
    let connect = connect.deadline(Duration::from_secs(3));
    connect.open().await.unwrap_err().to_string()
}

/// Law 7: a handshake that is never answered ends at the deadline, at its own stage.
#[tokio::test(start_paused = true)]
async fn a_wrong_key_ends_at_the_deadline_in_the_stage_of_the_handshake() {
    let (alice, bob, carol) = (key(), key(), key());
    let (near, far) = mem::datagram_pair();
    let wrong = peer(carol.public_key(), "10.7.0.2/32").over(near);
    let to_alice = peer(alice.public_key(), "10.7.0.1/32").over(far);
    let near = start(interface(&alice, "10.7.0.1/24").peer(wrong));
    let far = start(interface(&bob, "10.7.0.2/24").peer(to_alice));
    let _listener = listen(&far, "10.7.0.2:80");
    let report = report(&near, "10.7.0.2:80").await;
    assert!(report.contains("at wireguard"), "{report}");
    assert!(report.contains("the deadline passed"), "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_know_us_and_one_with_another_shared_secret_do_not_answer() {
    for shared in [false, true] {
        let (alice, bob) = (key(), key());
        let (near, far) = mem::datagram_pair();
        let secret: PresharedKey = key().to_text().parse().unwrap();
        let to_bob = peer(bob.public_key(), "10.7.0.2/32").over(near);
        let near = start(interface(&alice, "10.7.0.1/24").peer(to_bob));
        let to_alice = match shared {
            true => peer(alice.public_key(), "10.7.0.1/32").preshared(secret),
            false => peer(key().public_key(), "10.7.0.1/32"),
        };
        let far = start(interface(&bob, "10.7.0.2/24").peer(to_alice.over(far)));
        let _listener = listen(&far, "10.7.0.2:80");
        let report = report(&near, "10.7.0.2:80").await;
        assert!(report.contains("at wireguard"), "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn behind_the_handshake_the_stage_is_tcp() {
    let (near, far) = mem::datagram_pair();
    let (near, far) = tunnels(near, far);
    let error = dial(&near, "10.7.0.2:80").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let text = report(&near, "10.7.0.2:80").await;
    assert!(text.contains("at tcp"), "{text}");
    drop(far);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_no_peer_may_have_is_unreachable() {
    let (near, far) = mem::datagram_pair();
    let (near, _far) = tunnels(near, far);
    let error = dial(&near, "10.7.0.9:80").await.unwrap_err();
    assert_eq!(
        Chain(&error).to_string(),
        "endpoint unreachable: no peer of the tunnel may have 10.7.0.9, add it to the allowed addresses of one"
    );
}

/// Law 6: who is behind a peer has not proved to be there, and the floor means the same as for a proxy.
#[tokio::test(start_paused = true)]
async fn law_6_a_network_behind_a_peer_is_not_the_peer() {
    let (near, _far) = mem::datagram_pair();
    let gateway = key();
    let to_gateway =
        peer(gateway.public_key(), "10.7.0.2/32").allow("10.8.0.0/16".parse().unwrap());
    let near = start(interface(&key(), "10.7.0.1/24").peer(to_gateway.over(near)));
    assert_eq!(
        WireGuard::new(near.clone()).security(),
        Security::Authenticated
    );
    let error = dial(&near, "10.8.0.9:80").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let text = format!(
        "10.8.0.9 is in a network behind the peer {}, expected an address of its own; allow it \
         10.8.0.9/32, or take `WireGuard::routed`, whose flows count as plain",
        gateway.public_key()
    );
    assert!(
        Chain(&error).to_string().contains(&text),
        "{}",
        Chain(&error)
    );

    let mut registry = Registry::new();
    registry.protocol(INSIDE, WireGuard::routed(near));
    let table = Table::new().with("server", "10.8.0.9:80".parse().unwrap());
    registry.resolver(INSIDE, 0, table);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("server"));
    let report = connect.at_least(Security::Encrypted).plan().await;
    let [row] = &report.attempts[..] else {
        panic!("{report}");
    };
    let below = matches!(row.outcome, Outcome::Skipped(SkipReason::BelowFloor));
    assert!(below, "{report}");
}

/// A network behind a peer is reached all the same, by whoever asks for no more than that.
#[tokio::test]
async fn a_network_behind_a_peer_is_reached_when_that_is_asked_for() {
    let (alice, bob) = (key(), key());
    let (near, far) = mem::datagram_pair();
    let to_bob = peer(bob.public_key(), "10.8.0.0/16").over(near);
    let to_alice = peer(alice.public_key(), "10.7.0.1/32").over(far);
    let near = start(interface(&alice, "10.7.0.1/24").peer(to_bob));
    let far = start(interface(&bob, "10.8.0.9/16").peer(to_alice));
    let mut listener = listen(&far, "10.8.0.9:80");
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (protocol, endpoint) = (WireGuard::routed(near), "10.8.0.9:80".parse().unwrap());
    let attempt = Attempt::new(WireGuard::STAGE);
    let (dialled, _accepted) = tokio::join!(protocol.connect(&endpoint, &attempt), accepting);
    assert_eq!(
        dialled.unwrap().info::<PeerKey>(),
        Some(&PeerKey(bob.public_key()))
    );
}

/// A peer cannot speak for addresses that are not its own.
#[tokio::test(start_paused = true)]
async fn packets_from_an_address_that_the_peer_may_not_have_are_dropped() {
    let (alice, bob) = (key(), key());
    let (near, far) = mem::datagram_pair();
    let to_bob = peer(bob.public_key(), "10.7.0.2/32").over(near);
    let to_alice = peer(alice.public_key(), "10.7.0.1/32").over(far);
    let near = start(interface(&alice, "10.7.0.1/24").peer(to_bob));
    // Bob takes Carol's address.
    let far = start(interface(&bob, "10.7.0.3/24").peer(to_alice));
    let _listener = listen(&near, "10.7.0.1:80");
    let report = report(&far, "10.7.0.1:80").await;
    assert!(report.contains("at tcp"), "{report}");
}

/// A gateway that may send for everybody may not send for those who are peers themselves.
#[tokio::test(start_paused = true)]
async fn an_address_of_another_peer_is_not_believed() {
    let (hub_key, gateway_key, owner_key) = (key(), key(), key());
    let (near, far) = mem::datagram_pair();
    let to_hub = peer(hub_key.public_key(), "10.7.0.254/32").over(near);
    let gateway = start(interface(&gateway_key, "10.7.0.2/24").peer(to_hub));
    let hub = start(
        interface(&hub_key, "10.7.0.254/24")
            .peer(peer(owner_key.public_key(), "10.7.0.2/32"))
            .peer(peer(gateway_key.public_key(), "0.0.0.0/0").over(far)),
    );
    let _listener = listen(&hub, "10.7.0.254:80");
    let report = report(&gateway, "10.7.0.254:80").await;
    assert!(report.contains("at tcp"), "{report}");
    assert!(report.contains("the deadline passed"), "{report}");
}

/// A packet for an address goes to one peer, and what comes from it is one's too.
#[tokio::test]
async fn a_network_or_a_key_that_two_peers_have_is_refused_by_name() {
    let (one, two) = (key().public_key(), key().public_key());
    let refused = |peers: [Peer; 2]| {
        let interface = peers
            .into_iter()
            .fold(interface(&key(), "10.7.0.254/24"), Interface::peer);
        interface.start(TokioTimer::new()).unwrap_err()
    };
    let first = peer(one, "10.7.1.0/24");
    let error = refused([
        first,
        peer(two, "10.7.2.0/24").allow("10.7.1.9/24".parse().unwrap()),
    ]);
    assert_eq!(
        error.to_string(),
        format!(
            "the network 10.7.1.9/24 is allowed to both {one} and {two}, expected one peer for each \
             network; give one of them a longer prefix"
        )
    );
    let error = refused([peer(one, "10.7.1.0/24"), peer(one, "10.7.2.0/24")]);
    assert_eq!(error, InterfaceError::PeerTwice(one));
    // One network in another one is clear: the longer prefix decides.
    let (wide, narrow) = (peer(one, "10.7.0.0/16"), peer(two, "10.7.1.0/24"));
    let clear = interface(&key(), "10.7.0.254/24").peer(wide).peer(narrow);
    drop(clear.start(TokioTimer::new()).unwrap());
}
