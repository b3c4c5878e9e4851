//! The laws of listeners and of protocols, by name.

mod accepting;
mod dialling;
mod payload;
mod world;

use std::{any::Any, fmt, marker::PhantomData};

use tuyau_core::{Datagrams, Endpoint, Flow, Listener, Protocol};

use self::payload::{Bytes, Packets, Payload};
use crate::{Case, NotRun, Work};

/// In what listeners and protocols rightly differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServingTraits {
    refuses: bool,
    shakes_hands: bool,
    says_endpoint: bool,
}

impl ServingTraits {
    /// As TCP: who dials learns when nobody listens, who listens learns of everybody who dials, and the
    /// listener's address says the endpoint in full.
    pub const fn new() -> Self {
        Self {
            refuses: true,
            shakes_hands: true,
            says_endpoint: true,
        }
    }

    /// Who dials cannot learn that nobody listens, other than by waiting in vain, as with what runs
    /// over UDP.
    pub const fn without_refusal(mut self) -> Self {
        self.refuses = false;
        self
    }

    /// Connecting sends nothing: who listens learns of a peer by the first that it says, and the peer
    /// does not learn that it was turned away, as with UDP.
    pub const fn without_handshake(mut self) -> Self {
        self.shakes_hands = false;
        self
    }

    /// An address does not say the endpoint: who dials wants more, such as the key that the peer has to
    /// prove, and a resolver gives it.
    pub const fn without_endpoint_in_address(mut self) -> Self {
        self.says_endpoint = false;
        self
    }

    fn want_handshake(self) -> Result<(), NotRun> {
        match self.shakes_hands {
            true => Ok(()),
            false => Err(NotRun::new("connecting sends nothing in this protocol")),
        }
    }

    fn want_refusal(self) -> Result<(), NotRun> {
        match self.refuses {
            true => Ok(()),
            false => Err(NotRun::new(
                "the protocol does not tell that nobody listens",
            )),
        }
    }
}

impl Default for ServingTraits {
    fn default() -> Self {
        Self::new()
    }
}

/// A listener, and the way to dial it.
pub struct Serving<L, P: Protocol> {
    listener: L,
    protocol: P,
    endpoint: Endpoint<P>,
    is_same: IsSame<P>,
    // Last, so that it outlives the listener.
    _keep: Vec<Box<dyn Any>>,
}

/// Whether two endpoints are one and the same, as far as that can be told.
type IsSame<P> = fn(&Endpoint<P>, &Endpoint<P>) -> bool;

impl<L: Listener, P: Protocol> Serving<L, P> {
    /// A listener at a free address of its own, and the protocol and endpoint that reach it.
    pub fn new(listener: L, protocol: P, endpoint: Endpoint<P>) -> Self
    where
        Endpoint<P>: PartialEq,
    {
        Self {
            is_same: |one, other| one == other,
            ..Self::without_equality(listener, protocol, endpoint)
        }
    }

    /// Like [`new`](Self::new), for endpoints that cannot be compared: two of them are taken for one when
    /// they are shown alike.
    pub fn without_equality(listener: L, protocol: P, endpoint: Endpoint<P>) -> Self {
        Self {
            listener,
            protocol,
            endpoint,
            is_same: |_, _| true,
            _keep: Vec::new(),
        }
    }

    /// Keeps a value, such as a directory, until the listener has been dropped.
    pub fn keep(mut self, value: impl Any) -> Self {
        self._keep.push(Box::new(value));
        self
    }
}

impl<L, P: Protocol> fmt::Debug for Serving<L, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").finish_non_exhaustive()
    }
}

/// What a function that makes listeners may give: a [`Serving`], or a result of one, with
/// [`NotRun`] where the machine lacks something.
pub trait IntoServing {
    /// The listener.
    type Listener: Listener;
    /// The protocol that dials it.
    type Protocol: Protocol;

    /// The listener and the way to dial it.
    ///
    /// # Errors
    /// When it cannot be made on this machine.
    fn into_serving(self) -> Result<Serving<Self::Listener, Self::Protocol>, NotRun>;
}

impl<L: Listener, P: Protocol> IntoServing for Serving<L, P> {
    type Listener = L;
    type Protocol = P;

    fn into_serving(self) -> Result<Self, NotRun> {
        Ok(self)
    }
}

impl<S: IntoServing> IntoServing for Result<S, NotRun> {
    type Listener = S::Listener;
    type Protocol = S::Protocol;

    fn into_serving(self) -> Result<Serving<S::Listener, S::Protocol>, NotRun> {
        self?.into_serving()
    }
}

/// What a law is tried on; the two sides say to each other what `M` is.
struct Tried<M, L, P: Protocol> {
    it: Serving<L, P>,
    traits: ServingTraits,
    says: PhantomData<M>,
}

impl<M, L, P: Protocol> Tried<M, L, P> {
    fn new(it: Serving<L, P>, traits: ServingTraits) -> Self {
        let says = PhantomData;
        Self { it, traits, says }
    }
}

/// Calls a macro with the name of each law.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_serving_law {
    ([$($callback:tt)*]) => {
        $($callback)*! {
            [
                who_dials_meets_who_accepts,
                the_address_tells_the_port,
                a_peer_that_stops_does_not_block_the_next,
                connections_wait_until_they_are_accepted,
                a_cancelled_accept_loses_no_connection,
                dropping_a_handshake_closes_the_connection,
                a_listener_that_is_dropped_while_it_accepts_is_gone,
                dropping_a_listener_ends_what_waits,
                nothing_happens_before_the_first_poll,
                a_dropped_connect_leaves_nothing_behind,
                where_nobody_listens_it_is_refused,
                the_address_says_the_endpoint,
            ]
        }
    };
}

/// A case for each law of listeners and protocols, for flows of bytes.
///
/// Each gets a listener of its own from `serve`, made and used in what `run` drives.
pub fn serving_cases<S, R, M>(traits: ServingTraits, run: R, serve: M) -> Vec<Case>
where
    S: IntoServing<Listener: Listener<Flow: Flow>, Protocol: Protocol<Flow: Flow>>,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> S + Clone + Send + 'static,
{
    cases::<Bytes, S, R, M>(traits, run, serve)
}

/// The same for protocols whose flows are [`Datagrams`]. Nothing may be lost between the two sides, as
/// on the loopback of a machine.
pub fn datagram_serving_cases<S, R, M>(traits: ServingTraits, run: R, serve: M) -> Vec<Case>
where
    S: IntoServing<Listener: Listener<Flow: Datagrams>, Protocol: Protocol<Flow: Datagrams>>,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> S + Clone + Send + 'static,
{
    cases::<Packets, S, R, M>(traits, run, serve)
}

fn cases<K, S, R, M>(traits: ServingTraits, run: R, serve: M) -> Vec<Case>
where
    S: IntoServing,
    K: Payload<<S::Listener as Listener>::Flow> + Payload<<S::Protocol as Protocol>::Flow>,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> S + Clone + Send + 'static,
{
    macro_rules! list {
        ([$($law:ident,)*]) => {
            vec![$({
                let serve = serve.clone();
                Case::new(stringify!($law), run.clone(), async move || {
                    let it = serve().await.into_serving()?;
                    Tried::<K, _, _>::new(it, traits).$law().await
                })
            }),*]
        };
    }
    __for_each_serving_law!([list])
}

/// Makes a `#[test]` for each law of listeners and protocols, in a module of the given name.
///
/// `run` drives a future to its end: the `block_on` of any runtime. `serve` is an async function that
/// gives a [`Serving`], anew for each law: see [`IntoServing`]. The [crate's page](crate) has an
/// example.
#[macro_export]
macro_rules! serving_tests {
    ($name:ident, run = $run:expr, traits = $traits:expr, serve = $serve:expr $(,)?) => {
        #[cfg(test)]
        mod $name {
            use super::*;

            fn test(law: &str) {
                $crate::__test_named(law, $crate::serving_cases($traits, $run, $serve));
            }

            $crate::__for_each_serving_law!([$crate::__serving_tests]);
        }
    };
}

/// A test for each law.
#[doc(hidden)]
#[macro_export]
macro_rules! __serving_tests {
    ([$($law:ident,)*]) => {
        $(#[test]
        fn $law() {
            test(stringify!($law));
        })*
    };
}
