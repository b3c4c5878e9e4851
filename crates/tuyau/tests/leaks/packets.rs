//! What runs over datagrams, and stacks in user space.

use std::net::SocketAddr;

use tuyau::{
    mem,
    quic::{self, Quic},
    smoltcp::{self, Network, WireSettings},
    tcp, tls,
    tokio::TokioTimer,
    udp,
    wireguard::{Interface, Peer, PrivateKey, PublicKey, Tunnel, WireGuard},
};
use tuyau_core::{
    Attempt, Context, Datagrams, DatagramsExt, Endpoint, FlowExt, Listener, ListenerExt, Protocol,
    Registry, Table, Target,
};

use crate::{
    held::{alone, leaves_nothing},
    servers::{End, Server, connect_ends, serve_datagrams},
};

fn quic_context(server: SocketAddr, expected: tls::PublicKey) -> Context {
    let connector = tls::Settings::new(tls::KeyPair::generate().unwrap());
    let mut registry = Registry::new();
    registry.protocol(quic::KEY, Quic::new(connector.connector().unwrap()));
    let table = Table::new().with("server", (server, tls::Peer::key(expected)));
    registry.resolver(quic::KEY, 0, table);
    registry.freeze(TokioTimer::new())
}

#[test]
fn quic_to_nobody_to_a_babbler_and_to_silence_ends_by_the_deadline() {
    alone(async || {
        let expected = tls::KeyPair::generate().unwrap().public_key();
        for server in [Server::Silent, Server::Babbling, Server::Closing] {
            let (address, _serving) = serve_datagrams(server).await;
            let context = quic_context(address, expected);
            let connect = context.connect(Target::name("server"));
            let name = format!("quic, {server:?}");
            connect_ends(&name, connect, "quic", End::TimedOut).await;
        }
    });
}

/// A QUIC server of ours, which accepts as long as the set lives.
fn quic_server() -> (SocketAddr, tls::PublicKey, tokio::task::JoinSet<()>) {
    let key = tls::KeyPair::generate().unwrap();
    let expected = key.public_key();
    let acceptor = tls::Settings::new(key).acceptor().unwrap();
    let any = "quic://127.0.0.1:0".parse().unwrap();
    let mut listener = quic::Listener::bind(&any, &acceptor).unwrap();
    let address = listener.address().socket().unwrap();
    let mut serving = tokio::task::JoinSet::new();
    serving.spawn(async move {
        while let Ok(incoming) = listener.accept().await {
            if let Ok(mut flow) = incoming.handshake.await {
                let _ = flow.read(&mut [0; 8]).await;
            }
        }
    });
    (address, expected, serving)
}

#[test]
fn quic_to_the_wrong_key_fails_at_the_stage_tls() {
    alone(async || {
        let (address, _, _serving) = quic_server();
        let another = tls::KeyPair::generate().unwrap().public_key();
        let context = quic_context(address, another);
        let connect = context.connect(Target::name("server"));
        connect_ends(
            "quic, another key",
            connect,
            "tls",
            End::Failed("the server proved the key"),
        )
        .await;
    });
}

#[test]
fn quic_flows_and_their_datagrams_end_when_they_are_dropped() {
    alone(async || {
        let (address, expected, _serving) = quic_server();
        let context = quic_context(address, expected);
        leaves_nothing("quic, a flow", async || {
            let connect = context.connect(Target::name("server"));
            let mut flow = connect.open().await.unwrap().flow;
            flow.write_all(b"hello").await.unwrap();
            flow.flush().await.unwrap();
        })
        .await;
        let connector = tls::Settings::new(tls::KeyPair::generate().unwrap());
        let datagrams = Quic::new(connector.connector().unwrap()).datagrams();
        let key = tls::KeyPair::generate().unwrap();
        let peer = tls::Peer::key(key.public_key());
        let acceptor = tls::Settings::new(key).acceptor().unwrap();
        leaves_nothing("quic, a listener and datagrams", async || {
            let any = "quic://127.0.0.1:0".parse().unwrap();
            let listener = quic::Listener::bind(&any, &acceptor).unwrap();
            let endpoint = (listener.address().socket().unwrap(), peer.clone());
            let mut pair = meet(&datagrams, endpoint, listener.datagrams()).await;
            pair.0.send(b"hello").await.unwrap();
        })
        .await;
    });
}

/// The side that dialled and the side that accepted.
pub(crate) async fn meet<P: Protocol, L: Listener>(
    protocol: &P,
    endpoint: Endpoint<P>,
    mut listener: L,
) -> (P::Flow, L::Flow) {
    let attempt = Attempt::new(P::STAGE);
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (near, far) = tokio::join!(protocol.connect(&endpoint, &attempt), accepting);
    (near.unwrap(), far)
}

#[test]
fn udp_flows_and_listeners_end_when_they_are_dropped() {
    alone(async || {
        leaves_nothing("udp", async || {
            let any = "udp://127.0.0.1:0".parse().unwrap();
            let mut listener = udp::Listener::bind(&any).unwrap();
            let endpoint = listener.address().socket().unwrap();
            let attempt = Attempt::new(udp::Udp::STAGE);
            let mut near = udp::Udp::new().connect(&endpoint, &attempt).await.unwrap();
            near.send(b"hello").await.unwrap();
            let mut far = listener.accept().await.unwrap().handshake.await.unwrap();
            assert_eq!(far.receive(&mut [0; 8]).await.unwrap(), 5);
        })
        .await;
        leaves_nothing("udp to nobody", async || {
            let (address, _nobody) = serve_datagrams(Server::Closing).await;
            let attempt = Attempt::new(udp::Udp::STAGE);
            let mut near = udp::Udp::new().connect(&address, &attempt).await.unwrap();
            near.send(b"hello").await.unwrap();
            near.receive(&mut [0; 8]).await.unwrap_err();
        })
        .await;
    });
}

/// Two hosts on a wire, each driven by a task.
fn hosts() -> (Network, Network) {
    let (left, right) = WireSettings::new().pair();
    let host = |address: &str, wire| {
        let builder = Network::builder().address(address.parse().unwrap());
        let (network, driver) = builder.start(wire, TokioTimer::new()).unwrap();
        tokio::spawn(driver);
        network
    };
    (host("10.0.0.1/24", left), host("10.0.0.2/24", right))
}

#[test]
fn networks_in_user_space_end_when_they_are_dropped() {
    alone(async || {
        leaves_nothing("smoltcp", async || {
            let (near, far) = hosts();
            let endpoint = "10.0.0.2:80".parse().unwrap();
            let listener = smoltcp::Listener::bind_socket(&far, endpoint).unwrap();
            let (mut near, _far) = meet(&smoltcp::Tcp::new(near), endpoint, listener).await;
            near.write_all(b"hello").await.unwrap();
        })
        .await;
    });
}

#[test]
fn tcp_in_user_space_to_nobody_and_to_a_closed_port_ends_at_the_stage_tcp() {
    alone(async || {
        let (near, _far) = hosts();
        let mut registry = Registry::new();
        registry.protocol(tcp::KEY, smoltcp::Tcp::new(near));
        let table = Table::new()
            .with("nobody", "10.0.0.9:80".parse().unwrap())
            .with("closed", "10.0.0.2:80".parse().unwrap());
        registry.resolver(tcp::KEY, 0, table);
        let context = registry.freeze(TokioTimer::new());
        for (name, end) in [
            ("nobody", End::TimedOut),
            ("closed", End::Failed("refused")),
        ] {
            let connect = context.connect(Target::name(name));
            connect_ends(&format!("smoltcp, {name}"), connect, "tcp", end).await;
        }
    });
}

/// An end of a tunnel, driven by a task.
fn tunnel(own: &PrivateKey, address: &str, peer: PublicKey, carrier: impl Datagrams) -> Tunnel {
    let network = address.parse().unwrap();
    let both = ["10.7.0.1/32", "10.7.0.2/32"].map(|it| it.parse().unwrap());
    let peer = both.into_iter().fold(Peer::new(peer), Peer::allow);
    let peer = peer.over(carrier);
    let interface = Interface::new(own.clone()).address(network).peer(peer);
    let (tunnel, driver) = interface.start(TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    tunnel
}

#[test]
fn tunnels_end_when_they_are_dropped() {
    alone(async || {
        leaves_nothing("wireguard", async || {
            let key = || PrivateKey::generate().unwrap();
            let (alice, bob, (near, far)) = (key(), key(), mem::datagram_pair());
            let near = tunnel(&alice, "10.7.0.1/24", bob.public_key(), near);
            let far = tunnel(&bob, "10.7.0.2/24", alice.public_key(), far);
            let address = "tcp://10.7.0.2:80".parse().unwrap();
            let listener = tuyau::wireguard::Listener::bind(&far, &address).unwrap();
            let endpoint = "10.7.0.2:80".parse().unwrap();
            let (mut near, _far) = meet(&WireGuard::new(near), endpoint, listener).await;
            near.write_all(b"hello").await.unwrap();
        })
        .await;
    });
}

#[test]
fn a_tunnel_whose_peer_is_silent_or_babbles_ends_by_the_deadline_and_leaves_its_socket() {
    alone(async || {
        for server in [Server::Silent, Server::Babbling] {
            let (address, _serving) = serve_datagrams(server).await;
            let open = async || {
                let attempt = Attempt::new(udp::Udp::STAGE);
                let carrier = udp::Udp::new().connect(&address, &attempt).await.unwrap();
                let (own, peer) = (PrivateKey::generate(), PrivateKey::generate());
                let peer = peer.unwrap().public_key();
                let tunnel = tunnel(&own.unwrap(), "10.7.0.1/24", peer, carrier);
                let mut registry = Registry::new();
                registry.protocol(tcp::KEY, WireGuard::new(tunnel));
                let table = Table::new().with("server", "10.7.0.2:80".parse().unwrap());
                registry.resolver(tcp::KEY, 0, table);
                let context = registry.freeze(TokioTimer::new());
                let connect = context.connect(Target::name("server"));
                connect
                    .deadline(crate::servers::DEADLINE)
                    .open()
                    .await
                    .err()
            };
            let name = format!("wireguard, {server:?}");
            crate::servers::ends(&name, open, "wireguard", End::TimedOut).await;
        }
    });
}
