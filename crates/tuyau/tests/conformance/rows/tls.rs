//! TLS over each transport, and over itself.

use tuyau::{mem, tls};
use tuyau_conformance::{Serving, ServingTraits, Traits, run_in_place};
use tuyau_core::{Flow, ListenerExt, ProtocolExt};

use crate::{
    list::{List, tokio},
    rows,
    support::layered,
};

pub(crate) const TRAITS: Traits = Traits::stream().tells_truncation();

pub(crate) fn rows(list: &mut List) {
    #[cfg(feature = "mem")]
    list.flows("tls_mem", TRAITS, run_in_place, over_mem);
    #[cfg(feature = "mem")]
    list.flows("tls_tls_mem", TRAITS, run_in_place, async || {
        over(over_mem().await).await
    });
    #[cfg(feature = "tcp")]
    list.flows("tls_tcp", TRAITS, tokio, async || {
        over(rows::tcp::pair().await).await
    });
    #[cfg(all(feature = "unix", unix))]
    list.flows("tls_unix", TRAITS, tokio, async || {
        over(rows::unix::pair().await).await
    });
    // An address does not say whose key or name is expected.
    #[cfg(feature = "tcp")]
    let traits = ServingTraits::new().without_endpoint_in_address();
    #[cfg(feature = "tcp")]
    list.serving("tls_tcp", traits, tokio, async || {
        let (listener, endpoint) = rows::tcp::listening();
        let (connector, expected, acceptor) = sides();
        let listener = listener.layer("tls", acceptor).unwrap();
        let protocol = tuyau::tcp::Tcp::new().layer(connector);
        Serving::without_equality(listener, protocol, (endpoint, expected))
    });
}

pub(crate) async fn over_mem() -> (tls::Flow<mem::Flow>, tls::Flow<mem::Flow>) {
    over(rows::mem::pair().await).await
}

/// TLS with fresh raw keys over two connected flows.
pub(crate) async fn over<F: Flow>(pair: (F, F)) -> (tls::Flow<F>, tls::Flow<F>) {
    let (connector, expected, acceptor) = sides();
    layered(pair, connector, &expected, acceptor).await
}

/// Both sides, and whom the dialling one expects.
pub(crate) fn sides() -> (tls::Connector, tls::Peer, tls::Acceptor) {
    let key = tls::KeyPair::generate().unwrap();
    let expected = tls::Peer::key(key.public_key());
    let acceptor = tls::Settings::new(key).acceptor().unwrap();
    let key = tls::KeyPair::generate().unwrap();
    let connector = tls::Settings::new(key).connector().unwrap();
    (connector, expected, acceptor)
}
