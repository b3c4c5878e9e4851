//! From a name to endpoints.

use crate::{EndpointKey, Target};

mod answers;
mod compose;
mod fixed;

pub use answers::Answers;
pub use compose::{Configured, ForScheme, ResolverExt, TryConfigured, Under};
pub use fixed::{FromFunction, Literal, Table, from_function};

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

    /// Whether addresses with this scheme are for this resolver; the others it is not asked for. Bare
    /// names have no scheme, and every resolver is asked for them.
    ///
    /// Unless told otherwise, as by [`ResolverExt::for_scheme`], it is the name of the key: a resolver of
    /// plain TCP finds nothing for `tls://host`, so that nothing meant for TLS goes out in the clear.
    fn takes(&self, scheme: &str) -> bool {
        scheme == <Self::Key as EndpointKey>::NAME
    }

    /// Starts resolving, or gives `None` when this resolver has nothing to say about such targets
    /// (another scheme, say). A resolver that should have found something and did not answers with
    /// an error or with no endpoint, and stands in the report.
    fn resolve(&self, target: &Target) -> Option<Answers<<Self::Key as EndpointKey>::Endpoint>>;
}
