//! UDP of a stack.

use std::{net::SocketAddr, time::Duration};

use tuyau::{
    ListenErrorKind,
    smoltcp::{Cidr, Medium, Network, Udp, UdpFlow, UdpListener, WireSettings},
    tokio::TokioTimer,
    udp::Options,
};
use tuyau_core::{
    Attempt, DatagramsExt, ErrorKind, FlowError, ListenerExt, LocalAddress, Origin, Protocol,
};

use crate::support::{Hosts, after, host};

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
    let accepting = tokio::time::timeout(Duration::from_secs(60), listener.accept());
    let incoming = accepting.await.expect("a peer").unwrap();
    assert!(matches!(incoming.origin, Origin::Ip(_)));
    incoming.handshake.await.unwrap()
}

async fn receive(flow: &mut UdpFlow) -> Vec<u8> {
    let mut buffer = vec![0; 2000];
    let receiving = tokio::time::timeout(Duration::from_secs(60), flow.receive(&mut buffer));
    let length = receiving.await.expect("a datagram").unwrap();
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
async fn what_waits_for_a_silent_neighbour_is_dropped_in_time_however_much_joins_it() {
    let hosts = Hosts::new();
    let mut nobody = dial(&hosts.near, "10.0.0.9:53").await.unwrap();
    for _ in 0..3 {
        nobody.send(b"anyone?").await.unwrap();
        after(Duration::from_millis(900)).await;
    }
    drop(nobody);
    // The first has waited for 2.7 s, the last for 0.9 s.
    assert_eq!(hosts.near.sockets(), 1);
    after(Duration::from_millis(400)).await;
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_leaves_after_its_flow_is_dropped_an_empty_datagram_too() {
    let hosts = Hosts::new();
    let mut listener = listener(&hosts);
    for datagram in [&b""[..], b"last"] {
        let mut near = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
        near.send(datagram).await.unwrap();
        drop(near);
        let mut far = accept(&mut listener).await;
        assert_eq!(receive(&mut far).await, datagram);
    }
    after(Duration::from_secs(1)).await;
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_empty_datagram_holds_a_socket_no_longer_than_another_one() {
    for (medium, near, far) in [
        (Medium::Ethernet, "10.0.0.1/24", "10.0.0.2/24"),
        (Medium::Ethernet, "fd00::1/64", "fd00::2/64"),
        (Medium::Ip, "10.0.0.1/24", "10.0.0.2/24"),
        (Medium::Ip, "fd00::1/64", "fd00::2/64"),
    ] {
        let (left, right) = WireSettings::new().medium(medium).pair();
        let (near, _near_driver) = host(near, left);
        let (_far, _far_driver) = host(far, right);
        let far: Cidr = far.parse().unwrap();
        let to = SocketAddr::new(far.address(), 53);
        let mut flow = dial(&near, &to.to_string()).await.unwrap();
        for datagram in [&b"one"[..], b"", b""] {
            flow.send(datagram).await.unwrap();
        }
        drop(flow);
        assert_eq!(near.sockets(), 1);
        // Long enough for a neighbour that answers at once, and not for one that is silent.
        after(Duration::from_millis(100)).await;
        assert_eq!(near.sockets(), 0, "{far} over {medium:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_at_all_addresses_answers_from_the_one_that_was_asked() {
    let (left, right) = WireSettings::new().pair();
    let (near, _near_driver) = host("10.0.0.1/24", left);
    let mut builder = Network::builder();
    for address in ["10.0.0.2/24", "10.0.0.3/24", "10.0.0.4/24"] {
        builder = builder.address(address.parse().unwrap());
    }
    let (far, driver) = builder.start(right, TokioTimer::new()).unwrap();
    let _far_driver = tokio::spawn(driver);
    let mut listener = bind(&far, "udp://0.0.0.0:53", Options::default());
    for asked in ["10.0.0.3:53", "10.0.0.2:53", "10.0.0.4:53"] {
        let mut near = dial(&near, asked).await.unwrap();
        near.send(b"?").await.unwrap();
        let mut far = accept(&mut listener).await;
        let at = far.info::<LocalAddress>().unwrap().0.to_string();
        assert_eq!(at, format!("udp://{asked}"));
        assert_eq!(receive(&mut far).await, b"?");
        // A dialled flow hears nobody but the address that it has asked.
        far.send(b"!").await.unwrap();
        assert_eq!(receive(&mut near).await, b"!");
        near.send(b"on").await.unwrap();
        assert_eq!(receive(&mut far).await, b"on");
    }
}

/// More flows than can have a line of their own.
#[tokio::test(start_paused = true)]
async fn the_flows_of_a_listener_share_its_socket_and_all_of_them_can_send_at_once() {
    const PEERS: usize = 300;
    let hosts = Hosts::new();
    let mut listener = listener(&hosts);
    let mut near = Vec::new();
    let mut far = Vec::new();
    for _ in 0..PEERS {
        let mut flow = dial(&hosts.near, "10.0.0.2:53").await.unwrap();
        flow.send(b"?").await.unwrap();
        near.push(flow);
        far.push(accept(&mut listener).await);
    }
    assert_eq!(hosts.far.sockets(), 1);
    let mut sending = tokio::task::JoinSet::new();
    for (number, mut flow) in (0..PEERS as u32).zip(far) {
        sending.spawn(async move {
            for part in 0..3 {
                flow.send(&[number.to_be_bytes(), [part; 4]].concat())
                    .await
                    .unwrap();
            }
            flow
        });
    }
    let far = sending.join_all().await;
    for (number, flow) in (0..PEERS as u32).zip(&mut near) {
        for part in 0..3 {
            let whole = [number.to_be_bytes(), [part; 4]].concat();
            assert_eq!(receive(flow).await, whole);
        }
    }
    assert_eq!(hosts.far.sockets(), 1);
    drop((far, listener, near));
    after(Duration::from_secs(1)).await;
    assert_eq!((hosts.near.sockets(), hosts.far.sockets()), (0, 0));
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
