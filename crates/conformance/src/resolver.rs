//! The laws of resolvers, by name.

mod laws;

use std::{any::Any, fmt};

use tuyau_core::{Address, EndpointKey, Resolver, Target};

use crate::{Case, NotRun, Work};

/// What a resolver finds.
type Found<R> = <<R as Resolver>::Key as EndpointKey>::Endpoint;

/// Whether that is right.
type IsRight<R> = dyn Fn(&Found<R>) -> bool;

/// A resolver, a target that it knows, and one that is none of its own.
pub struct Resolving<R: Resolver> {
    resolver: R,
    known: Target,
    is_right: Box<IsRight<R>>,
    left: Target,
    // Last, so that it outlives the resolver.
    _keep: Vec<Box<dyn Any>>,
}

impl<R: Resolver> Resolving<R> {
    /// A resolver that finds endpoints for `known`, each of which `is_right`. What it leaves to others
    /// is the path `unix:///run/x.sock`, unless [`leaves`](Self::leaves) says another target.
    pub fn new(
        resolver: R,
        known: impl Into<Target>,
        is_right: impl Fn(&Found<R>) -> bool + 'static,
    ) -> Self {
        let left: Address = "unix:///run/x.sock".parse().expect("it is an address");
        Self {
            resolver,
            known: known.into(),
            is_right: Box::new(is_right),
            left: left.into(),
            _keep: Vec::new(),
        }
    }

    /// Says a target that the resolver leaves to others.
    pub fn leaves(mut self, target: impl Into<Target>) -> Self {
        self.left = target.into();
        self
    }

    /// Keeps a value, such as a directory or a server, until the resolver has been dropped.
    pub fn keep(mut self, value: impl Any) -> Self {
        self._keep.push(Box::new(value));
        self
    }
}

impl<R: Resolver> fmt::Debug for Resolving<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Resolving")
            .field(&self.resolver.name())
            .finish()
    }
}

/// What a function that makes resolvers may give: a [`Resolving`], or a result of one, with [`NotRun`]
/// where the machine lacks something.
pub trait IntoResolving {
    /// The resolver.
    type Resolver: Resolver;

    /// The resolver, what it knows and what it does not.
    ///
    /// # Errors
    /// When it cannot be made on this machine.
    fn into_resolving(self) -> Result<Resolving<Self::Resolver>, NotRun>;
}

impl<R: Resolver> IntoResolving for Resolving<R> {
    type Resolver = R;

    fn into_resolving(self) -> Result<Self, NotRun> {
        Ok(self)
    }
}

impl<R: IntoResolving> IntoResolving for Result<R, NotRun> {
    type Resolver = R::Resolver;

    fn into_resolving(self) -> Result<Resolving<R::Resolver>, NotRun> {
        self?.into_resolving()
    }
}

/// Calls a macro with the name of each law.
#[doc(hidden)]
#[macro_export]
macro_rules! __for_each_resolver_law {
    ([$($callback:tt)*]) => {
        $($callback)*! {
            [
                what_it_knows_is_found,
                what_is_not_its_own_is_left_to_others,
                it_takes_the_schemes_that_are_its_own,
                a_lookup_can_be_given_up_and_begun_anew,
                lookups_at_once_do_not_hinder_each_other,
            ]
        }
    };
}

/// A case for each law of resolvers.
///
/// Each gets a resolver of its own from `resolve`, made and used in what `run` drives: the `block_on`
/// of a runtime, or [`run_in_place`](crate::run_in_place) where nobody has to be asked.
///
/// ```
/// use tuyau_conformance::{Resolving, resolver_cases, run_in_place};
/// use tuyau_core::{Answers, Resolver, Target};
/// # pub struct IntercomKey;
/// # impl tuyau_core::EndpointKey for IntercomKey {
/// #     type Endpoint = u16;
/// #     const NAME: &'static str = "intercom";
/// #     fn show(room: &u16, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{room}") }
/// # }
///
/// struct Doors;
///
/// impl Resolver for Doors {
///     type Key = IntercomKey;
///
///     fn name(&self) -> &str {
///         "doors"
///     }
///
///     fn resolve(&self, target: &Target) -> Option<Answers<u16>> {
///         (target.host() == Some("front")).then(|| Answers::ready([12]))
///     }
/// }
///
/// let cases = resolver_cases(run_in_place, async || {
///     let doors = Resolving::new(Doors, Target::name("front"), |room| *room == 12);
///     doors.leaves(Target::name("window"))
/// });
/// for case in cases {
///     case.run()?;
/// }
/// # Ok::<(), tuyau_conformance::NotRun>(())
/// ```
pub fn resolver_cases<S, R, M>(run: R, resolve: M) -> Vec<Case>
where
    S: IntoResolving,
    R: Fn(Work) + Clone + Send + 'static,
    M: AsyncFn() -> S + Clone + Send + 'static,
{
    macro_rules! list {
        ([$($law:ident,)*]) => {
            vec![$({
                let resolve = resolve.clone();
                Case::new(stringify!($law), run.clone(), async move || {
                    let it = resolve().await.into_resolving()?;
                    it.$law().await;
                    Ok(())
                })
            }),*]
        };
    }
    __for_each_resolver_law!([list])
}

/// Makes a `#[test]` for each law of resolvers, in a module of the given name.
///
/// `run` drives a future to its end: the `block_on` of any runtime. `resolve` is an async function that
/// gives a [`Resolving`], anew for each law: see [`IntoResolving`] and [`resolver_cases`].
#[macro_export]
macro_rules! resolver_tests {
    ($name:ident, run = $run:expr, resolve = $resolve:expr $(,)?) => {
        #[cfg(test)]
        mod $name {
            use super::*;

            fn test(law: &str) {
                $crate::__test_named(law, $crate::resolver_cases($run, $resolve));
            }

            $crate::__for_each_resolver_law!([$crate::__serving_tests]);
        }
    };
}
