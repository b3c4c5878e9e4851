//! What an application wants to reach.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    any::{Any, TypeId},
    fmt,
};

use crate::Address;

/// The name that goes into a connect: a host name or an address, and what resolvers may need to know
/// beside it.
///
/// ```
/// use tuyau_core::{Address, Target};
///
/// let named = Target::name("router.example.org").port(6000);
/// assert_eq!(named.to_string(), "router.example.org:6000");
///
/// let address: Address = "tls://127.0.0.1:6000".parse()?;
/// assert_eq!(Target::from(address).to_string(), "tls://127.0.0.1:6000");
/// # Ok::<(), tuyau_core::AddressError>(())
/// ```
#[derive(Clone)]
pub struct Target {
    scheme: Option<Box<str>>,
    host: Option<Box<str>>,
    port: Option<u16>,
    path: Option<Box<str>>,
    extensions: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

impl Target {
    /// A target by name, with no scheme: every resolver may answer.
    pub fn name(host: &str) -> Self {
        let host = Some(host.into());
        Self {
            scheme: None,
            host,
            port: None,
            path: None,
            extensions: Vec::new(),
        }
    }

    /// Sets the port.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// Adds a value that a resolver looks for by its type, such as the key that is expected of the
    /// peer. A second value of one type replaces the first.
    pub fn with<T: Any + Send + Sync>(mut self, value: T) -> Self {
        self.extensions
            .retain(|(kind, _)| *kind != TypeId::of::<T>());
        self.extensions.push((TypeId::of::<T>(), Arc::new(value)));
        self
    }

    /// The scheme, when the target was an address.
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// The host name or IP address, without brackets.
    pub fn host(&self) -> Option<&str> {
        self.host.as_deref()
    }

    /// The port, when one was given.
    pub fn port_number(&self) -> Option<u16> {
        self.port
    }

    /// The path, when the target was an address with one.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The value of type `T` that was added by [`with`](Self::with).
    pub fn find<T: Any + Send + Sync>(&self) -> Option<&T> {
        let (_, value) = self
            .extensions
            .iter()
            .find(|(kind, _)| *kind == TypeId::of::<T>())?;
        value.downcast_ref()
    }
}

impl From<Address> for Target {
    fn from(address: Address) -> Self {
        Self {
            scheme: Some(address.scheme().into()),
            host: address.host().map(Into::into),
            port: address.port(),
            path: address.path().map(Into::into),
            extensions: Vec::new(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = &self.scheme {
            write!(f, "{scheme}://")?;
        }
        match &self.host {
            Some(host) if host.contains(':') => write!(f, "[{host}]")?,
            Some(host) => f.write_str(host)?,
            None => {}
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(self.path().unwrap_or_default())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}
