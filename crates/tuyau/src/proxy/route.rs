//! What a proxy is asked for in one connect.

use std::fmt;

use tuyau_core::Target;

use super::{Credentials, Destination, DestinationError};

/// Where a proxy shall connect to, and who asks: the configuration of both layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    destination: Destination,
    credentials: Option<Credentials>,
}

impl Route {
    /// To this destination, in nobody's name.
    pub fn to(destination: Destination) -> Self {
        Self {
            destination,
            credentials: None,
        }
    }

    /// To where a target means, in nobody's name; none when it lacks a host or a port. The function
    /// for [`ResolverExt::try_configure`](tuyau_core::ResolverExt::try_configure).
    ///
    /// # Errors
    /// When no proxy can be given that host, as [`Destination::new`] has it.
    pub fn of(target: &Target) -> Option<Result<Self, DestinationError>> {
        Some(Destination::of(target)?.map(Self::to))
    }

    /// Sets who asks.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// The destination.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }

    pub(crate) fn given_credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Prints it behind the proxy's endpoint, for a report.
    pub(crate) fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " to {}", self.destination)
    }
}
