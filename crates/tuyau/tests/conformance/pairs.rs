//! Two connected flows of each kind.

use tuyau::{mem as memory, tcp as transmission, tls, tokio::FromTokio, unix as local};
use tuyau_core::{Acceptor, Attempt, Endpoint, Flow, Layer, Listener, ListenerExt, Protocol};

/// The side that dialled and the side that accepted.
type Pair<F> = (F, F);

async fn dial<P, L>(protocol: P, endpoint: Endpoint<P>, mut listener: L) -> (P::Flow, L::Flow)
where
    P: Protocol,
    L: Listener,
{
    let attempt = Attempt::new(P::STAGE);
    let (near, incoming) = tokio::join!(protocol.connect(&endpoint, &attempt), listener.accept());
    (near.unwrap(), incoming.unwrap().handshake.await.unwrap())
}

pub(crate) async fn mem() -> Pair<memory::Flow> {
    let hub = memory::Hub::new();
    let listener = hub.listen("here").unwrap();
    dial(memory::Protocol::new(hub), "here".into(), listener).await
}

pub(crate) async fn tcp() -> Pair<transmission::Flow> {
    let address = "127.0.0.1:0".parse().unwrap();
    let listener = transmission::Listener::bind_socket(address).unwrap();
    let endpoint = listener.address().socket().unwrap();
    dial(transmission::Tcp::new(), endpoint, listener).await
}

pub(crate) async fn unix() -> Pair<local::Flow> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s");
    let listener = local::Listener::bind(&path).unwrap();
    dial(local::Unix, path, listener).await
}

pub(crate) async fn from_tokio() -> Pair<FromTokio<tokio::io::DuplexStream>> {
    let (near, far) = tokio::io::duplex(10_000);
    (FromTokio::new(near), FromTokio::new(far))
}

pub(crate) async fn tls_mem() -> Pair<tls::Flow<memory::Flow>> {
    tls_over(mem().await).await
}

pub(crate) async fn tls_tcp() -> Pair<tls::Flow<transmission::Flow>> {
    tls_over(tcp().await).await
}

pub(crate) async fn tls_unix() -> Pair<tls::Flow<local::Flow>> {
    tls_over(unix().await).await
}

pub(crate) async fn tls_tls_mem() -> Pair<tls::Flow<tls::Flow<memory::Flow>>> {
    tls_over(tls_mem().await).await
}

async fn tls_over<F: Flow>((near, far): Pair<F>) -> Pair<tls::Flow<F>> {
    let key = tls::KeyPair::generate().unwrap();
    let expected = tls::Peer::key(key.public_key());
    let acceptor = tls::Settings::new(key).acceptor().unwrap();
    let key = tls::KeyPair::generate().unwrap();
    let connector = tls::Settings::new(key).connector().unwrap();
    let attempt = Attempt::new(tuyau_core::Stage::new("tls"));
    let near = connector.connect(near, &expected, &attempt);
    let (near, far) = tokio::join!(near, acceptor.accept(far));
    (near.unwrap(), far.unwrap())
}
