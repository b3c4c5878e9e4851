//! Clients that say a number, and a server that says it back.

use std::{
    error::Error,
    future::{Future, poll_fn},
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use tuyau_core::{Attempt, Endpoint, ErrorKind, FlowError, Incoming, Listener, Protocol};

use super::payload::Payload;
use crate::tasks::{poll_once, yield_now};

/// How often something is given the chance to go on before it counts as waiting for its peer.
pub(super) const CHANCES: usize = 50;

/// How many errors in a row a listener may have in a test.
const ERRORS: usize = 100;

/// Connects, says `number` and hears it back.
pub(super) async fn client<M, P>(protocol: &P, endpoint: &Endpoint<P>, number: u8) -> P::Flow
where
    P: Protocol,
    M: Payload<P::Flow>,
{
    let attempt = Attempt::new(P::STAGE);
    let connected = protocol.connect(endpoint, &attempt).await;
    let mut flow = connected.expect("it connects to a listener that accepts");
    M::say(&mut flow, number).await.unwrap();
    let heard = M::hear(&mut flow).await.unwrap();
    assert_eq!(heard, Some(number), "it has met somebody else's server");
    flow
}

/// Polls a future until it is done, or has had its chances.
pub(super) async fn begin<T>(mut future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    for _ in 0..CHANCES {
        if let Poll::Ready(done) = poll_once(future.as_mut()) {
            return Some(done);
        }
        yield_now().await;
    }
    None
}

/// What one connection came to: its number and its flow, or nothing when it ended before.
type Session<F> = Pin<Box<dyn Future<Output = Option<(u8, F)>>>>;

/// Accepts, and shakes hands with everybody at once.
pub(super) struct Server<M, L: Listener> {
    listener: L,
    sessions: Vec<Session<L::Flow>>,
    served: Vec<(u8, L::Flow)>,
    accepted: usize,
    errors: usize,
    payload: PhantomData<M>,
}

impl<M: Payload<L::Flow>, L: Listener> Server<M, L> {
    pub(super) fn new(listener: L) -> Self {
        Self {
            listener,
            sessions: Vec::new(),
            served: Vec::new(),
            accepted: 0,
            errors: 0,
            payload: PhantomData,
        }
    }

    /// Serves until so many clients have been heard.
    pub(super) async fn serve(&mut self, clients: usize) {
        poll_fn(|cx| {
            while self.poll_accept(cx) {}
            self.poll_sessions(cx);
            self.enough(clients)
        })
        .await;
    }

    /// Like [`serve`](Self::serve), giving up each wait for a connection at once.
    pub(super) async fn serve_cancelling(&mut self, clients: usize) {
        while self.enough(clients).is_pending() {
            while poll_once(poll_fn(|cx| match self.poll_accept(cx) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }))
            .is_ready()
            {}
            let _ = poll_once(poll_fn(|cx| {
                self.poll_sessions(cx);
                Poll::<()>::Pending
            }));
            yield_now().await;
        }
    }

    /// Waits until every other connection has ended.
    pub(super) async fn end(&mut self) {
        poll_fn(|cx| {
            self.poll_sessions(cx);
            match self.sessions.is_empty() {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
    }

    /// How many connections came, those included that said nothing.
    pub(super) fn accepted(&self) -> usize {
        self.accepted
    }

    fn enough(&self, clients: usize) -> Poll<()> {
        match self.served.len() >= clients {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Whether a connection came.
    fn poll_accept(&mut self, cx: &mut Context<'_>) -> bool {
        match self.listener.poll_accept(cx) {
            Poll::Pending => return false,
            Poll::Ready(Ok(incoming)) => {
                self.accepted += 1;
                self.sessions.push(Box::pin(session::<M, L>(incoming)));
            }
            // It concerns one connection only.
            Poll::Ready(Err(error)) => {
                self.errors += 1;
                assert!(
                    self.errors < ERRORS,
                    "the listener goes on failing: {error}"
                );
            }
        }
        true
    }

    fn poll_sessions(&mut self, cx: &mut Context<'_>) {
        let served = &mut self.served;
        self.sessions
            .retain_mut(|session| match session.as_mut().poll(cx) {
                Poll::Pending => true,
                Poll::Ready(done) => {
                    served.extend(done);
                    false
                }
            });
    }
}

async fn session<M: Payload<L::Flow>, L: Listener>(
    incoming: Incoming<L::Handshake>,
) -> Option<(u8, L::Flow)> {
    let mut flow = incoming.handshake.await.ok()?;
    let number = M::hear(&mut flow).await.ok()??;
    M::say(&mut flow, number).await.ok()?;
    Some((number, flow))
}

/// Whether a connect was refused, or gave a flow that ends: its listener is gone.
pub(super) async fn fails_or_ends<M: Payload<F>, F, E>(connected: Result<F, E>) {
    if let Ok(mut flow) = connected {
        let heard = M::hear(&mut flow).await;
        let ended = match &heard {
            Ok(heard) => heard.is_none(),
            Err(error) => ENDS.contains(&error.kind()),
        };
        assert!(ended, "nobody serves it, and it hears {heard:?}");
    }
}

/// How a flow may end whose peer has dropped it.
const ENDS: [ErrorKind; 2] = [ErrorKind::Reset, ErrorKind::Truncated];

/// The kind that an error, or one of its sources, says.
pub(super) fn kind_of(error: &(dyn Error + 'static)) -> Option<ErrorKind> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<FlowError>() {
            return Some(error.kind());
        }
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(error.kind().into());
        }
        next = error.source();
    }
    None
}
