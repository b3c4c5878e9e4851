//! TCP on tokio.

use std::net::SocketAddr;

use tuyau::tcp;
use tuyau_conformance::{Serving, ServingTraits, Traits};
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
