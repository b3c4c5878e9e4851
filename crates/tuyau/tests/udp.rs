//! UDP beyond the laws of datagrams: peers that share a listening socket, and what a race makes of it.
#![cfg(feature = "udp")]

use tuyau::{ListenErrorKind, tcp::SystemResolver, tokio::TokioTimer, udp};
use tuyau_core::{
    Address, AnyDatagrams, ConnectErrorKind, Context, DatagramsExt, ErrorKind, Listener,
    ListenerExt, Origin, Outcome, PeerAddress, Registry, ResolverExt, SkipReason,
};

fn listener() -> udp::Listener {
    udp::Listener::bind(&"udp://127.0.0.1:0".parse().unwrap()).unwrap()
}

fn context() -> Context {
    let mut registry = Registry::new();
    registry.datagrams(udp::KEY, udp::Udp::new());
    registry.resolver(udp::KEY, 0, SystemResolver.under::<udp::UdpKey>());
    registry.freeze(TokioTimer::new())
}

async fn dial(address: &Address) -> AnyDatagrams {
    let context = context();
    let connect = context.connect(address.clone());
    connect.open_datagrams().await.unwrap().flow
}

async fn receive(from: &mut AnyDatagrams) -> Vec<u8> {
    let mut buffer = vec![0; 2000];
    let length = from.receive(&mut buffer).await.unwrap();
    buffer.truncate(length);
    buffer
}

#[tokio::test]
async fn peers_of_one_socket_do_not_hear_each_other() {
    let mut listener = listener();
    let address = listener.address().clone();
    let (mut one, mut two) = (dial(&address).await, dial(&address).await);
    one.send(b"one").await.unwrap();
    let first = listener.accept().await.unwrap();
    two.send(b"two").await.unwrap();
    let second = listener.accept().await.unwrap();
    assert!(matches!(first.origin, Origin::Ip(_)) && first.origin != second.origin);

    let mut first = AnyDatagrams::new(first.handshake.await.unwrap());
    let mut second = AnyDatagrams::new(second.handshake.await.unwrap());
    assert_eq!(receive(&mut second).await, b"two");
    assert_eq!(receive(&mut first).await, b"one");
    second.send(b"for two").await.unwrap();
    first.send(b"for one").await.unwrap();
    assert_eq!(receive(&mut one).await, b"for one");
    assert_eq!(receive(&mut two).await, b"for two");
    assert_eq!(one.info::<PeerAddress>().unwrap().0, address);
    assert!(first.find::<udp::Accepted>().is_some());
}

#[tokio::test]
async fn accepted_flows_outlive_their_listener_and_a_dropped_one_is_a_new_peer_next_time() {
    let mut listener = listener();
    let address = listener.address().clone();
    let mut near = dial(&address).await;
    near.send(b"first").await.unwrap();
    drop(listener.accept().await.unwrap().handshake.await.unwrap());
    near.send(b"second").await.unwrap();
    let far = listener.accept().await.unwrap().handshake.await.unwrap();
    let mut far = AnyDatagrams::new(far);
    assert_eq!(receive(&mut far).await, b"second");

    drop(listener);
    near.send(b"third").await.unwrap();
    assert_eq!(receive(&mut far).await, b"third");
    drop(far);
    let port: std::net::SocketAddr = address.socket().unwrap();
    // The socket goes with the last flow; its task needs a turn for that.
    while std::net::UdpSocket::bind(port).is_err() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_peer_that_is_not_there_is_refused() {
    let free = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = Address::from_socket("udp", free.local_addr().unwrap()).unwrap();
    drop(free);
    let mut near = dial(&address).await;
    near.send(b"anyone?").await.unwrap();
    let error = near.receive(&mut [0; 16]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
}

#[tokio::test]
async fn an_address_in_use_or_by_name_is_told() {
    let listener = listener();
    let error = udp::Listener::bind(listener.address()).unwrap_err();
    assert_eq!(error.kind(), ListenErrorKind::InUse);
    let error = udp::Listener::bind(&"udp://localhost:1".parse().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen at udp://localhost:1: the address is not valid for listening; \
         expected an IP address and a port, as in `udp://127.0.0.1:6000`"
    );
}

/// Law 7: what carries something else than what was asked for is skipped, and the report says so.
#[tokio::test]
async fn law_7_datagrams_are_no_byte_stream() {
    let target: Address = "udp://127.0.0.1:9".parse().unwrap();
    let error = context().connect(target.clone()).open().await.unwrap_err();
    assert_eq!(error.kind(), ConnectErrorKind::AllSkipped);
    let outcome = &error.report().attempts[0].outcome;
    assert!(matches!(
        outcome,
        Outcome::Skipped(SkipReason::CarriesDatagrams)
    ));
    let plan = context().connect(target).plan_datagrams().await;
    assert!(matches!(plan.attempts[0].outcome, Outcome::Planned));
}
