//! UDP beyond the laws of datagrams: peers that share a listening socket, and what a race makes of it.
#![cfg(feature = "udp")]

use std::{
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

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

/// Bad input: more peers than there is room for.
#[tokio::test]
async fn beyond_the_limit_of_peers_a_new_one_waits_for_the_end_of_another() {
    let address = "udp://127.0.0.1:0".parse().unwrap();
    let options = udp::Options::default().peers(2);
    let mut listener = udp::Listener::bind_with(&address, options).unwrap();
    let address = listener.address().clone();
    let mut near = Vec::new();
    let mut far = Vec::new();
    for _ in 0..2 {
        let mut peer = dial(&address).await;
        peer.send(b"in").await.unwrap();
        let accepted = listener.accept().await.unwrap().handshake.await.unwrap();
        far.push(AnyDatagrams::new(accepted));
        near.push(peer);
    }
    let mut third = dial(&address).await;
    third.send(b"too many").await.unwrap();
    // What comes behind it is there, so it has been looked at.
    near[0].send(b"still heard").await.unwrap();
    assert_eq!(receive(&mut far[0]).await, b"in");
    assert_eq!(receive(&mut far[0]).await, b"still heard");
    drop(far.pop());
    third.send(b"now").await.unwrap();
    let accepted = listener.accept().await.unwrap().handshake.await.unwrap();
    assert_eq!(receive(&mut AnyDatagrams::new(accepted)).await, b"now");
}

/// Bad input: peers that send while nobody receives.
#[tokio::test]
async fn the_queues_of_all_peers_have_one_bound() {
    let address = "udp://127.0.0.1:0".parse().unwrap();
    let options = udp::Options::default().queued(16 * 1024);
    let mut listener = udp::Listener::bind_with(&address, options).unwrap();
    let address = listener.address().clone();
    let mut far = Vec::new();
    for _ in 0..4 {
        let mut near = dial(&address).await;
        near.send(&[0; 500]).await.unwrap();
        let accepted = listener.accept().await.unwrap().handshake.await.unwrap();
        far.push(AnyDatagrams::new(accepted));
        for _ in 0..20 {
            near.send(&[0; 500]).await.unwrap();
            tokio::task::yield_now().await;
        }
    }
    // Those who wait to be accepted have a share of their own.
    let mut last = dial(&address).await;
    last.send(b"last").await.unwrap();
    let accepted = listener.accept().await.unwrap().handshake.await.unwrap();
    assert_eq!(receive(&mut AnyDatagrams::new(accepted)).await, b"last");
    let mut bytes = 0;
    for flow in &mut far {
        while let Poll::Ready(datagram) = poll_once(receive(flow)).await {
            bytes += datagram.len();
        }
    }
    assert!((8 * 1024..16 * 1024).contains(&bytes), "{bytes}");
}

async fn poll_once<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = pin!(future);
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx))).await
}
