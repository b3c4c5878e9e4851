//! TCP on tokio.

use std::net::SocketAddr;

use tuyau::tcp;
use tuyau_conformance::{Serving, ServingTraits, Traits, endpoint_cases};
use tuyau_core::Listener;

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("tcp", Traits::stream(), tokio, pair);
    list.serving("tcp", ServingTraits::new(), tokio, async || {
        let (listener, endpoint) = listening();
        Serving::new(listener, tcp::Tcp::new(), endpoint)
    });
    let endpoints = [
        "127.0.0.1:80",
        "[::1]:65535",
        "[fe80::1%2]:80",
        "[fe80::1%25]:80",
        "[fe80::1%250]:80",
    ];
    let endpoints = endpoints.map(|text| text.parse().unwrap());
    let refused = &[
        "tcp://localhost:80",
        "tcp://127.0.0.1",
        "tcp:///path",
        "tcp://me@127.0.0.1:80",
        "tcp://127.0.0.1:80/path",
        "tcp://127.0.0.1:80?x",
        "tcp://[fe80::1%25eth0]:80",
    ];
    list.add("tcp", endpoint_cases::<tcp::TcpKey>("tcp", endpoints.into(), refused));
}

pub(crate) async fn pair() -> (tcp::Flow, tcp::Flow) {
    let (listener, endpoint) = listening();
    connected(tcp::Tcp::new(), endpoint, listener).await
}

/// A listener at a free port, and its endpoint.
pub(crate) fn listening() -> (tcp::Listener, SocketAddr) {
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = tcp::Listener::bind_socket(address).unwrap();
    let endpoint = listener.address().socket().unwrap();
    (listener, endpoint)
}
