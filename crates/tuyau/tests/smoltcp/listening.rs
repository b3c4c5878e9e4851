//! Where listeners can be.

use tuyau::{
    ListenErrorKind,
    smoltcp::{Listener, Network, Tcp, WireSettings},
    tcp::TcpKey,
    tokio::TokioTimer,
};
use tuyau_core::{FlowExt, Key, ListenerExt, Origin, Registry, Table, Target};

use crate::support::{Hosts, dial, listen};

fn kind(network: &Network, address: &str) -> ListenErrorKind {
    let error = Listener::bind(network, &address.parse().unwrap()).unwrap_err();
    assert_eq!(error.address(), address);
    error.kind()
}

#[tokio::test(start_paused = true)]
async fn a_listener_says_where_it_cannot_be() {
    let hosts = Hosts::new();
    let _listener = listen(&hosts.far, 80);
    for taken in ["tcp://10.0.0.2:80", "tcp://0.0.0.0:80", "tcp://[::]:80"] {
        assert_eq!(kind(&hosts.far, taken), ListenErrorKind::InUse);
    }
    assert_eq!(
        kind(&hosts.far, "tcp://10.0.0.7:80"),
        ListenErrorKind::NotAvailable
    );
    assert_eq!(kind(&hosts.far, "tcp://host:80"), ListenErrorKind::Invalid);
    assert_eq!(kind(&hosts.far, "tcp://10.0.0.2"), ListenErrorKind::Invalid);
    let error = Listener::bind(&hosts.far, &"tcp://10.0.0.2:80".parse().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot listen at tcp://10.0.0.2:80: the address is in use; stop the other listener of this network or choose another port"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dropped_listener_frees_its_port_and_refuses() {
    let hosts = Hosts::new();
    drop(listen(&hosts.far, 80));
    let listener = listen(&hosts.far, 80);
    let waiting = dial(&hosts.near, "10.0.0.2:80").await.unwrap();
    drop(listener);
    drop(waiting);
    assert!(dial(&hosts.near, "10.0.0.2:80").await.is_err());
    let (one, two) = (listen(&hosts.far, 0), listen(&hosts.far, 0));
    let port = |listener: &Listener| tuyau_core::Listener::address(listener).port();
    assert_ne!(port(&one), port(&two));
}

#[tokio::test(start_paused = true)]
async fn a_listener_at_all_addresses_takes_both_families() {
    let (left, right) = WireSettings::new().pair();
    let host = |number: u8| {
        let four = format!("10.0.0.{number}/24").parse().unwrap();
        let six = format!("fd00::{number}/64").parse().unwrap();
        Network::builder().address(four).address(six)
    };
    let (near, driver) = host(1).start(left, TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    let (far, driver) = host(2).start(right, TokioTimer::new()).unwrap();
    tokio::spawn(driver);
    let mut listener = Listener::bind(&far, &"tcp://[::]:80".parse().unwrap()).unwrap();
    for endpoint in ["10.0.0.2:80", "[fd00::2]:80"] {
        let (dialled, incoming) = tokio::join!(dial(&near, endpoint), listener.accept());
        let (mut dialled, incoming) = (dialled.unwrap(), incoming.unwrap());
        let Origin::Ip(origin) = incoming.origin else {
            panic!("it comes from an IP address");
        };
        assert_eq!(origin.is_ipv6(), endpoint.starts_with('['));
        let mut accepted = incoming.handshake.await.unwrap();
        dialled.write_all(b"hello").await.unwrap();
        let mut text = [0; 5];
        accepted.read_exact(&mut text).await.unwrap();
        assert_eq!(&text, b"hello");
    }
}

/// Law 3: two stacks of one kind are told apart by the instance of their key.
#[tokio::test(start_paused = true)]
async fn two_networks_of_one_program_are_two_instances_of_one_key() {
    const LEFT: Key<TcpKey> = Key::instance(1);
    const RIGHT: Key<TcpKey> = Key::instance(2);
    let (one, two) = (Hosts::new(), Hosts::new());
    let mut listener = listen(&two.far, 80);
    let mut registry = Registry::new();
    registry.protocol(LEFT, Tcp::new(one.near.clone()));
    registry.protocol(RIGHT, Tcp::new(two.near.clone()));
    for (key, rank) in [(LEFT, 0), (RIGHT, 1)] {
        let table = Table::new().with("server", "10.0.0.2:80".parse().unwrap());
        registry.resolver(key, rank, table);
    }
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("server"));
    let (connected, accepted) = tokio::join!(connect.open(), listener.accept());
    accepted.unwrap();
    let report = connected.unwrap().report.to_string();
    // The first network has nobody at that endpoint.
    assert!(report.contains("connection refused"), "{report}");
    let forced = context.connect(Target::name("server")).key(LEFT).open();
    assert!(forced.await.is_err());
}
