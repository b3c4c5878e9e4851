//! How pairs are made.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use tuyau_core::{
    Acceptor, Attempt, Endpoint, Flow, Layer, LayerKey, Listener, ListenerExt, Protocol, Timer,
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

/// A clock on which every wait is over at once: whoever waits lets others run, and finds that the
/// time has passed.
#[derive(Clone, Debug, Default)]
pub(crate) struct HastyTimer(Arc<AtomicU64>);

impl Timer for HastyTimer {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let clock = self.0.clone();
        let mut yielded = false;
        Box::pin(poll_fn(move |cx| {
            if !yielded {
                yielded = true;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            let until = u64::try_from(until.as_nanos()).unwrap_or(u64::MAX);
            clock.fetch_max(until, Ordering::Relaxed);
            Poll::Ready(())
        }))
    }
}
