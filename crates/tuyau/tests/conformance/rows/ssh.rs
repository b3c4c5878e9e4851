//! SSH over several flows: a command's channel, and a forwarded stream.

use tuyau::{ssh, tcp::Tcp};
use tuyau_conformance::{Serving, ServingTraits, Traits};
use tuyau_core::{Flow, ListenerExt, ProtocolExt};

use super::{mem as memory, tcp as transmission};
use crate::{
    list::{List, tokio},
    support::layered,
};

pub(crate) fn rows(list: &mut List) {
    let traits = Traits::stream().tells_truncation();
    let command = || ssh::Open::command("work");
    list.flows("ssh_mem", traits, tokio, async move || {
        over(memory::pair().await, command()).await
    });
    list.flows("ssh_tcp", traits, tokio, async move || {
        over(transmission::pair().await, command()).await
    });
    #[cfg(feature = "tls")]
    list.flows("ssh_tls_mem", traits, tokio, async move || {
        over(super::tls::over_mem().await, command()).await
    });
    #[cfg(feature = "quic")]
    list.flows("ssh_quic", super::quic::TRAITS, tokio, async move || {
        over(super::quic::pair().await, command()).await
    });
    list.flows("ssh_forwarded_mem", traits, tokio, async || {
        let (forwarder, (_, acceptor)) = (settings().forwarder(), sides());
        let beyond = remote(ssh::Open::tcp("beyond", 80));
        layered(memory::pair().await, forwarder, &beyond, acceptor).await
    });
    // An address does not say what to open on the server.
    let serving = ServingTraits::new().without_endpoint_in_address();
    list.serving("ssh_tcp", serving, tokio, async move || {
        let (listener, endpoint) = transmission::listening();
        let (connector, acceptor) = sides();
        let listener = listener.layer("ssh", acceptor).unwrap();
        let protocol = Tcp::new().layer(connector);
        Serving::new(listener, protocol, (endpoint, remote(command())))
    });
}

async fn over<F: Flow>(pair: (F, F), open: ssh::Open) -> (ssh::Flow, ssh::Flow) {
    let (connector, acceptor) = sides();
    layered(pair, connector, &remote(open), acceptor).await
}

fn remote(open: ssh::Open) -> ssh::Remote {
    ssh::Remote::new("anna", "here", 22, open)
}

fn sides() -> (ssh::Connector, ssh::Acceptor) {
    let acceptor = ssh::ServerSettings::new(ssh::PrivateKey::generate().unwrap(), |_, _| true);
    (settings().connector(), acceptor.acceptor())
}

fn settings() -> ssh::Settings {
    ssh::Settings::new()
        .danger_accept_any_host_key()
        .key(ssh::PrivateKey::generate().unwrap())
}
