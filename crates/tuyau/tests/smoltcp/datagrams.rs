//! UDP of a stack.

use std::time::Duration;

use tuyau::{
    ListenErrorKind,
    smoltcp::{Network, Udp, UdpFlow, UdpListener},
    udp::Options,
};
use tuyau_core::{
    Attempt, DatagramsExt, ErrorKind, FlowError, ListenerExt, LocalAddress, Origin, Protocol,
};

use crate::support::{Hosts, after};

fn bind(network: &Network, address: &str, options: Options) -> UdpListener {
    UdpListener::bind_with(network, &address.parse().unwrap(), options).unwrap()
}

fn listener(hosts: &Hosts) -> UdpListener {
    bind(&hosts.far, "udp://10.0.0.2:53", Options::default())
}

async fn dial(network: &Network, to: &str) -> Result<UdpFlow, FlowError> {
    let attempt = Attempt::new(Udp::STAGE);
    let udp = Udp::new(network.clone());
    udp.connect(&to.parse().unwrap(), &attempt).await
}

async fn accept(listener: &mut UdpListener) -> UdpFlow {
    let incoming = listener.accept().await.unwrap();
    assert!(matches!(incoming.origin, Origin::Ip(_)));
    incoming.handshake.await.unwrap()
}

async fn receive(flow: &mut UdpFlow) -> Vec<u8> {
    let mut buffer = vec![0; 2000];
    let length = flow.receive(&mut buffer).await.unwrap();
    buffer.truncate(length);
    buffer
}

#[tokio::test(start_paused = true)]
async fn peers_of_one_port_do_not_hear_each_other_and_outlive_the_listener() {
    let hosts = Hosts::new();
    let mut listener = listener(&hosts);
    let mut near = Vec::new();
    let mut far = Vec::new();
    for name in [b"one", b"two"] {
        let mut flow = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
        flow.send(name).await.unwrap();
        far.push(accept(&mut listener).await);
        near.push(flow);
    }
    drop(listener);
    for number in [1, 0] {
        assert_eq!(receive(&mut far[number]).await, [b"one", b"two"][number]);
        far[number].send(&[number as u8]).await.unwrap();
        assert_eq!(receive(&mut near[number]).await, [number as u8]);
        near[number].send(b"on").await.unwrap();
        assert_eq!(receive(&mut far[number]).await, b"on");
    }
    // The port is free once they are gone, too.
    drop(far);
    after(Duration::from_secs(1)).await;
    assert_eq!(hosts.far.sockets(), 0);
    bind(&hosts.far, "udp://10.0.0.2:53", Options::default());
}

#[tokio::test(start_paused = true)]
async fn a_dialled_flow_hears_nobody_but_its_peer() {
    let hosts = Hosts::new();
    let mut listener = listener(&hosts);
    let mut near = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
    near.send(b"?").await.unwrap();
    let mut far = accept(&mut listener).await;
    let at = near.info::<LocalAddress>().unwrap().0.socket().unwrap();
    let mut stranger = dial(&hosts.far, &at.to_string()).await.unwrap();
    stranger.send(b"believe me").await.unwrap();
    far.send(b"!").await.unwrap();
    assert_eq!(receive(&mut near).await, b"!");
}

/// Bad input: more peers than there is room for.
#[tokio::test(start_paused = true)]
async fn beyond_the_limit_of_peers_a_new_one_is_not_heard() {
    let hosts = Hosts::new();
    let mut listener = bind(&hosts.far, "udp://0.0.0.0:53", Options::default().peers(1));
    let mut near = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
    near.send(b"first").await.unwrap();
    let mut far = accept(&mut listener).await;
    let mut second = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
    second.send(b"second").await.unwrap();
    near.send(b"behind it").await.unwrap();
    assert_eq!(receive(&mut far).await, b"first");
    assert_eq!(receive(&mut far).await, b"behind it");
    drop(far);
    second.send(b"again").await.unwrap();
    let mut far = accept(&mut listener).await;
    assert_eq!(receive(&mut far).await, b"again");
}

#[tokio::test(start_paused = true)]
async fn a_silent_neighbour_costs_what_is_sent_to_it_and_no_more() {
    let hosts = Hosts::new();
    let mut listener = listener(&hosts);
    let mut nobody = dial(&hosts.near, "10.0.0.9:53").await.unwrap();
    let mut near = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
    let sending = tokio::spawn(async move {
        for _ in 0..100 {
            nobody.send(&[0; 100]).await.unwrap();
        }
    });
    tokio::task::yield_now().await;
    near.send(b"alive").await.unwrap();
    let mut far = tokio::time::timeout(Duration::from_millis(500), accept(&mut listener)).await;
    assert_eq!(receive(far.as_mut().unwrap()).await, b"alive");
    let sent = tokio::time::timeout(Duration::from_secs(60), sending).await;
    sent.unwrap().unwrap();
    drop(near);
    after(Duration::from_secs(10)).await;
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_listener_says_where_it_cannot_be_and_a_flow_where_it_cannot_go() {
    let hosts = Hosts::new();
    let _listener = listener(&hosts);
    let refused = |address: &str| {
        let error = UdpListener::bind(&hosts.far, &address.parse().unwrap()).unwrap_err();
        assert_eq!(error.address(), address);
        error.kind()
    };
    assert_eq!(refused("udp://10.0.0.2:53"), ListenErrorKind::InUse);
    assert_eq!(refused("udp://0.0.0.0:53"), ListenErrorKind::InUse);
    assert_eq!(refused("udp://10.0.0.7:54"), ListenErrorKind::NotAvailable);
    assert_eq!(refused("udp://host:54"), ListenErrorKind::Invalid);
    let error = dial(&hosts.near, "10.0.1.1:53").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
}

#[tokio::test(start_paused = true)]
async fn without_its_driver_every_datagram_fails() {
    let hosts = Hosts::new();
    let mut near = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
    let receiving = tokio::spawn(async move {
        let received = near.receive(&mut [0; 8]).await;
        (near, received)
    });
    after(Duration::from_secs(1)).await;
    hosts.near_driver.abort();
    let (mut near, received) = receiving.await.unwrap();
    assert_eq!(received.unwrap_err().kind(), ErrorKind::Closed);
    assert_eq!(near.send(b"x").await.unwrap_err().kind(), ErrorKind::Closed);
    drop(near);
    assert_eq!(hosts.near.sockets(), 0);
}
