//! What a network is made from, and where it runs.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use tuyau::{
    smoltcp::{Builder, Listener, MAX_ADDRESSES, Network, SetupError, Tcp, WireSettings},
    tokio::TokioTimer,
};
use tuyau_core::{Attempt, FlowExt, ListenerExt, Protocol, Timer};

fn error(builder: Builder, settings: WireSettings) -> SetupError {
    let started = builder.start(settings.pair().0, TokioTimer::new());
    started.map(drop).unwrap_err()
}

fn host(address: &str) -> Builder {
    Network::builder().address(address.parse().unwrap())
}

#[test]
fn a_network_that_cannot_be_says_why() {
    let wire = WireSettings::new;
    assert_eq!(error(Network::builder(), wire()), SetupError::NoAddress);
    let many = (0..=MAX_ADDRESSES).fold(Network::builder(), |builder, number| {
        builder.address(format!("10.0.{number}.1/24").parse().unwrap())
    });
    assert_eq!(error(many, wire()), SetupError::TooManyAddresses(9));
    for bad in [
        "0.0.0.0/8",
        "224.0.0.1/8",
        "255.255.255.255/8",
        "::/8",
        "ff02::1/8",
    ] {
        assert!(
            matches!(error(host(bad), wire()), SetupError::NotAHost(_)),
            "{bad}"
        );
    }
    let astray = host("10.0.0.1/24").route("0.0.0.0/0".parse().unwrap(), [10, 0, 1, 1].into());
    let said = error(astray, wire()).to_string();
    assert!(
        said.starts_with("the gateway 10.0.1.1 of the route to 0.0.0.0/0 is in no network"),
        "{said}"
    );
    assert_eq!(
        error(host("10.0.0.1/24"), wire().mtu(575)),
        SetupError::Mtu(575)
    );
    assert_eq!(
        error(host("10.0.0.1/24"), wire().mtu(65_536)),
        SetupError::Mtu(65_536)
    );
    assert_eq!(
        error(host("fd00::1/64"), wire().mtu(1279)),
        SetupError::Mtu(1279)
    );
    let group = host("10.0.0.1/24").hardware_address([1, 0, 0, 0, 0, 0]);
    assert!(matches!(
        error(group, wire()),
        SetupError::HardwareAddress(_)
    ));
}

#[tokio::test(start_paused = true)]
async fn small_and_large_packets_carry_flows() {
    for mtu in [576, 9000] {
        let hosts = crate::support::Hosts::on(WireSettings::new().mtu(mtu));
        let (mut near, mut far) = hosts.connected().await;
        let bytes = vec![5; 200_000];
        let mut got = vec![0; bytes.len()];
        let (wrote, read) = tokio::join!(near.write_all(&bytes), far.read_exact(&mut got));
        wrote.and(read).unwrap();
        assert!(got == bytes);
    }
}

/// A clock that stands still: nothing here waits for it.
struct Still;

impl Timer for Still {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(std::future::pending())
    }
}

#[test]
fn drivers_and_flows_run_in_one_task_without_any_runtime() {
    tuyau_conformance::run_in_place(Box::pin(async {
        let (left, right) = WireSettings::new().pair();
        let (near, mut near_driver) = host("10.0.0.1/24").start(left, Still).unwrap();
        let (far, mut far_driver) = host("10.0.0.2/24").start(right, Still).unwrap();
        let endpoint = "10.0.0.2:80".parse().unwrap();
        let mut listener = Listener::bind_socket(&far, endpoint).unwrap();
        let mut work = std::pin::pin!(async {
            let attempt = Attempt::new(Tcp::STAGE);
            let tcp = Tcp::new(near);
            let mut dialled = tcp.connect(&endpoint, &attempt).await.unwrap();
            dialled.write_all(b"hello").await.unwrap();
            let mut accepted = listener.accept().await.unwrap().handshake.await.unwrap();
            let mut text = [0; 5];
            accepted.read_exact(&mut text).await.unwrap();
            assert_eq!(&text, b"hello");
        });
        poll_fn(|cx| {
            if work.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            assert!(Pin::new(&mut near_driver).poll(cx).is_pending());
            assert!(Pin::new(&mut far_driver).poll(cx).is_pending());
            Poll::Pending
        })
        .await;
    }));
}
