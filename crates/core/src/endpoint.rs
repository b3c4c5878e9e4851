//! Endpoints without their types.

use alloc::sync::Arc;
use core::{any::Any, fmt};

use crate::EndpointKey;

/// An endpoint without its type, as it stands in a report: it prints as its key shows it.
///
/// Text is made when it is asked for, and shows no secrets. The endpoint itself is kept as long as the
/// report is, with all that the layers were configured with. Cloning is cheap.
#[derive(Clone)]
pub struct AnyEndpoint(Arc<dyn Erased>);

/// The endpoint of a key.
pub(crate) struct Held<K: EndpointKey>(pub(crate) K::Endpoint);

trait Erased: Any + Send + Sync {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl<K: EndpointKey> Erased for Held<K> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        K::show(&self.0, f)
    }
}

impl AnyEndpoint {
    /// Erases the type of an endpoint of `K`.
    pub fn new<K: EndpointKey>(endpoint: K::Endpoint) -> Self {
        Self(Arc::new(Held::<K>(endpoint)))
    }

    /// The endpoint, when it is one of `K`.
    pub fn get<K: EndpointKey>(&self) -> Option<&K::Endpoint> {
        let held: &dyn Any = &*self.0;
        held.downcast_ref::<Held<K>>().map(|held| &held.0)
    }

    /// The endpoint of the key under which it was found.
    pub(crate) fn share<K: EndpointKey>(&self) -> Arc<Held<K>> {
        let held: Arc<dyn Any + Send + Sync> = self.0.clone();
        match held.downcast() {
            Ok(held) => held,
            Err(_) => unreachable!("a key fixes its endpoint type"),
        }
    }
}

impl fmt::Display for AnyEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

impl fmt::Debug for AnyEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
