//! Resolvers made of resolvers.

use core::marker::PhantomData;

use super::{Answers, Resolver};
use crate::{BoxError, EndpointKey, LayerKey, Over, Target};

/// Composition of resolvers.
pub trait ResolverExt: Resolver + Sized {
    /// The resolver for a layer over this one's key: its endpoints get the configuration that
    /// `config` derives from the target, and targets without one are not its own. It takes the scheme of
    /// the layer, and those that this one takes, unless the layer's flows
    /// [end elsewhere](LayerKey::ENDS_ELSEWHERE).
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

    /// Like [`configure`](Self::configure), for a configuration that not every target can be made
    /// into: the error is the answer for such a target, and stands in the report.
    ///
    /// ```
    /// use tuyau_core::{LayerKey, Resolver, ResolverExt, Target, from_function};
    /// # use core::{fmt, num::ParseIntError, task::{Context, Poll, Waker}};
    /// # use tuyau_core::{Answers, EndpointKey};
    /// # pub struct Line;
    /// # impl EndpointKey for Line {
    /// #     type Endpoint = u8;
    /// #     const NAME: &'static str = "line";
    /// #     fn show(endpoint: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{endpoint}") }
    /// # }
    /// struct Channel;
    ///
    /// impl LayerKey for Channel {
    ///     type Config = u16;
    ///     const NAME: &'static str = "channel";
    ///
    ///     fn show(channel: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    ///         write!(f, " on channel {channel}")
    ///     }
    /// }
    ///
    /// /// The channel is the user of an address, and has to be a number.
    /// fn channel(target: &Target) -> Option<Result<u16, ParseIntError>> {
    ///     target.user().map(str::parse)
    /// }
    ///
    /// let line = from_function::<Line, _>("line", |_| Some(Answers::ready([1])));
    /// let resolver = line.try_configure::<Channel, _, _>(channel);
    /// let target = |text: &str| Target::from(text.parse::<tuyau_core::Address>().unwrap());
    /// assert!(resolver.resolve(&target("line://7@host")).is_some());
    /// assert!(resolver.resolve(&target("line://host")).is_none());
    ///
    /// let mut answers = resolver.resolve(&target("line://seven@host")).unwrap();
    /// let answer = answers.poll_next(&mut Context::from_waker(Waker::noop()));
    /// assert!(matches!(answer, Poll::Ready(Some(Err(_)))));
    /// ```
    fn try_configure<L, F, E>(self, config: F) -> TryConfigured<Self, L, F>
    where
        L: LayerKey,
        F: Fn(&Target) -> Option<Result<L::Config, E>> + Send + Sync + 'static,
        E: Into<BoxError>,
    {
        TryConfigured {
            base: self,
            config,
            layer: PhantomData,
        }
    }

    /// The resolver that gives the same endpoints under another key of the same endpoint type: what
    /// resolves for TCP resolves for UDP too.
    fn under<K>(self) -> Under<Self, K>
    where
        K: EndpointKey<Endpoint = <Self::Key as EndpointKey>::Endpoint>,
    {
        Under {
            base: self,
            key: PhantomData,
        }
    }

    /// The resolver that answers for targets with this scheme, or without any.
    fn for_scheme(self, scheme: &'static str) -> ForScheme<Self> {
        ForScheme {
            base: self,
            scheme,
            bare: true,
        }
    }

    /// The resolver that answers for targets with this scheme only, not for bare names.
    fn only_scheme(self, scheme: &'static str) -> ForScheme<Self> {
        ForScheme {
            base: self,
            scheme,
            bare: false,
        }
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

    fn takes(&self, scheme: &str) -> bool {
        scheme == L::NAME || (!L::ENDS_ELSEWHERE && self.base.takes(scheme))
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

/// A resolver for a layer, made by [`ResolverExt::try_configure`].
pub struct TryConfigured<R, L, F> {
    base: R,
    config: F,
    layer: PhantomData<fn() -> L>,
}

impl<R, L, F, E> Resolver for TryConfigured<R, L, F>
where
    R: Resolver,
    L: LayerKey,
    F: Fn(&Target) -> Option<Result<L::Config, E>> + Send + Sync + 'static,
    E: Into<BoxError>,
{
    type Key = Over<R::Key, L>;

    fn name(&self) -> &str {
        self.base.name()
    }

    fn takes(&self, scheme: &str) -> bool {
        scheme == L::NAME || (!L::ENDS_ELSEWHERE && self.base.takes(scheme))
    }

    fn resolve(&self, target: &Target) -> Option<Answers<<Self::Key as EndpointKey>::Endpoint>> {
        let config = (self.config)(target)?;
        let endpoints = self.base.resolve(target)?;
        Some(match config {
            Ok(config) => endpoints.map(move |endpoint| (endpoint, config.clone())),
            Err(error) => Answers::one(Err(error.into())),
        })
    }
}

/// A resolver under another key, made by [`ResolverExt::under`].
#[derive(Clone, Debug)]
pub struct Under<R, K> {
    base: R,
    key: PhantomData<fn() -> K>,
}

impl<R, K> Resolver for Under<R, K>
where
    R: Resolver,
    K: EndpointKey<Endpoint = <R::Key as EndpointKey>::Endpoint>,
{
    type Key = K;

    fn name(&self) -> &str {
        self.base.name()
    }

    /// Its own key's scheme, and what the one beneath was told to take.
    fn takes(&self, scheme: &str) -> bool {
        let beneath = scheme != <R::Key as EndpointKey>::NAME && self.base.takes(scheme);
        scheme == K::NAME || beneath
    }

    fn resolve(&self, target: &Target) -> Option<Answers<K::Endpoint>> {
        self.base.resolve(target)
    }
}

/// A resolver for one scheme, made by [`ResolverExt::for_scheme`] and
/// [`ResolverExt::only_scheme`].
#[derive(Clone, Debug)]
pub struct ForScheme<R> {
    base: R,
    scheme: &'static str,
    bare: bool,
}

impl<R: Resolver> Resolver for ForScheme<R> {
    type Key = R::Key;

    fn name(&self) -> &str {
        self.base.name()
    }

    fn takes(&self, scheme: &str) -> bool {
        scheme == self.scheme
    }

    fn resolve(&self, target: &Target) -> Option<Answers<<R::Key as EndpointKey>::Endpoint>> {
        let mine = match target.scheme() {
            Some(scheme) => self.takes(scheme),
            None => self.bare,
        };
        mine.then(|| self.base.resolve(target))?
    }
}
