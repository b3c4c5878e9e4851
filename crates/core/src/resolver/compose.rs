//! Resolvers made of resolvers.

use core::marker::PhantomData;

use super::{Answers, Resolver};
use crate::{EndpointKey, LayerKey, Over, Target};

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

    fn resolve(&self, target: &Target) -> Option<Answers<<Self::Key as EndpointKey>::Endpoint>> {
        let config = (self.config)(target)?;
        Some(
            self.base
                .resolve(target)?
                .map(move |endpoint| (endpoint, config.clone())),
        )
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

    fn resolve(&self, target: &Target) -> Option<Answers<<R::Key as EndpointKey>::Endpoint>> {
        let mine = match target.scheme() {
            Some(scheme) => scheme == self.scheme,
            None => self.bare,
        };
        mine.then(|| self.base.resolve(target))?
    }
}
