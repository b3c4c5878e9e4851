//! QUIC raced with TLS over a byte stream, under one name.

use std::{net::UdpSocket, time::Duration};

use tuyau::{
    mem,
    quic::{self, Quic},
    tls,
    tokio::TokioTimer,
};
use tuyau_core::{
    AnyFlow, Connected, Key, Listener, ListenerExt, Outcome, ProtocolExt, Registry, ResolverExt,
    Strategy, Table, Target,
};

use crate::support::{acceptor, connector, key, listen};

/// Connects to "service", which is at a QUIC endpoint first and in memory second.
async fn race(
    quic: std::net::SocketAddr,
    hub: mem::Hub,
    server: &tls::KeyPair,
    quic_first: bool,
) -> Connected<AnyFlow> {
    let mut registry = Registry::new();
    registry.protocol(quic::KEY, Quic::new(connector()));
    registry.protocol(Key::new(), mem::Protocol::new(hub).layer(connector()));
    let over_quic = Table::<quic::QuicKey>::new().with("service", quic);
    let over_quic = over_quic.configure::<tls::TlsKey, _>(tls::Peer::of);
    let over_mem = Table::<mem::MemKey>::new().with("service", "service".into());
    let over_mem = over_mem.configure::<tls::TlsKey, _>(tls::Peer::of);
    if quic_first {
        registry.resolver(quic::KEY, 0, over_quic);
        registry.resolver(Key::new(), 0, over_mem);
    } else {
        registry.resolver(Key::new(), 0, over_mem);
        registry.resolver(quic::KEY, 0, over_quic);
    }
    let context = registry.freeze(TokioTimer::new());
    let target = Target::name("service").with(tls::ExpectedPeer(server.public_key()));
    let strategy = Strategy::Race {
        stagger: Duration::from_millis(50),
        limit: 2,
    };
    context
        .connect(target)
        .strategy(strategy)
        .open()
        .await
        .unwrap()
}

/// The attempts were started a stagger apart, and the second one won.
fn assert_second_won(connected: &Connected<AnyFlow>) {
    let [first, second] = &connected.report.attempts[..] else {
        panic!("{}", connected.report);
    };
    assert!(
        matches!(first.outcome, Outcome::Cancelled),
        "{}",
        connected.report
    );
    assert!(
        matches!(second.outcome, Outcome::Won),
        "{}",
        connected.report
    );
    assert!(second.started >= first.started + Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn a_byte_stream_wins_after_the_stagger_when_quic_is_dead() {
    let server = key();
    // A black hole: nobody reads what comes.
    let silent = UdpSocket::bind("127.0.0.1:0").unwrap();
    let hub = mem::Hub::new();
    let listener = hub.listen("service").unwrap();
    let mut listener = listener.layer("tls+mem", acceptor(&server)).unwrap();
    let serving = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let racing = race(silent.local_addr().unwrap(), hub, &server, true);
    let (connected, _flow) = tokio::join!(racing, serving);
    assert_second_won(&connected);
    assert!(connected.flow.find::<tls::Flow<mem::Flow>>().is_some());
}

#[tokio::test]
async fn quic_wins_after_the_stagger_when_the_byte_stream_is_dead() {
    let server = key();
    let mut listener = listen(&acceptor(&server));
    let hub = mem::Hub::new();
    // It listens, and never says anything.
    let _silent = hub.listen("service").unwrap();
    let address = listener.address().socket().unwrap();
    let serving = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (connected, _flow) = tokio::join!(race(address, hub, &server, false), serving);
    assert_second_won(&connected);
    assert!(connected.flow.find::<quic::Flow>().is_some());
}
