//! What holds for listeners.

use std::pin::pin;

use tuyau_core::{Attempt, Listener, ListenerExt, Protocol};

use super::{
    Tried,
    payload::Payload,
    world::{CHANCES, Server, begin, client, fails_or_ends},
};
use crate::{
    NotRun,
    tasks::{both, poll_once, yield_now},
};

impl<M, L, P> Tried<M, L, P>
where
    L: Listener,
    P: Protocol,
    M: Payload<L::Flow> + Payload<P::Flow>,
{
    /// Who dials meets who accepts, and both can speak.
    pub(super) async fn who_dials_meets_who_accepts(self) -> Result<(), NotRun> {
        let mut server = Server::<M, _>::new(self.it.listener);
        for number in 1..4 {
            let serving = server.serve(number.into());
            both(
                client::<M, _>(&self.it.protocol, &self.it.endpoint, number),
                serving,
            )
            .await;
        }
        Ok(())
    }

    /// The address has the port that the system chose when 0 was asked for.
    pub(super) async fn the_address_tells_the_port(self) -> Result<(), NotRun> {
        let address = self.it.listener.address();
        assert_ne!(address.port(), Some(0), "{address} does not tell its port");
        Ok(())
    }

    /// A peer that dials and never goes on with its handshake keeps nobody else waiting. Where there is no
    /// handshake, neither does one that speaks, and that nobody hears.
    ///
    /// Law 10: a slow peer never blocks the next.
    pub(super) async fn a_peer_that_stops_does_not_block_the_next(mut self) -> Result<(), NotRun> {
        let attempt = Attempt::new(P::STAGE);
        let mut stopped = pin!(self.it.protocol.connect(&self.it.endpoint, &attempt));
        let mut connected = begin(stopped.as_mut()).await;
        let mut _unheard = None;
        if !self.traits.shakes_hands {
            let connected = connected.as_mut().expect("there is nothing to wait for");
            let flow = connected.as_mut().expect("there is nobody to refuse it");
            for _ in 0..CHANCES {
                M::say(flow, 0).await.unwrap();
                yield_now().await;
            }
            _unheard = Some(self.it.listener.accept().await.unwrap());
        }
        let mut server = Server::<M, _>::new(self.it.listener);
        both(
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 1),
            server.serve(1),
        )
        .await;
        Ok(())
    }

    /// Connections that came before anybody accepted are waiting.
    pub(super) async fn connections_wait_until_they_are_accepted(self) -> Result<(), NotRun> {
        let mut first = pin!(client::<M, _>(&self.it.protocol, &self.it.endpoint, 1));
        let mut second = pin!(client::<M, _>(&self.it.protocol, &self.it.endpoint, 2));
        assert!(begin(first.as_mut()).await.is_none());
        assert!(begin(second.as_mut()).await.is_none());
        let mut server = Server::<M, _>::new(self.it.listener);
        both(both(first, second), server.serve(2)).await;
        Ok(())
    }

    /// A wait for a connection that is given up, and begun anew, loses none.
    pub(super) async fn a_cancelled_accept_loses_no_connection(self) -> Result<(), NotRun> {
        let mut server = Server::<M, _>::new(self.it.listener);
        let first = both(
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 1),
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 2),
        );
        let second = both(
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 3),
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 4),
        );
        both(both(first, second), server.serve_cancelling(4)).await;
        Ok(())
    }

    /// A handshake that is dropped closes its connection, and the listener goes on.
    pub(super) async fn dropping_a_handshake_closes_the_connection(mut self) -> Result<(), NotRun> {
        self.traits.want_handshake()?;
        let attempt = Attempt::new(P::STAGE);
        let dialling = async {
            fails_or_ends::<M, _, _>(self.it.protocol.connect(&self.it.endpoint, &attempt).await)
                .await;
        };
        let refusing = async { drop(self.it.listener.accept().await.unwrap().handshake) };
        both(dialling, refusing).await;
        let mut server = Server::<M, _>::new(self.it.listener);
        both(
            client::<M, _>(&self.it.protocol, &self.it.endpoint, 1),
            server.serve(1),
        )
        .await;
        Ok(())
    }

    /// A listener can be dropped while it accepts, and is gone then.
    ///
    /// Law 10: stopping does not race with accepting.
    pub(super) async fn a_listener_that_is_dropped_while_it_accepts_is_gone(
        mut self,
    ) -> Result<(), NotRun> {
        self.traits.want_refusal()?;
        for _ in 0..CHANCES {
            assert!(
                poll_once(self.it.listener.accept()).is_pending(),
                "nobody dialled"
            );
            yield_now().await;
        }
        drop(self.it.listener);
        let attempt = Attempt::new(P::STAGE);
        let connected = self.it.protocol.connect(&self.it.endpoint, &attempt).await;
        assert!(connected.is_err(), "it connected, and nobody listens");
        Ok(())
    }

    /// Connections that a listener has not accepted when it is dropped end.
    pub(super) async fn dropping_a_listener_ends_what_waits(self) -> Result<(), NotRun> {
        self.traits.want_refusal()?;
        let attempt = Attempt::new(P::STAGE);
        let mut waiting = pin!(self.it.protocol.connect(&self.it.endpoint, &attempt));
        let connected = begin(waiting.as_mut()).await;
        drop(self.it.listener);
        let connected = match connected {
            Some(connected) => connected,
            None => waiting.await,
        };
        fails_or_ends::<M, _, _>(connected).await;
        Ok(())
    }
}
