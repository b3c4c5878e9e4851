//! What holds for protocols.

use std::pin::pin;

use tuyau_core::{Attempt, EndpointKey, ErrorKind, Flow, Listener, ListenerExt, Protocol};

use super::{
    Serving, ServingTraits,
    world::{CHANCES, Server, begin, client, kind_of},
};
use crate::{
    NotRun,
    endpoint::Shown,
    tasks::{both, poll_once, yield_now},
};

/// Connecting does nothing before its future is polled.
pub(super) async fn nothing_happens_before_the_first_poll<L, P>(
    mut it: Serving<L, P>,
    _: ServingTraits,
) -> Result<(), NotRun>
where
    L: Listener<Flow: Flow>,
    P: Protocol<Flow: Flow>,
{
    let attempt = Attempt::new(P::STAGE);
    let unpolled = it.protocol.connect(&it.endpoint, &attempt);
    for _ in 0..CHANCES {
        assert!(
            poll_once(it.listener.accept()).is_pending(),
            "it has dialled"
        );
        yield_now().await;
    }
    drop(unpolled);
    Ok(())
}

/// A connect that is given up leaves nothing behind: what it had reached is closed.
///
/// Law 5: dropping cancels.
pub(super) async fn a_dropped_connect_leaves_nothing_behind<L, P>(
    it: Serving<L, P>,
    _: ServingTraits,
) -> Result<(), NotRun>
where
    L: Listener<Flow: Flow>,
    P: Protocol<Flow: Flow>,
{
    {
        let attempt = Attempt::new(P::STAGE);
        let mut dropped = pin!(it.protocol.connect(&it.endpoint, &attempt));
        let _ = begin(dropped.as_mut()).await;
    }
    let mut server = Server::new(it.listener);
    both(client(&it.protocol, &it.endpoint, 1), server.serve(1)).await;
    server.end().await;
    Ok(())
}

/// Where nobody listens, connecting fails at the protocol's own stage, and where its error says a
/// kind, it is `Refused` or `Unreachable`.
pub(super) async fn where_nobody_listens_it_is_refused<L, P>(
    it: Serving<L, P>,
    traits: ServingTraits,
) -> Result<(), NotRun>
where
    L: Listener<Flow: Flow>,
    P: Protocol<Flow: Flow>,
{
    traits.want_refusal()?;
    drop(it.listener);
    let attempt = Attempt::new(P::STAGE);
    let error = match it.protocol.connect(&it.endpoint, &attempt).await {
        Ok(_) => panic!("it connected, and nobody listens"),
        Err(error) => error,
    };
    assert_eq!(attempt.stage(), P::STAGE, "it failed at another stage");
    let text = error.to_string();
    assert!(!text.is_empty() && !text.ends_with('.'), "{text:?}");
    if let Some(kind) = kind_of(&error) {
        let kinds = [ErrorKind::Refused, ErrorKind::Unreachable];
        assert!(
            kinds.contains(&kind),
            "nobody listens, and it says {kind:?}"
        );
    }
    Ok(())
}

/// The address of a listener says which endpoint its protocol dials; a layer may want more than that.
///
/// Law 10: one textual address syntax for listening and dialling alike.
pub(super) async fn the_address_says_the_endpoint<L, P>(
    it: Serving<L, P>,
    _: ServingTraits,
) -> Result<(), NotRun>
where
    L: Listener<Flow: Flow>,
    P: Protocol<Flow: Flow>,
{
    let address = it.listener.address();
    let Ok(read) = P::Key::read(address) else {
        return Err(NotRun::new("an address does not say such endpoints"));
    };
    let said = Shown::<P::Key>(&read).to_string();
    let dialled = Shown::<P::Key>(&it.endpoint).to_string();
    assert!(
        dialled.starts_with(&said),
        "{address} says {said}, and {dialled} is dialled"
    );
    Ok(())
}
