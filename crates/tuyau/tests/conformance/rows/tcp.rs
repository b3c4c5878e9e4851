//! TCP on tokio.

use tuyau::tcp;
use tuyau_conformance::Traits;
use tuyau_core::Listener;

use crate::{
    list::{List, tokio},
    support::connected,
};

pub(crate) fn rows(list: &mut List) {
    list.flows("tcp", Traits::stream(), tokio, pair);
}

pub(crate) async fn pair() -> (tcp::Flow, tcp::Flow) {
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = tcp::Listener::bind_socket(address).unwrap();
    let endpoint = listener.address().socket().unwrap();
    connected(tcp::Tcp::new(), endpoint, listener).await
}
