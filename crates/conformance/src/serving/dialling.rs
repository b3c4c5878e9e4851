//! What holds for protocols.

use std::{error::Error, pin::pin};

use tuyau_core::{Attempt, EndpointKey, ErrorKind, Listener, ListenerExt, Protocol};

use super::{
    Tried,
    payload::Payload,
    world::{CHANCES, Server, begin, client, kind_of},
};
use crate::{
    NotRun,
    endpoint::Shown,
    tasks::{both, poll_once, yield_now},
};

impl<M, L, P> Tried<M, L, P>
where
    L: Listener,
    P: Protocol,
    M: Payload<L::Flow> + Payload<P::Flow>,
{
    /// Connecting does nothing before its future is polled.
    pub(super) async fn nothing_happens_before_the_first_poll(mut self) -> Result<(), NotRun> {
        let attempt = Attempt::new(P::STAGE);
        let unpolled = self.it.protocol.connect(&self.it.endpoint, &attempt);
        for _ in 0..CHANCES {
            assert!(
                poll_once(self.it.listener.accept()).is_pending(),
                "it has dialled"
            );
            yield_now().await;
        }
        drop(unpolled);
        Ok(())
    }

    /// A connect that is given up leaves nothing behind: what it had reached is closed, and where connecting
    /// sends nothing, nobody learns of it.
    ///
    /// Law 5: dropping cancels.
    pub(super) async fn a_dropped_connect_leaves_nothing_behind(self) -> Result<(), NotRun> {
        {
            let attempt = Attempt::new(P::STAGE);
            let mut dropped = pin!(self.it.protocol.connect(&self.it.endpoint, &attempt));
            let _ = begin(dropped.as_mut()).await;
        }
        let mut server = Server::<M, _>::new(self.it.listener);
        both(
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 1),
            server.serve(1),
        )
        .await;
        assert!(
            self.traits.shakes_hands || server.accepted() == 1,
            "it is stated that connecting sends nothing, and the one that was given up was accepted"
        );
        server.end().await;
        Ok(())
    }

    /// Where nobody listens, connecting fails at some stage, with a cause in words at each level, and where
    /// the cause says a kind, it is `Refused` or `Unreachable`.
    pub(super) async fn where_nobody_listens_it_is_refused(self) -> Result<(), NotRun> {
        self.traits.want_refusal()?;
        drop(self.it.listener);
        let attempt = Attempt::new(P::STAGE);
        let error = match self.it.protocol.connect(&self.it.endpoint, &attempt).await {
            Ok(_) => panic!("it connected, and nobody listens"),
            Err(error) => error,
        };
        assert_ne!(attempt.stage().name(), "", "it does not say at which stage");
        let mut level: Option<&dyn Error> = Some(&error);
        while let Some(error) = level {
            let text = error.to_string();
            assert!(!text.is_empty() && !text.ends_with('.'), "{text:?}");
            level = error.source();
        }
        if let Some(kind) = kind_of(&error) {
            let kinds = [ErrorKind::Refused, ErrorKind::Unreachable];
            assert!(
                kinds.contains(&kind),
                "nobody listens, and it says {kind:?}"
            );
        }
        Ok(())
    }

    /// The address of a listener says which endpoint its protocol dials, in full; or it is stated that such
    /// endpoints want more than an address, and then the key reads none.
    ///
    /// Law 10: one textual address syntax for listening and dialling alike.
    pub(super) async fn the_address_says_the_endpoint(self) -> Result<(), NotRun> {
        let address = self.it.listener.address();
        match (P::Key::read(address), self.traits.says_endpoint) {
            (Ok(read), true) => {
                let said = Shown::<P::Key>(&read).to_string();
                let dialled = Shown::<P::Key>(&self.it.endpoint).to_string();
                assert_eq!(
                    said, dialled,
                    "{address} says the one, and the other is dialled"
                );
                assert!(
                    (self.it.is_same)(&read, &self.it.endpoint),
                    "{address} is read as another endpoint than the one that is dialled: what makes \
                     the difference is not shown"
                );
            }
            (Err(error), true) => panic!(
                "{error}; where endpoints want more than an address, state it by \
                 `ServingTraits::without_endpoint_in_address`"
            ),
            (Ok(read), false) => panic!(
                "it is stated that an address does not say the endpoint, and {address} says {}",
                Shown::<P::Key>(&read)
            ),
            (Err(error), false) => {
                let text = error.to_string();
                assert!(
                    text.contains("expected"),
                    "it does not say what is wanted: {text}"
                );
            }
        }
        Ok(())
    }
}
