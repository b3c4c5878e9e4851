//! What the tests of several layers share: a layer meets a hand-driven peer in memory.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::{
    future::Future,
    pin::pin,
    task::{Context as TaskContext, Poll, Waker},
    time::Duration,
};

use tuyau::{mem, tokio::TokioTimer};
use tuyau_core::{
    Acceptor, ConnectError, Connected, Flow, FlowError, FlowExt, Key, Layer, LayerKey, ListenerExt,
    Outcome, ProtocolExt, Registry, ResolverExt, Target,
};

/// How long a connect may take, in virtual time where the test has it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(10);

/// Connects through `layer` over memory to what `peer` does with the other end.
pub(crate) async fn meet<L, P>(
    layer: L,
    config: <L::Key as LayerKey>::Config,
    peer: impl FnOnce(mem::Flow) -> P,
) -> (Result<Connected<L::Flow>, ConnectError>, P::Output)
where
    L: Layer<mem::Flow, Flow: Flow>,
    P: Future,
{
    let hub = mem::Hub::new();
    let mut listener = hub.listen("peer").unwrap();
    let mut registry = Registry::new();
    let handle = registry.protocol(Key::new(), mem::Protocol::new(hub).layer(layer));
    let config = move |_: &Target| Some(config.clone());
    let resolver = mem::NameResolver.configure::<L::Key, _>(config);
    registry.resolver(Key::new(), 0, resolver);
    let context = registry.freeze(TokioTimer::new());
    let connect = context.connect(Target::name("peer")).deadline(DEADLINE);
    let serving = async { peer(listener.accept().await.unwrap().handshake.await.unwrap()).await };
    tokio::join!(connect.via(&handle).open(), serving)
}

/// How a connect failed: the stage that its report names, and what it says of the attempt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) stage: String,
    pub(crate) text: String,
}

/// The only attempt of a failed connect.
pub(crate) fn failure<F>(result: Result<Connected<F>, ConnectError>) -> Failure {
    let error = result.err().expect("it fails");
    let [attempt] = &error.report().attempts[..] else {
        panic!("one attempt: {error}");
    };
    assert!(
        matches!(attempt.outcome, Outcome::Failed(_) | Outcome::TimedOut),
        "{error}"
    );
    Failure {
        stage: attempt.stage.to_string(),
        text: attempt.outcome.to_string(),
    }
}

/// Asserts how a connect failed.
#[track_caller]
pub(crate) fn assert_failed<F>(
    result: Result<Connected<F>, ConnectError>,
    stage: &str,
    text: &str,
) {
    let failure = failure(result);
    assert_eq!((&*failure.stage, &*failure.text), (stage, text));
}

/// Accepts through `acceptor` over memory what `peer` does with the other end.
pub(crate) async fn serve<A, P>(
    acceptor: A,
    peer: impl FnOnce(mem::Flow) -> P,
) -> (Result<A::Flow, A::Error>, P::Output)
where
    A: Acceptor<mem::Flow>,
    P: Future,
{
    let (near, far) = mem::pair();
    tokio::join!(acceptor.accept(near), peer(far))
}

/// Reads to the end: that it comes shows that the other side left nothing open.
pub(crate) async fn read_to_end(flow: &mut impl Flow) -> Result<Vec<u8>, FlowError> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match flow.read(&mut buffer).await? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

/// Polls once, and drops the future.
pub(crate) fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
    pin!(future).poll(&mut TaskContext::from_waker(Waker::noop()))
}
