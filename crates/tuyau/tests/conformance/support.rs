//! How pairs are made.

use tuyau_core::{
    Acceptor, Attempt, Endpoint, Flow, Layer, LayerKey, Listener, ListenerExt, Protocol,
};

/// The side that dialled and the side that accepted.
pub(crate) async fn connected<P, L>(
    protocol: P,
    endpoint: Endpoint<P>,
    mut listener: L,
) -> (P::Flow, L::Flow)
where
    P: Protocol,
    L: Listener,
{
    let attempt = Attempt::new(P::STAGE);
    let accepting = async { listener.accept().await.unwrap().handshake.await.unwrap() };
    let (near, far) = tokio::join!(protocol.connect(&endpoint, &attempt), accepting);
    (near.unwrap(), far)
}

/// A layer's two sides over two connected flows.
pub(crate) async fn layered<F, L, A>(
    (near, far): (F, F),
    layer: L,
    config: &<L::Key as LayerKey>::Config,
    acceptor: A,
) -> (L::Flow, A::Flow)
where
    F: Flow,
    L: Layer<F>,
    A: Acceptor<F>,
{
    let attempt = Attempt::new(L::STAGE);
    let near = layer.connect(near, config, &attempt);
    let (near, far) = tokio::join!(near, acceptor.accept(far));
    (near.unwrap(), far.unwrap())
}
