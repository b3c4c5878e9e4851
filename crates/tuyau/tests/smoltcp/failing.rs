//! What ends in an error, and what it says.

use std::{
    io,
    task::{Context, Poll},
    time::Duration,
};

use tuyau::{
    smoltcp::{Device, Medium, Network, Tcp},
    tcp,
    tokio::TokioTimer,
};
use tuyau_core::{Chain, ErrorKind, FlowExt, ListenerExt, Registry, Table, Target};

use crate::support::{Hosts, after, dial, listen};

#[tokio::test(start_paused = true)]
async fn a_port_where_nobody_listens_refuses() {
    let hosts = Hosts::new();
    let error = dial(&hosts.near, "10.0.0.2:80").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_cannot_be_reached_says_what_is_missing() {
    let hosts = Hosts::new();
    for (endpoint, text) in [
        (
            "10.0.1.1:80",
            "endpoint unreachable: no route leads to 10.0.1.1, add one or an address in its network",
        ),
        (
            "[fd00::1]:80",
            "endpoint unreachable: the network has no address to reach fd00::1 from, give it one of the same family",
        ),
        (
            "10.0.0.2:0",
            "endpoint unreachable: 10.0.0.2:0 is nobody's endpoint, expected a unicast address and a port from 1 to 65535",
        ),
        (
            "224.0.0.1:1",
            "endpoint unreachable: 224.0.0.1:1 is nobody's endpoint, expected a unicast address and a port from 1 to 65535",
        ),
    ] {
        let error = dial(&hosts.near, endpoint).await.unwrap_err();
        assert_eq!(Chain(&error).to_string(), text);
        assert_eq!(error.kind(), ErrorKind::Unreachable);
    }
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_does_not_answer_times_out() {
    let hosts = Hosts::new();
    let error = dial(&hosts.near, "10.0.0.9:80").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    after(Duration::from_secs(5)).await;
    assert_eq!(hosts.near.sockets(), 0);
}

/// Law 7: the deadline of a connect ends it with a report that names the stage.
#[tokio::test(start_paused = true)]
async fn a_deadline_ends_a_connect_in_its_stage() {
    let hosts = Hosts::new();
    let mut registry = Registry::new();
    registry.protocol(tcp::KEY, Tcp::new(hosts.near.clone()));
    let table = Table::new().with("nobody", "10.0.0.9:80".parse().unwrap());
    registry.resolver(tcp::KEY, 0, table);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("nobody"));
    let error = connect.deadline(Duration::from_secs(5)).open().await;
    let error = error.unwrap_err();
    assert!(error.to_string().contains("at tcp"), "{error}");
    assert!(error.to_string().contains("10.0.0.9:80"), "{error}");
    after(Duration::from_secs(5)).await;
    assert_eq!(hosts.near.sockets(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_vanishes_is_noticed() {
    let hosts = Hosts::new();
    let (mut near, _far) = hosts.connected().await;
    hosts.far_driver.abort();
    let error = near.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    assert_eq!(
        near.write_all(b"x").await.unwrap_err().kind(),
        ErrorKind::TimedOut
    );
}

#[tokio::test(start_paused = true)]
async fn without_its_driver_every_flow_fails_and_says_why() {
    let hosts = Hosts::new();
    let mut listener = listen(&hosts.far, 80);
    let (mut near, mut far) = hosts.connected().await;
    let accepting = tokio::spawn(async move { listener.accept().await.map(drop) });
    let connecting = tokio::spawn({
        let near = hosts.near.clone();
        async move { dial(&near, "10.0.0.9:80").await }
    });
    let reading = tokio::spawn(async move {
        let result = near.read(&mut [0; 8]).await;
        (near, result)
    });
    after(Duration::from_secs(1)).await;
    hosts.near_driver.abort();
    hosts.far_driver.abort();
    let (mut near, read) = reading.await.unwrap();
    let text = "the flow is closed: the driver of the network was dropped, keep it running as long as its flows";
    assert_eq!(Chain(&read.unwrap_err()).to_string(), text);
    for error in [
        near.write_all(b"x").await.unwrap_err(),
        near.flush().await.unwrap_err(),
        near.close_write().await.unwrap_err(),
        connecting.await.unwrap().unwrap_err(),
        accepting.await.unwrap().unwrap_err(),
        far.read(&mut [0; 8]).await.unwrap_err(),
        dial(&hosts.near, "10.0.0.2:80").await.unwrap_err(),
    ] {
        assert_eq!(Chain(&error).to_string(), text);
        assert_eq!(error.kind(), ErrorKind::Closed);
    }
    drop((near, far));
    assert_eq!(hosts.near.sockets(), 0);
}

/// A device that is gone from the start.
struct Gone;

impl Device for Gone {
    fn medium(&self) -> Medium {
        Medium::Ip
    }

    fn mtu(&self) -> usize {
        1500
    }

    fn poll_receive(&mut self, _: &mut Context<'_>, _: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::Error::other("unplugged")))
    }

    fn poll_send(&mut self, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

#[tokio::test(start_paused = true)]
async fn a_device_that_fails_ends_the_driver_and_the_flows() {
    let builder = Network::builder().address("10.0.0.1/24".parse().unwrap());
    let (network, driver) = builder.start(Gone, TokioTimer::new()).unwrap();
    let connecting = tokio::spawn(async move { dial(&network, "10.0.0.2:80").await });
    let error = driver.await.unwrap_err();
    assert_eq!(
        Chain(&error).to_string(),
        "the device of the network failed: unplugged"
    );
    let error = connecting.await.unwrap().unwrap_err();
    assert_eq!(
        Chain(&error).to_string(),
        "the flow is closed: the device of the network failed: unplugged"
    );
}

/// A neighbour that does not answer must not keep others from being found.
#[tokio::test(start_paused = true)]
async fn dead_neighbours_do_not_hold_up_the_living() {
    let hosts = Hosts::new();
    let _listener = listen(&hosts.far, 80);
    let mut dead = Vec::new();
    for number in 10..20 {
        let near = hosts.near.clone();
        let endpoint = format!("10.0.0.{number}:80");
        dead.push(tokio::spawn(async move { dial(&near, &endpoint).await }));
    }
    after(Duration::from_millis(1500)).await;
    let start = tokio::time::Instant::now();
    dial(&hosts.near, "10.0.0.2:80").await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    for connecting in dead {
        connecting.abort();
    }
}
