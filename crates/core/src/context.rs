//! Protocols and resolvers of an application, as a value.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{fmt, future::Future, pin::Pin, time::Duration};

use crate::{
    Answers, AnyDatagrams, AnyEndpoint, AnyFlow, Attempt, BoxError, Connect, Datagrams, Flow, Key,
    KeyId, Protocol, Resolver, Security, Stage, Target,
};

/// A clock and a timer, supplied by the backend.
pub trait Timer: Send + Sync + 'static {
    /// The time since some fixed moment; it never goes back.
    fn now(&self) -> Duration;

    /// Completes when [`now`](Self::now) has reached `until`.
    fn sleep(&self, until: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Protocols and resolvers being collected; [`freeze`](Self::freeze) makes a [`Context`] of them.
///
/// A protocol or resolver whose endpoint type is not the key's does not compile:
///
/// ```compile_fail,E0271
/// # use tuyau_core::*;
/// # struct A; struct B;
/// # impl EndpointKey for A { type Endpoint = u8; const NAME: &'static str = "a";
/// #     fn show(e: &u8, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { Ok(()) } }
/// # impl EndpointKey for B { type Endpoint = u16; const NAME: &'static str = "b";
/// #     fn show(e: &u16, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { Ok(()) } }
/// const B_KEY: Key<B> = Key::new();
/// let table: Table<A> = Table::new();
/// Registry::new().resolver(B_KEY, 0, table);
/// ```
#[derive(Default)]
pub struct Registry {
    pub(crate) protocols: Vec<ProtocolEntry>,
    pub(crate) resolvers: Vec<ResolverEntry>,
}

pub(crate) struct ProtocolEntry {
    pub(crate) key: KeyId,
    /// What reports call it.
    pub(crate) name: Arc<str>,
    pub(crate) protocol: Arc<dyn DynProtocol>,
    pub(crate) dial: Dial,
}

/// A protocol by what its flows carry.
pub(crate) enum Dial {
    Stream(Arc<dyn DynDial<AnyFlow>>),
    Datagrams(Arc<dyn DynDial<AnyDatagrams>>),
}

impl Dial {
    pub(crate) fn payload(&self) -> Payload {
        match self {
            Self::Stream(_) => Payload::Stream,
            Self::Datagrams(_) => Payload::Datagrams,
        }
    }
}

/// What a flow carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Stream,
    Datagrams,
}

pub(crate) struct ResolverEntry {
    pub(crate) key: KeyId,
    /// What reports call it.
    pub(crate) name: Arc<str>,
    pub(crate) rank: u16,
    pub(crate) resolver: Box<dyn DynResolver>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a protocol under a key, after those that the key already has. The handle forces it.
    pub fn protocol<P>(&mut self, key: Key<P::Key>, protocol: P) -> Handle<P>
    where
        P: Protocol<Flow: Flow>,
    {
        let protocol = Arc::new(protocol);
        self.protocols.push(ProtocolEntry {
            key: key.id(),
            name: alloc::format!("{}", Described(&*protocol)).into(),
            protocol: protocol.clone(),
            dial: Dial::Stream(protocol.clone()),
        });
        Handle { protocol }
    }

    /// Adds a protocol that carries datagrams; [`Connect::open_datagrams`] uses it.
    ///
    /// A key may have protocols of both sorts: each connect uses those that carry what it asks for.
    pub fn datagrams<P>(&mut self, key: Key<P::Key>, protocol: P) -> Handle<P>
    where
        P: Protocol<Flow: Datagrams>,
    {
        let protocol = Arc::new(protocol);
        self.protocols.push(ProtocolEntry {
            key: key.id(),
            name: alloc::format!("{}", Described(&*protocol)).into(),
            protocol: protocol.clone(),
            dial: Dial::Datagrams(protocol.clone()),
        });
        Handle { protocol }
    }

    /// Adds a resolver under a key. Lower ranks come first; those of one rank are raced, in the
    /// order of registration.
    pub fn resolver<R: Resolver>(&mut self, key: Key<R::Key>, rank: u16, resolver: R) {
        self.resolvers.push(ResolverEntry {
            key: key.id(),
            name: resolver.name().into(),
            rank,
            resolver: Box::new(resolver),
        });
    }

    /// Ends the collecting.
    pub fn freeze(self, timer: impl Timer) -> Context {
        Context {
            registry: Arc::new(self),
            timer: Arc::new(timer),
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocols = self.protocols.iter().map(|entry| entry.key);
        let resolvers = self.resolvers.iter();
        f.debug_struct("Registry")
            .field("protocols", &protocols.collect::<Vec<_>>())
            .field(
                "resolvers",
                &resolvers
                    .map(|entry| (entry.rank, entry.key))
                    .collect::<Vec<_>>(),
            )
            .finish()
    }
}

/// A registered protocol with its type: a connect that is forced through it gives the protocol's
/// own flow, not an erased one.
pub struct Handle<P> {
    pub(crate) protocol: Arc<P>,
}

impl<P> Clone for Handle<P> {
    fn clone(&self) -> Self {
        Self {
            protocol: self.protocol.clone(),
        }
    }
}

impl<P: Protocol> fmt::Debug for Handle<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Handle({})", Described(&*self.protocol))
    }
}

/// The protocols and resolvers of an application: what a library takes to connect. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    pub(crate) registry: Arc<Registry>,
    pub(crate) timer: Arc<dyn Timer>,
}

impl Context {
    /// Begins a connect; [`Connect::open`] performs it.
    pub fn connect(&self, target: impl Into<Target>) -> Connect<'_> {
        Connect::new(self, target.into())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.registry.fmt(f)
    }
}

pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Prints a protocol's name.
struct Described<'a, P>(&'a P);

impl<P: Protocol> fmt::Display for Described<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.describe(f)
    }
}

/// A protocol that connects to erased endpoints and gives flows of type `F`.
pub(crate) trait DynDial<F>: Send + Sync {
    fn dial(
        self: Arc<Self>,
        endpoint: &AnyEndpoint,
        attempt: Arc<Attempt>,
    ) -> BoxFuture<Result<F, BoxError>>;
}

impl<P: Protocol<Flow: Flow>> DynDial<AnyFlow> for P {
    fn dial(
        self: Arc<Self>,
        endpoint: &AnyEndpoint,
        attempt: Arc<Attempt>,
    ) -> BoxFuture<Result<AnyFlow, BoxError>> {
        dial_typed(self, endpoint, attempt, AnyFlow::new)
    }
}

impl<P: Protocol<Flow: Datagrams>> DynDial<AnyDatagrams> for P {
    fn dial(
        self: Arc<Self>,
        endpoint: &AnyEndpoint,
        attempt: Arc<Attempt>,
    ) -> BoxFuture<Result<AnyDatagrams, BoxError>> {
        dial_typed(self, endpoint, attempt, AnyDatagrams::new)
    }
}

/// A protocol without its types.
pub(crate) trait DynProtocol: Send + Sync {
    fn stage(&self) -> Stage;
    fn security(&self) -> Security;
}

impl<P: Protocol> DynProtocol for P {
    fn stage(&self) -> Stage {
        P::STAGE
    }

    fn security(&self) -> Security {
        Protocol::security(self)
    }
}

/// Dials an endpoint of the protocol's own key, and makes an `F` of the flow.
pub(crate) fn dial_typed<P: Protocol, F: 'static>(
    protocol: Arc<P>,
    endpoint: &AnyEndpoint,
    attempt: Arc<Attempt>,
    make: fn(P::Flow) -> F,
) -> BoxFuture<Result<F, BoxError>> {
    let endpoint = endpoint.share::<P::Key>();
    // One future, not one in another: each would keep room for the whole stack of handshakes.
    Box::pin(async move { Ok(make(protocol.connect(&endpoint.0, &attempt).await?)) })
}

/// A resolver without its types.
pub(crate) trait DynResolver: Send + Sync {
    fn resolve(&self, target: &Target) -> Option<Answers<AnyEndpoint>>;
}

impl<R: Resolver> DynResolver for R {
    fn resolve(&self, target: &Target) -> Option<Answers<AnyEndpoint>> {
        let foreign = |scheme: &str| !Resolver::takes(self, scheme);
        if target.scheme().is_some_and(foreign) {
            return None;
        }
        Some(Resolver::resolve(self, target)?.map(AnyEndpoint::new::<R::Key>))
    }
}

const _: fn() = || {
    fn assert_shared<T: Send + Sync>() {}
    assert_shared::<Context>();
    assert_shared::<Registry>();
};
