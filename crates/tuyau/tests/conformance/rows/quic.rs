//! QUIC on tokio, its streams and its datagrams.

use tuyau::{
    quic::{self, Quic},
    tls,
};
use tuyau_conformance::{DatagramTraits, Serving, ServingTraits, Traits, endpoint_cases};
use tuyau_core::{Endpoint, FlowExt, Listener};

use crate::{
    list::{List, tokio},
    rows::tls::sides,
    support::connected,
};

/// Also of what runs over it: a flow that is dropped is reset.
pub(crate) const TRAITS: Traits = Traits::stream().resets_when_dropped();

pub(crate) fn rows(list: &mut List) {
    list.flows("quic", TRAITS, tokio, pair);
    list.datagrams("quic_datagrams", DatagramTraits::new().tells_drop(), tokio, datagrams);
    // An address does not say whose key or name is expected.
    let serving = ServingTraits::new()
        .without_refusal()
        .without_endpoint_in_address();
    list.serving("quic", serving, tokio, async || {
        let (listener, quic, endpoint) = both();
        Serving::without_equality(listener, quic, endpoint)
    });
    list.datagram_serving("quic_datagrams", serving, tokio, async || {
        let (listener, quic, endpoint) = both();
        Serving::without_equality(listener.datagrams(), quic.datagrams(), endpoint)
    });
    let endpoints = ["127.0.0.1:443", "[::1]:65535"].map(|text| text.parse().unwrap());
    let refused = &["quic://localhost:443", "quic://127.0.0.1", "quic:///path"];
    list.add("quic", endpoint_cases::<quic::QuicKey>("quic", endpoints.into(), refused));
}

/// A listener at a free port, and what reaches it.
fn both() -> (quic::Listener, Quic, Endpoint<Quic>) {
    let (connector, expected, acceptor): (_, tls::Peer, _) = sides();
    let address = "quic://127.0.0.1:0".parse().unwrap();
    let listener = quic::Listener::bind(&address, &acceptor).unwrap();
    let endpoint = listener.address().socket().unwrap();
    (listener, Quic::new(connector), (endpoint, expected))
}

pub(crate) async fn pair() -> (quic::Flow, quic::Flow) {
    let (listener, quic, endpoint) = both();
    let (mut near, mut far) = connected(quic, endpoint, listener).await;
    // The peer hears of a stream with its first bytes.
    near.write_all(b"!").await.unwrap();
    far.read_exact(&mut [0]).await.unwrap();
    (near, far)
}

async fn datagrams() -> (quic::DatagramFlow, quic::DatagramFlow) {
    let (listener, quic, endpoint) = both();
    connected(quic.datagrams(), endpoint, listener.datagrams()).await
}
