//! Resolvers that need nobody else: a table, an address that says it all, a function.

use alloc::{
    string::{String, ToString},
    vec,
    vec::Vec,
};
use core::{fmt, marker::PhantomData};

use super::{Answers, Resolver};
use crate::{EndpointKey, Target};

/// A fixed table from host names to endpoints; upper and lower case are the same.
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
        let known = |(name, _): &&mut (String, _)| name.eq_ignore_ascii_case(host);
        match self.rows.iter_mut().find(known) {
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
        let (_, endpoints) = self.rows.iter().find(|(name, _)| {
            target
                .host()
                .is_some_and(|host| name.eq_ignore_ascii_case(host))
        })?;
        Some(Answers::ready(endpoints.clone()))
    }
}

/// Takes the endpoint that an address says in full, as [`EndpointKey::read`] reads it:
/// `unix:///run/x.sock`, `mem://name`, `tcp://127.0.0.1:80`.
///
/// It answers for targets that are addresses, and fails where the key cannot read one; so it is
/// mostly used as `Literal::new().only_scheme("unix")`.
pub struct Literal<K>(PhantomData<fn() -> K>);

impl<K: EndpointKey> Literal<K> {
    /// The resolver for this key's own textual form.
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<K: EndpointKey> Default for Literal<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> Clone for Literal<K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Literal<K> {}

impl<K> fmt::Debug for Literal<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Literal")
    }
}

impl<K: EndpointKey> Resolver for Literal<K> {
    type Key = K;

    fn name(&self) -> &str {
        "address"
    }

    fn resolve(&self, target: &Target) -> Option<Answers<K::Endpoint>> {
        let endpoint = K::read(target.address()?);
        Some(Answers::one(endpoint.map_err(Into::into)))
    }
}

/// The resolver that is a function: `name` stands in reports, and `resolve` does what
/// [`Resolver::resolve`] does.
///
/// ```
/// use tuyau_core::{Answers, Resolver, Target, from_function};
/// # use core::fmt;
/// # pub struct Line;
/// # impl tuyau_core::EndpointKey for Line {
/// #     type Endpoint = u8;
/// #     const NAME: &'static str = "line";
/// #     fn show(endpoint: &u8, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{endpoint}") }
/// # }
///
/// let extensions = from_function::<Line, _>("extensions", |target: &Target| {
///     let extension = target.host()?.strip_prefix("extension-")?;
///     Some(Answers::ready([extension.parse().ok()?]))
/// });
/// assert!(extensions.resolve(&Target::name("extension-7")).is_some());
/// assert!(extensions.resolve(&Target::name("elsewhere")).is_none());
/// ```
pub fn from_function<K, F>(name: &'static str, resolve: F) -> FromFunction<K, F>
where
    K: EndpointKey,
    F: Fn(&Target) -> Option<Answers<K::Endpoint>> + Send + Sync + 'static,
{
    FromFunction {
        name,
        resolve,
        key: PhantomData,
    }
}

/// A resolver that is a function, made by [`from_function`].
pub struct FromFunction<K, F> {
    name: &'static str,
    resolve: F,
    key: PhantomData<fn() -> K>,
}

impl<K, F> fmt::Debug for FromFunction<K, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FromFunction").field(&self.name).finish()
    }
}

impl<K, F> Resolver for FromFunction<K, F>
where
    K: EndpointKey,
    F: Fn(&Target) -> Option<Answers<K::Endpoint>> + Send + Sync + 'static,
{
    type Key = K;

    fn name(&self) -> &str {
        self.name
    }

    fn resolve(&self, target: &Target) -> Option<Answers<K::Endpoint>> {
        (self.resolve)(target)
    }
}
