//! From a name to endpoints.

use alloc::{
    boxed::Box,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{
    fmt,
    future::Future,
    marker::PhantomData,
    task::{Context as TaskContext, Poll, ready},
};

use crate::{BoxError, EndpointKey, LayerKey, Over, Target};

/// Turns a target into endpoints of one key.
///
/// ```
/// use tuyau_core::{Answers, EndpointKey, Resolver, Target};
/// # use core::fmt;
/// # pub struct Line;
/// # impl EndpointKey for Line {
/// #     type Endpoint = u8;
/// #     const NAME: &'static str = "line";
/// #     fn show(endpoint: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{endpoint}") }
/// # }
/// struct FrontDoor;
///
/// impl Resolver for FrontDoor {
///     type Key = Line;
///
///     fn name(&self) -> &str {
///         "front door"
///     }
///
///     fn resolve(&self, target: &Target) -> Option<Answers<u8>> {
///         (target.host() == Some("door")).then(|| Answers::ready([1, 2]))
///     }
/// }
/// ```
pub trait Resolver: Send + Sync + 'static {
    /// Names the endpoint type of the answers.
    type Key: EndpointKey;

    /// The name in reports.
    fn name(&self) -> &str;

    /// Starts resolving, or gives `None` when this resolver has nothing to say about such targets
    /// (another scheme, say). A resolver that should have found something and did not answers with
    /// an error or with no endpoint, and stands in the report.
    fn resolve(&self, target: &Target) -> Option<Answers<<Self::Key as EndpointKey>::Endpoint>>;
}

/// A resolver's answers, which may trickle in; dropping it stops the resolving.
pub struct Answers<E>(Box<PollAnswer<E>>);

type PollAnswer<E> = dyn FnMut(&mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> + Send;

impl<E: Send + 'static> Answers<E> {
    /// Answers that are known already, best first.
    pub fn ready<I>(endpoints: I) -> Self
    where
        I: IntoIterator<Item = E>,
        I::IntoIter: Send + 'static,
    {
        let mut endpoints = endpoints.into_iter();
        Self::from_fn(move |_| Poll::Ready(endpoints.next().map(Ok)))
    }

    /// Answers that come all at once.
    pub fn from_future<F>(future: F) -> Self
    where
        F: Future<Output = Result<Vec<E>, BoxError>> + Send + 'static,
    {
        let mut future = Some(Box::pin(future));
        let mut found = Vec::new().into_iter();
        Self::from_fn(move |cx| {
            if let Some(pending) = &mut future {
                let result = ready!(pending.as_mut().poll(cx));
                future = None;
                match result {
                    Ok(endpoints) => found = endpoints.into_iter(),
                    Err(error) => return Poll::Ready(Some(Err(error))),
                }
            }
            Poll::Ready(found.next().map(Ok))
        })
    }

    /// Answers from a function that is polled: `None` ends them, and it is not called after that.
    pub fn from_fn<F>(poll: F) -> Self
    where
        F: FnMut(&mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> + Send + 'static,
    {
        Self(Box::new(poll))
    }

    /// The same answers, each changed by `change`.
    pub fn map<T, F>(self, mut change: F) -> Answers<T>
    where
        T: Send + 'static,
        F: FnMut(E) -> T + Send + 'static,
    {
        let mut poll = self.0;
        Answers::from_fn(move |cx| poll(cx).map(|next| next.map(|answer| answer.map(&mut change))))
    }

    /// The next answer, an error that is reported and does not end the answers, or `None` at the end.
    pub fn poll_next(&mut self, cx: &mut TaskContext<'_>) -> Poll<Option<Result<E, BoxError>>> {
        (self.0)(cx)
    }
}

impl<E> fmt::Debug for Answers<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answers")
    }
}

/// Composition of resolvers.
pub trait ResolverExt: Resolver + Sized {
    /// The resolver for a layer over this one's key: its endpoints get the configuration that
    /// `config` derives from the target, and targets without one are not its own.
    fn configure<L, F>(self, config: F) -> Configured<Self, L, F>
    where
        L: LayerKey,
        F: Fn(&Target) -> Option<L::Config> + Send + Sync + 'static,
    {
        Configured {
            base: self,
            config,
            layer: PhantomData,
        }
    }

    /// The resolver that answers for targets with this scheme, or without any.
    fn for_scheme(self, scheme: &'static str) -> ForScheme<Self> {
        ForScheme { base: self, scheme }
    }
}

impl<R: Resolver> ResolverExt for R {}

/// A resolver for a layer, made by [`ResolverExt::configure`].
pub struct Configured<R, L, F> {
    base: R,
    config: F,
    layer: PhantomData<fn() -> L>,
}

impl<R, L, F> Resolver for Configured<R, L, F>
where
    R: Resolver,
    L: LayerKey,
    F: Fn(&Target) -> Option<L::Config> + Send + Sync + 'static,
{
    type Key = Over<R::Key, L>;

    fn name(&self) -> &str {
        self.base.name()
    }

    fn resolve(&self, target: &Target) -> Option<Answers<<Self::Key as EndpointKey>::Endpoint>> {
        let config = (self.config)(target)?;
        Some(
            self.base
                .resolve(target)?
                .map(move |endpoint| (endpoint, config.clone())),
        )
    }
}

/// A resolver for one scheme, made by [`ResolverExt::for_scheme`].
#[derive(Clone, Debug)]
pub struct ForScheme<R> {
    base: R,
    scheme: &'static str,
}

impl<R: Resolver> Resolver for ForScheme<R> {
    type Key = R::Key;

    fn name(&self) -> &str {
        self.base.name()
    }

    fn resolve(&self, target: &Target) -> Option<Answers<<R::Key as EndpointKey>::Endpoint>> {
        if target.scheme().is_some_and(|scheme| scheme != self.scheme) {
            return None;
        }
        self.base.resolve(target)
    }
}

/// A fixed table from host names to endpoints.
pub struct Table<K: EndpointKey> {
    rows: Vec<(String, Vec<K::Endpoint>)>,
}

impl<K: EndpointKey> Table<K> {
    /// An empty table.
    pub fn new() -> Self {
        Self { rows: vec![] }
    }

    /// Adds an endpoint for a host name, after those it already has.
    pub fn with(mut self, host: &str, endpoint: K::Endpoint) -> Self {
        match self.rows.iter_mut().find(|(name, _)| name == host) {
            Some((_, endpoints)) => endpoints.push(endpoint),
            None => self.rows.push((host.to_string(), vec![endpoint])),
        }
        self
    }
}

impl<K: EndpointKey> Default for Table<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: EndpointKey> Resolver for Table<K> {
    type Key = K;

    fn name(&self) -> &str {
        "table"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<K::Endpoint>> {
        let (_, endpoints) = self
            .rows
            .iter()
            .find(|(name, _)| Some(&**name) == target.host())?;
        Some(Answers::ready(endpoints.clone()))
    }
}
