//! What an application wants to reach.

use alloc::{boxed::Box, sync::Arc, vec::Vec};
use core::{
    any::{Any, TypeId},
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use crate::{
    Address, AddressError,
    address::{parse_place, zone},
};

/// The name that goes into a connect: a host name or an address, and what resolvers may need to know
/// beside it.
///
/// ```
/// use tuyau_core::{Address, Target};
///
/// let named = Target::name("router.example.org").port(6000);
/// assert_eq!(named.to_string(), "router.example.org:6000");
///
/// let read: Target = "router.example.org:6000".parse()?;
/// assert_eq!((read.host(), read.port_number()), (Some("router.example.org"), Some(6000)));
///
/// let address: Address = "tls://127.0.0.1:6000".parse()?;
/// assert_eq!(Target::from(address).to_string(), "tls://127.0.0.1:6000");
/// # Ok::<(), tuyau_core::AddressError>(())
/// ```
#[derive(Clone)]
pub struct Target {
    place: Place,
    extensions: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

#[derive(Clone)]
enum Place {
    Name {
        host: Box<str>,
        port: Option<u16>,
    },
    Address {
        address: Address,
        /// The port that does not fit into the address.
        beside: Option<u16>,
    },
}

impl From<Address> for Place {
    fn from(address: Address) -> Self {
        Self::Address {
            address,
            beside: None,
        }
    }
}

impl Target {
    /// A target by a host name or an IP address, with no scheme: every resolver may answer. The port is
    /// not part of the name: [`port`](Self::port) sets it, and the text `host:port` is read by
    /// [`str::parse`].
    pub fn name(host: &str) -> Self {
        Self::new(Place::Name {
            host: host.into(),
            port: None,
        })
    }

    fn new(place: Place) -> Self {
        let extensions = Vec::new();
        Self { place, extensions }
    }

    /// The target at an address that was found for it: what was added by [`with`](Self::with) stays.
    pub fn at(self, address: Address) -> Self {
        Self {
            place: address.into(),
            extensions: self.extensions,
        }
    }

    /// Sets the port.
    ///
    /// An address that would be longer than [`Address::MAX_LENGTH`] with it keeps it beside:
    /// [`port_number`](Self::port_number) knows it, and [`address`](Self::address) has none, so that what
    /// wants the port in the address finds no endpoint.
    pub fn port(mut self, number: u16) -> Self {
        match &mut self.place {
            Place::Name { port, .. } => *port = Some(number),
            Place::Address { address, beside } => {
                *beside = (!address.set_port(number)).then_some(number);
            }
        }
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

    /// The address, when the target is one and not a bare name.
    pub fn address(&self) -> Option<&Address> {
        match &self.place {
            Place::Name { .. } => None,
            Place::Address { address, .. } => Some(address),
        }
    }

    /// The scheme, when the target is an address.
    pub fn scheme(&self) -> Option<&str> {
        self.address().map(Address::scheme)
    }

    /// The user, when the target is an address with one.
    pub fn user(&self) -> Option<&str> {
        self.address()?.user()
    }

    /// The host name or IP address, without brackets, with a zone if it has one (`fe80::1%eth0`).
    pub fn host(&self) -> Option<&str> {
        match &self.place {
            Place::Name { host, .. } => Some(host),
            Place::Address { address, .. } => address.host(),
        }
    }

    /// The port, when one was given.
    pub fn port_number(&self) -> Option<u16> {
        match &self.place {
            Place::Name { port, .. } => *port,
            Place::Address { address, beside } => beside.or(address.port()),
        }
    }

    /// The host as an IP address, without its zone.
    pub fn ip(&self) -> Option<IpAddr> {
        zone::ip(self.host()?)
    }

    /// The host and port as an IP endpoint, as [`Address::socket`] has it.
    pub fn socket(&self) -> Option<SocketAddr> {
        zone::socket(self.host()?, self.port_number()?)
    }

    /// The path, when the target is an address with one.
    pub fn path(&self) -> Option<&str> {
        self.address()?.path()
    }

    /// The value of `name` in the query, when the target is an address with it.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.address()?.query(name)
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
        Self::new(address.into())
    }
}

impl FromStr for Target {
    type Err = AddressError;

    /// Reads an address, or a bare `host` or `host:port`; an IPv6 address stands in brackets.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.contains("://") {
            return Ok(Self::from(text.parse::<Address>()?));
        }
        let (host, port) = parse_place(text)?;
        Ok(Self::new(Place::Name { host, port }))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, port) = match &self.place {
            Place::Address { address, beside } => {
                address.fmt(f)?;
                return beside.map_or(Ok(()), |port| write!(f, " with the port {port}"));
            }
            Place::Name { host, port } => (host, port),
        };
        match host.contains(':') {
            true => write!(f, "[{host}]")?,
            false => f.write_str(host)?,
        }
        match port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}
