//! The serving side: accept, then shake hands, in two steps.

use alloc::{boxed::Box, format};
use core::{
    error::Error,
    fmt,
    future::{Future, poll_fn},
    net::SocketAddr,
    pin::Pin,
    task::{Context as TaskContext, Poll, ready},
};

use crate::{Acceptor, Address, AnyFlow, BoxError, Flow, LayeredError};

/// Accepts flows at one address.
pub trait Listener: Send + 'static {
    /// What an accepted connection becomes once its handshake is done: a byte stream or datagrams.
    type Flow: Send + 'static;
    /// Why accepting or a handshake failed.
    type Error: Error + Send + Sync + 'static;
    /// The handshake that follows. Spawn it, so that a slow peer blocks nobody, within a timeout, so
    /// that a peer that stops is not kept.
    type Handshake: Future<Output = Result<Self::Flow, Self::Error>> + Send + 'static;

    /// Accepts the next connection, without any handshake.
    ///
    /// An error concerns one connection or a passing shortage (too many open files): the caller
    /// reports it, pauses shortly and goes on.
    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, Self::Error>>;

    /// Where it listens, with the port that the system chose when 0 was asked for.
    fn address(&self) -> &Address;
}

/// An accepted connection before its handshake.
#[derive(Debug)]
pub struct Incoming<H> {
    /// Where it comes from, for limits and logs.
    pub origin: Origin,
    /// The handshake; dropping it closes the connection. It has no deadline: a peer that stops in the
    /// middle keeps it for ever, so give it one, such as a timeout of the runtime around it.
    pub handshake: H,
}

/// Where an accepted connection comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// An IP address and port.
    Ip(SocketAddr),
    /// This machine or this process, over the named protocol.
    Local(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(socket) => socket.fmt(f),
            Self::Local(protocol) => f.pad(protocol),
        }
    }
}

/// What users of a listener call.
pub trait ListenerExt: Listener + Sized {
    /// Accepts the next connection, without any handshake.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    fn accept(
        &mut self,
    ) -> impl Future<Output = Result<Incoming<Self::Handshake>, Self::Error>> + Send {
        poll_fn(|cx| self.poll_accept(cx))
    }

    /// The listener whose handshakes go on with `acceptor`; its address has the given scheme.
    ///
    /// # Errors
    /// When `scheme` is not a valid one.
    fn layer<A: Acceptor<Self::Flow>>(
        self,
        scheme: &str,
        acceptor: A,
    ) -> Result<LayeredListener<Self, A>, crate::AddressError> {
        let text = format!("{}", self.address());
        let rest = text.split_once("://").map_or("", |(_, rest)| rest);
        let address = format!("{scheme}://{rest}").parse()?;
        Ok(LayeredListener {
            base: self,
            acceptor,
            address,
        })
    }

    /// The same listener with its type erased.
    fn erase(self) -> AnyListener
    where
        Self::Flow: Flow,
    {
        AnyListener(Box::new(Erased(self)))
    }
}

impl<L: Listener> ListenerExt for L {}

/// A listener with a layer over it, made by [`ListenerExt::layer`].
#[derive(Debug)]
pub struct LayeredListener<B, A> {
    base: B,
    acceptor: A,
    address: Address,
}

/// A handshake of a composed or erased listener.
pub type BoxHandshake<F, E> = Pin<Box<dyn Future<Output = Result<F, E>> + Send>>;

impl<B: Listener, A: Acceptor<B::Flow>> Listener for LayeredListener<B, A> {
    type Flow = A::Flow;
    type Error = LayeredError<B::Error, A::Error>;
    type Handshake = BoxHandshake<A::Flow, Self::Error>;

    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<Self::Handshake>, Self::Error>> {
        let incoming = ready!(self.base.poll_accept(cx)).map_err(LayeredError::Base)?;
        let acceptor = self.acceptor.clone();
        let handshake = async move {
            let inner = incoming.handshake.await.map_err(LayeredError::Base)?;
            acceptor.accept(inner).await.map_err(LayeredError::Layer)
        };
        Poll::Ready(Ok(Incoming {
            origin: incoming.origin,
            handshake: Box::pin(handshake),
        }))
    }

    fn address(&self) -> &Address {
        &self.address
    }
}

/// A listener of any type, giving flows of any type.
pub struct AnyListener(Box<dyn DynListener>);

impl fmt::Debug for AnyListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyListener")
            .field(self.0.address())
            .finish()
    }
}

/// An error of an erased listener or handshake; transparent.
pub struct AnyListenerError(BoxError);

impl fmt::Debug for AnyListenerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for AnyListenerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for AnyListenerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source()
    }
}

type AnyHandshake = BoxHandshake<AnyFlow, AnyListenerError>;

impl Listener for AnyListener {
    type Flow = AnyFlow;
    type Error = AnyListenerError;
    type Handshake = AnyHandshake;

    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<AnyHandshake>, AnyListenerError>> {
        self.0.poll_accept(cx)
    }

    fn address(&self) -> &Address {
        self.0.address()
    }
}

trait DynListener: Send {
    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<AnyHandshake>, AnyListenerError>>;
    fn address(&self) -> &Address;
}

struct Erased<L>(L);

impl<L: Listener<Flow: Flow>> DynListener for Erased<L> {
    fn poll_accept(
        &mut self,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Result<Incoming<AnyHandshake>, AnyListenerError>> {
        let incoming = ready!(self.0.poll_accept(cx)).map_err(erase_error)?;
        let handshake = incoming.handshake;
        let handshake = async move { handshake.await.map(AnyFlow::new).map_err(erase_error) };
        Poll::Ready(Ok(Incoming {
            origin: incoming.origin,
            handshake: Box::pin(handshake),
        }))
    }

    fn address(&self) -> &Address {
        self.0.address()
    }
}

fn erase_error(error: impl Error + Send + Sync + 'static) -> AnyListenerError {
    AnyListenerError(Box::new(error))
}

const _: fn() = || {
    fn assert_send<T: Send>() {}
    assert_send::<AnyListener>();
};
