//! UDP on tokio.

use tuyau::udp;
use tuyau_conformance::{DatagramTraits, Serving, ServingTraits, endpoint_cases};
use tuyau_core::{Attempt, DatagramsExt, Listener, ListenerExt, Protocol};

use crate::list::{List, tokio};

pub(crate) fn rows(list: &mut List) {
    list.datagrams("udp", DatagramTraits::new(), tokio, pair);
    let serving = ServingTraits::new().without_refusal().without_handshake();
    list.datagram_serving("udp", serving, tokio, async || {
        let listener = udp::Listener::bind(&"udp://127.0.0.1:0".parse().unwrap()).unwrap();
        let endpoint = listener.address().socket().unwrap();
        Serving::new(listener, udp::Udp::new(), endpoint)
    });
    let endpoints = vec![
        "127.0.0.1:53".parse().unwrap(),
        "[fe80::1%7]:53".parse().unwrap(),
    ];
    let cases = endpoint_cases::<udp::UdpKey>("udp", endpoints, &["udp://localhost:53", "udp://127.0.0.1:53?x"]);
    list.add("udp", cases);
}

async fn pair() -> (udp::Flow, udp::Accepted) {
    let mut listener = udp::Listener::bind(&"udp://127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = listener.address().socket().unwrap();
    let attempt = Attempt::new(udp::Udp::STAGE);
    let near = udp::Udp::new().connect(&endpoint, &attempt).await;
    let mut near = near.unwrap();
    // The first datagram makes a connection of it.
    near.send(b"first").await.unwrap();
    let incoming = listener.accept().await.unwrap();
    let mut far = incoming.handshake.await.unwrap();
    assert_eq!(far.receive(&mut [0; 5]).await.unwrap(), 5);
    (near, far)
}
